package engine

import "math"

// due is the watermark at which a session closes.
func (s *sessions) due(row uint32) int64 { return s.words(row)[sessionLast] + s.gap + 1 }

// hang puts a session in the place of the wheel where it will be due, or as far as that reaches.
func (s *sessions) hang(row uint32) {
	place := s.due(row)
	if s.watermark == math.MinInt64 {
		s.turned = min(s.turned, place) // nothing has been visited yet
	}
	place = min(place, s.turned+s.mask)
	head := &s.wheel[place&s.mask]
	s.words(row)[sessionHung] = int64(*head)
	*head = uint32(s.table.entry(row))
}

// advance visits the places up to the watermark, each at most once, and closes what is due.
func (s *sessions) advance(watermark int64) {
	if watermark <= s.watermark {
		return
	}
	if watermark == math.MaxInt64 {
		s.watermark = watermark
		s.closeAll()
		return
	}
	first := s.turned
	s.watermark, s.turned = watermark, watermark+1
	if s.live == 0 && len(s.table.free) == s.table.n {
		return
	}
	for t := max(first, watermark-s.mask); t <= watermark; t++ {
		entry := s.wheel[t&s.mask]
		s.wheel[t&s.mask] = 0
		for entry != 0 {
			row := s.table.row(int64(entry))
			entry = uint32(s.words(row)[sessionHung])
			s.visit(row)
		}
	}
}

// visit frees, closes or hangs up again a session whose place has come round.
func (s *sessions) visit(row uint32) {
	switch {
	case s.vacant(row):
		s.table.release(row)
	case s.due(row) <= s.watermark:
		s.finish(row)
	default:
		s.hang(row)
	}
}

// finish emits a session and takes it out of its key's list.
func (s *sessions) finish(row uint32) {
	s.emit(row)
	s.live--
	key := s.table.rows[row]
	head := s.table.get(key)
	next := s.words(row)[sessionNext]
	switch {
	case head != row:
		s.unlink(head, row)
		s.table.release(row)
	case next != 0:
		s.table.point(key, s.table.row(next))
	default:
		s.table.remove(key)
	}
}

func (s *sessions) emit(row uint32) {
	w := s.words(row)
	s.one[0] = row
	s.out.rows(window{w[sessionStart], w[sessionLast] + s.gap}, s.table.rows, s.one[:])
}

// closeAll emits every session at the end of the stream.
func (s *sessions) closeAll() {
	for i := range s.table.n {
		row := uint32(i * s.table.stride)
		if s.table.rows[row+wordCount] != 0 {
			s.emit(row)
		}
	}
	clear(s.wheel)
	s.live = 0
	s.table.reset()
}
