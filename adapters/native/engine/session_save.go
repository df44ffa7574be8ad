package engine

func (s *sessions) reached() int64 { return s.watermark }

func (s *sessions) save(e *encoder) { s.table.save(e) }

// load opens the sessions of a part again. Which of them are among the answers is told by the
// watermark; rows without a session are not needed.
func (s *sessions) load(d *decoder) {
	var one [1]uint32
	d.rowsOf(s.table.stride, func(from []int64) {
		w := from[s.first : s.first+sessionWords]
		if !inUse(from) || w[sessionLast] < w[sessionStart] {
			return
		}
		s.table.locate(from[:1], one[:])
		row := s.open(one[0], w[sessionStart], w[sessionLast])
		copy(s.table.rows[row+1:int(row)+s.first], from[1:s.first])
	})
}
