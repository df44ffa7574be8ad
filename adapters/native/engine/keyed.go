package engine

import "github.com/streambench/streambench/workloads"

// keyed makes windows of rows by key.
type keyed struct {
	plan  *plan
	out   *emitter
	rank  *contest // nil without a rank
	arena *arena
	// running is the sum of the slices that have joined; nil where windows are not made that way.
	running *table
	merged  *keyedPane // the window made slice by slice, where running cannot be
	places  int        // of the largest index so far: the next window will need one like it
	keys    []int64    // scratch of visit
	from    []uint32
	at      []uint32
	best    []uint32 // scratch of leaders
	one     block    // scratch of refine
}

// newKeyed makes the keyed part of a slot.
func newKeyed(p *plan, out *emitter, c *contest, state *arena) *keyed {
	batch := state.batchRows
	return &keyed{
		plan: p, out: out, rank: c, arena: state, places: firstIndex,
		keys: make([]int64, batch), from: make([]uint32, batch), at: make([]uint32, batch),
	}
}

// keyedPane is a table of rows by key and the sets of its distinct values.
type keyedPane struct {
	*table
	plan *plan
	sets []*table // of Distinct aggregates: rows are (pair hash, key, value)
	at   []uint32
}

func (k *keyed) pane() (pane, error) { return k.newPane() }

func (k *keyed) newPane() (*keyedPane, error) {
	t, err := k.arena.table(k.plan.fresh, k.places)
	if err != nil {
		return nil, err
	}
	p := &keyedPane{table: t, plan: k.plan, at: make([]uint32, k.arena.batchRows)}
	for _, f := range k.plan.folds {
		if f.fn != workloads.Distinct {
			continue
		}
		set, err := k.arena.table(make([]int64, 2), firstIndex)
		if err != nil {
			return nil, err
		}
		p.sets = append(p.sets, set)
	}
	return p, nil
}

func (p *keyedPane) add(b *block) {
	at := p.at[:b.n]
	p.locate(b.key[:b.n], at)
	p.plan.update(p.rows, at, b)
	for _, f := range p.plan.folds {
		if f.fn != workloads.Distinct {
			continue
		}
		for i, row := range at {
			if p.sets[f.set].addPair(b.key[i], b.values[f.value][i]) {
				p.rows[row+uint32(f.word)]++
			}
		}
	}
}

// addPair puts (key, value) into a set and reports whether it was new. The rows of a set are keyed
// by a hash of the pair; a pair whose hash is taken by another goes on to the next hash.
func (t *table) addPair(key, value int64) bool {
	h := int64(hash(key) ^ hash(value+1)*0xbf58476d1ce4e5b9)
	for {
		if t.old != nil || t.used+1 > len(t.index)/2 {
			t.grow(1)
		}
		before := t.n
		var row uint32
		if t.old != nil {
			row = t.slow(h)
		} else {
			row = t.find(h)
		}
		if t.n > before {
			t.rows[row+1], t.rows[row+2] = key, value
			return true
		}
		if t.rows[row+1] == key && t.rows[row+2] == value {
			return false
		}
		h++
	}
}

func (p *keyedPane) reset() {
	p.table.reset()
	for _, s := range p.sets {
		s.reset()
	}
}

// visit calls fn with the keys and rows of a table, a batch at a time. Freed rows are left out:
// their count is zero.
func (k *keyed) visit(t *table, fn func(keys []int64, rows []uint32)) {
	n := 0
	for i := range t.n {
		row := uint32(i * t.stride)
		k.keys[n], k.from[n] = t.rows[row], row
		if t.rows[row+wordCount] != 0 {
			n++
		}
		if n == len(k.keys) {
			fn(k.keys, k.from)
			n = 0
		}
	}
	if n > 0 {
		fn(k.keys[:n], k.from[:n])
	}
}

func (k *keyed) join(p pane) {
	if !k.plan.invertible() {
		return
	}
	if k.running == nil {
		t, err := k.arena.scratch(k.plan.fresh, k.places) // it is made of the slices again
		if err != nil {
			panic(noMemory{err})
		}
		k.running = t
	}
	k.mergeInto(k.running, p.(*keyedPane).table)
}

