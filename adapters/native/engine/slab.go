package engine

// slab hands out pieces of equal size from memory outside the Go heap, and hands out again those
// that came back. Piece 0 is none. The first word of a piece is free for its owner, who may chain
// pieces by it, and of one that came back it names the next such.
type slab struct {
	words []int64
	piece int // words of a piece
	made  int // pieces handed out at least once
	free  int64
	arena *arena
}

// slab makes a slab of pieces of so many words.
func (a *arena) slab(piece int) (*slab, error) {
	words, err := reserve(reservedWords)
	if err != nil {
		return nil, err
	}
	s := &slab{words: words, piece: piece, arena: a}
	a.slabs = append(a.slabs, s)
	return s, nil
}

// take hands out a piece, whose words hold anything.
func (s *slab) take() int64 {
	s.arena.take(s.piece * 8)
	if p := s.free; p != 0 {
		s.free = s.at(p)[0]
		return p
	}
	if (s.made+2)*s.piece > len(s.words) {
		panic(stateFull{uint64(len(s.words)) * 8})
	}
	s.made++
	return int64(s.made)
}

func (s *slab) give(p int64) {
	s.arena.give(s.piece * 8)
	s.at(p)[0], s.free = s.free, p
}

// at are the words of a piece.
func (s *slab) at(p int64) []int64 {
	lo := int(p) * s.piece
	return s.words[lo : lo+s.piece : lo+s.piece]
}
