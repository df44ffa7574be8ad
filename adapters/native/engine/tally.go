package engine

import "github.com/streambench/streambench/workloads"

// The best events of a join may be folded by a group that is not their key, so that the slots that
// own them share it. Every slot keeps what its own events come to and tells the board of the judge
// of the groups that have changed; the board adds up what each slot last said.
//
//	slot 0: tally ---------\
//	slot 1: tally --post--> board --> output of slot 0
//
// A subtotal says what a group comes to in a slot and not by how much that has changed: to be told
// again, or of something that was told before a failure, changes nothing.
type tally struct {
	plan    *plan
	contest *contest
	table   *table
	dirty   []uint32
	words   []int64 // scratch of tell
	// silent says that the slot was restored and has told nothing yet: the board waits for it.
	silent bool
}

// tallyDirty is the word of a row that says whether it has changed since it was told.
const tallyDirty = wordSeqSum

func newTally(s *slot, c *contest) (*tally, error) {
	t, err := s.state.scratch(s.engine.plan.fresh, firstIndex)
	return &tally{
		plan: s.engine.plan, contest: c, table: t, silent: s.engine.cfg.Restore != nil,
	}, err
}

// replace takes the old contribution to a group back, if there was one, and adds the new one.
func (t *tally) replace(group int64, old, by []int64, had bool) {
	row := t.table.one(group)
	r := t.table.rows[row : int(row)+t.table.stride]
	if !had {
		r[wordCount]++
	}
	for _, f := range t.plan.folds {
		if f.value < 0 {
			continue
		}
		r[f.word] += by[f.value]
		if had {
			r[f.word] -= old[f.value]
		}
	}
	if r[tallyDirty] == 0 {
		r[tallyDirty] = 1
		t.dirty = append(t.dirty, row)
	}
}

// tell hands in the groups that have changed.
func (t *tally) tell() {
	if len(t.dirty) == 0 && !t.silent {
		return
	}
	t.silent = false
	words := t.words[:0]
	if t.contest.judge == nil {
		words = nil // they travel
	}
	for _, row := range t.dirty {
		r := t.table.rows[row : int(row)+1+len(t.plan.fresh)]
		r[tallyDirty] = 0
		words = append(words, r...)
	}
	t.dirty = t.dirty[:0]
	if t.contest.judge == nil {
		t.contest.send(letter{kind: aTally, lines: words})
		return
	}
	// What is told twice does no harm, so it does not matter that this overtakes a barrier.
	t.words = words
	t.contest.judge.board.take(t.contest.self, words)
}

// board adds up the subtotals of all slots and answers with the groups that have changed.
type board struct {
	plan  *plan
	out   *emitter
	said  []*table // by slot, what it last told
	total *table
	dirty []uint32
	line  []int64
	// silent are the slots that have to be heard before there is an answer: after a restart what
	// the others come to is no subtotal of anything that was.
	silent map[int]bool
}

func newBoard(s *slot, slots int) (*board, error) {
	p := s.engine.plan
	b := &board{plan: p, out: s.out, line: make([]int64, len(p.out)), silent: map[int]bool{}}
	var err error
	for i := range slots {
		if s.engine.cfg.Restore != nil {
			b.silent[i] = true
		}
		t, err := s.state.scratch(p.fresh, firstIndex)
		if err != nil {
			return nil, err
		}
		b.said = append(b.said, t)
	}
	b.total, err = s.state.scratch(p.fresh, firstIndex)
	return b, err
}

// take puts what a slot says of groups in the place of what it said before.
func (b *board) take(slot int, words []int64) {
	delete(b.silent, slot)
	said, total, width := b.said[slot], b.total, 1+len(b.plan.fresh)
	for ; len(words) > 0; words = words[width:] {
		from, to := said.one(words[wordKey]), total.one(words[wordKey])
		was := said.rows[from : int(from)+width]
		sum := total.rows[to : int(to)+width]
		for w := wordCount; w < width; w++ {
			if w != tallyDirty {
				sum[w] += words[w] - was[w]
				was[w] = words[w]
			}
		}
		if sum[tallyDirty] == 0 {
			sum[tallyDirty] = 1
			b.dirty = append(b.dirty, to)
		}
	}
}

// tell answers with the groups that have changed, and reports whether there were any.
func (b *board) tell() bool {
	if b == nil || len(b.dirty) == 0 || len(b.silent) > 0 {
		return false
	}
	for _, row := range b.dirty {
		r := b.total.rows[row : int(row)+b.total.stride]
		r[tallyDirty] = 0
		for c, s := range b.plan.out {
			b.line[c] = s.ofGroup(r)
		}
		b.out.line(b.line)
	}
	b.dirty = b.dirty[:0]
	return true
}

// settled reports whether nothing is left to be answered.
func (b *board) settled() bool { return b == nil || len(b.dirty) == 0 && len(b.silent) == 0 }

// ofGroup is the value of a result column for a group.
func (s source) ofGroup(row []int64) int64 {
	if s.kind != fromMean {
		return row[s.word]
	}
	count := row[wordCount]
	if count == 0 {
		return 0
	}
	mean := row[s.word] / count
	if row[s.word]%count < 0 {
		mean-- // rounded toward minus infinity
	}
	return mean
}

// beyondGroups says what of a fold over best events the engine cannot do; empty if nothing.
func beyondGroups(w *workloads.Workload) string {
	for _, a := range w.Query.Aggregates {
		switch a.Func {
		case workloads.Count:
		case workloads.Sum, workloads.Avg, workloads.Mean:
			if kindOf(w.Schema, w.Query.From, a.Field) != workloads.Int {
				return "aggregate " + a.As + " of a join, over other than integers"
			}
		default:
			return "aggregate " + a.As + " of a join, which cannot take back what was replaced"
		}
	}
	return ""
}