// mergeInto folds every row of src into the row of its key in dst.
func (k *keyed) mergeInto(dst, src *table) {
	k.visit(src, func(keys []int64, rows []uint32) {
		at := k.at[:len(keys)]
		dst.locate(keys, at)
		for i, to := range at {
			k.plan.merge(dst.rows[to:int(to)+dst.stride], src.rows[rows[i]:int(rows[i])+src.stride])
		}
	})
}

func (k *keyed) leave(p pane) {
	if !k.plan.invertible() {
		return
	}
	src, dst := p.(*keyedPane).table, k.running
	k.visit(src, func(keys []int64, rows []uint32) {
		at := k.at[:len(keys)]
		dst.locate(keys, at)
		for i, to := range at {
			row := dst.rows[to : int(to)+dst.stride]
			k.plan.subtract(row, src.rows[rows[i]:int(rows[i])+src.stride])
			if row[wordCount] == 0 {
				dst.remove(keys[i])
			}
		}
	})
}

// emit delivers a window. One pane is the window itself; else it is the running sum, or where an
// aggregate cannot be subtracted, the panes merged anew.
func (k *keyed) emit(startMs, endMs int64, panes []pane) {
	t := k.running
	switch {
	case t != nil:
	case len(panes) == 1:
		t = panes[0].(*keyedPane).table
	default:
		t = k.merge(panes)
	}
	k.places = max(k.places, len(t.index))
	w := window{startMs, endMs}
	if k.rank != nil {
		k.rank.enter(w, k.leaders(t), t.rows)
		return
	}
	k.visit(t, func(_ []int64, rows []uint32) { k.out.rows(w, t.rows, rows) })
}

func (k *keyed) merge(panes []pane) *table {
	if k.merged == nil {
		m, err := k.newPane()
		if err != nil {
			panic(noMemory{err})
		}
		k.merged = m
	}
	k.merged.reset()
	for _, p := range panes {
		src := p.(*keyedPane)
		k.mergeInto(k.merged.table, src.table)
		for _, f := range k.plan.folds {
			if f.fn == workloads.Distinct {
				k.merged.union(f, src.sets[f.set])
			}
		}
	}
	return k.merged.table
}

// union adds a slice's set of distinct values to the window's and counts what is new.
func (p *keyedPane) union(f fold, set *table) {
	var one [1]uint32
	for i := range set.n {
		row := set.rows[i*set.stride:]
		if p.sets[f.set].addPair(row[1], row[2]) {
			p.locate(row[1:2], one[:])
			p.rows[one[0]+uint32(f.word)]++
		}
	}
}

// leaders are the rows with the largest value of the rank; valid until the next call.
func (k *keyed) leaders(t *table) []uint32 {
	best, by := k.best[:0], uint32(k.plan.by)
	for i := range t.n {
		row := uint32(i * t.stride)
		if t.rows[row+wordCount] == 0 {
			continue
		}
		switch v := t.rows[row+by]; {
		case len(best) == 0 || v > t.rows[best[0]+by]:
			best = append(best[:0], row)
		case v == t.rows[best[0]+by]:
			best = append(best, row)
		}
	}
	k.best = best
	return best
}

// refine folds late events into a window that was emitted and delivers each row that changed, once
// an event as a per-event trigger does.
func (k *keyed) refine(w window, p pane, b *block) {
	src := p.(*keyedPane)
	for i := range b.n {
		k.one.alias(b, i)
		src.add(&k.one)
		k.out.rows(w, src.rows, src.at[:1])
	}
}

// alias makes a block of one row of another.
func (one *block) alias(b *block, i int) {
	one.n, one.key, one.ts, one.seq = 1, b.key[i:i+1], b.ts[i:i+1], b.seq[i:i+1]
	one.values = one.values[:0]
	for _, col := range b.values {
		one.values = append(one.values, col[i:i+1])
	}
}
