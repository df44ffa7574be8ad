package engine

import "testing"

// Bursts of many events, then silence for longer than a window: what one burst has used, the next
// one uses again, and between them there is next to nothing.
func TestMemoryOfASlidingWindowIsThatOfItsEvents(t *testing.T) {
	const batches = 40
	w := with(overSliding)
	w.Query.Window.SizeMs = 1000
	e, err := New(Config{Workload: w, Sources: []Source{nil}, BatchRows: 64, OutputDepth: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer e.release()
	s := e.slots[0]
	op := s.op.(*sliding)
	burst := func(from int64) {
		for n := range int64(batches) {
			b := s.batch
			b.N = b.Cap()
			for i := range b.N {
				b.TS[i], b.Seq[i], b.Cols[0][i] = from+n, n, int64(i)
			}
			s.take(false)
			s.out.flush()
			for rs := s.out.out.Pop(); rs != nil; rs = s.out.out.Pop() {
				s.out.out.Free(rs)
			}
		}
	}
	var quiet uint64
	hooks, chunks, rows := 0, 0, 0
	for round := range 50 {
		burst(int64(round) * 10_000)
		if round == 1 {
			hooks, chunks, rows = op.moments.hooks.made, op.trail.slab.made, op.table.n
		}
		full := s.state.used
		s.op.advance(int64(round)*10_000 + 5000)
		s.op.add(&block{n: 1, key: []int64{1}, ts: []int64{int64(round)*10_000 + 5000}, seq: []int64{0}})
		s.op.advance(int64(round)*10_000 + 5001)
		if quiet = s.state.used; full < quiet+batches/2*64*8 {
			t.Fatalf("round %d: %d bytes after a burst, %d once it is over", round, full, quiet)
		}
		for rs := s.out.out.Pop(); rs != nil; rs = s.out.out.Pop() {
			s.out.out.Free(rs)
		}
	}
	if op.moments.hooks.made > hooks || op.trail.slab.made > chunks || op.table.n > rows {
		t.Errorf("after 50 rounds %d hooks, %d chunks and %d rows, after 2 rounds %d, %d and %d",
			op.moments.hooks.made, op.trail.slab.made, op.table.n, hooks, chunks, rows)
	}
}
