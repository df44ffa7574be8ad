package engine

import "math"

// latest is the operator of queries that keep the newest event of a key. Its rows are named by what
// the keys hash to; one whose hash is taken by others goes on to the next.
//
//	row  [ hash | count | ts | seq | keys … ]
//
// It answers with the event itself, so that no more than the keys and its place in time is kept.
type latest struct {
	plan   *plan
	out    *emitter
	table  *table
	keys   []int // values that are keys, beside the query's
	at     []uint32
	hashes []int64
	newer  []int32
	mark   int64 // watermark
}

// Words of a row behind its hash and count.
const (
	latestTS = 2 + iota
	latestSeq
	latestKey  // the query's key
	latestMore // and the others
)

func newLatest(s *slot) (*latest, error) {
	p, batch := s.engine.plan, s.state.batchRows
	t, err := s.state.table(make([]int64, latestMore-1+len(p.query.Latest.Keys)), firstIndex)
	if err != nil {
		return nil, err
	}
	l := &latest{
		plan: p, out: s.out, table: t,
		at: make([]uint32, batch), hashes: make([]int64, batch), newer: make([]int32, 0, batch),
		mark: math.MinInt64,
	}
	for i := range p.query.Latest.Keys {
		l.keys = append(l.keys, i) // they are carried first
	}
	return l, nil
}

// bindLatest carries the keys and what results show.
func (p *plan) bindLatest(carry func(string) (int, error)) error {
	for _, k := range p.query.Latest.Keys {
		if _, err := carry(k); err != nil {
			return err
		}
	}
	for _, f := range p.query.Output.Fields {
		_, name := p.query.FieldOf(f)
		switch name {
		case p.query.Key:
			p.out = append(p.out, source{kind: fromKey})
		case seqName:
			p.out = append(p.out, source{kind: fromSeq})
		default:
			v, err := carry(name)
			if err != nil {
				return err
			}
			p.out = append(p.out, source{kind: fromValue, value: v})
		}
	}
	return nil
}

// add answers with every event that is the newest of its key.
func (l *latest) add(b *block) {
	hashes, at := l.hashes[:b.n], l.at[:b.n]
	copy(hashes, b.key)
	for _, v := range l.keys {
		mixIn(hashes, b.values[v][:b.n])
	}
	l.table.search(hashes, at)
	l.newer = l.newer[:0]
	for i := range at {
		r := l.table.rows[at[i]:]
		for r[wordCount] != 0 && !l.same(r, b, i) {
			hashes[i]++
			l.table.search(hashes[i:i+1], at[i:i+1])
			r = l.table.rows[at[i]:]
		}
		switch {
		case r[wordCount] == 0:
			l.table.touch(at[i])
			r[wordCount], r[latestKey] = 1, b.key[i]
			for k, v := range l.keys {
				r[latestMore+k] = b.values[v][i]
			}
		case b.ts[i] < r[latestTS], b.ts[i] == r[latestTS] && b.seq[i] <= r[latestSeq]:
			continue
		}
		l.table.touch(at[i])
		r[latestTS], r[latestSeq] = b.ts[i], b.seq[i]
		l.newer = append(l.newer, int32(i))
	}
	l.emit(b, l.newer)
}

// same reports whether a row is of the keys of event i.
func (l *latest) same(r []int64, b *block, i int) bool {
	if r[latestKey] != b.key[i] {
		return false
	}
	for k, v := range l.keys {
		if r[latestMore+k] != b.values[v][i] {
			return false
		}
	}
	return true
}

// emit delivers chosen events.
func (l *latest) emit(b *block, sel []int32) {
	for len(sel) > 0 {
		rs := l.out.room()
		k := min(len(sel), rs.Cap()-rs.N)
		for c, src := range l.plan.out {
			from := b.key
			switch src.kind {
			case fromSeq:
				from = b.seq
			case fromValue:
				from = b.values[src.value]
			}
			gather(rs.Cols[c][rs.N:], from, sel[:k])
		}
		rs.N += k
		sel = sel[k:]
	}
}

func (l *latest) advance(watermarkMs int64) { l.mark = max(l.mark, watermarkMs) }

func (l *latest) late() (late, allowed uint64) { return 0, 0 }

func (l *latest) reached() int64 { return l.mark }

func (l *latest) save(e *encoder) { l.table.save(e) }

// load takes the rows of keys the slot owns. What their hashes were taken by is not known here.
func (l *latest) load(d *decoder) {
	for words := d.region(l.table.stride); len(words) > 0; words = words[l.table.stride:] {
		from := words[:l.table.stride]
		if !inUse(from) || !d.owns(from[latestKey]) {
			continue
		}
		h := from[latestKey]
		for k := range l.keys {
			h = mixed(h, from[latestMore+k])
		}
		row := l.table.one(h)
		for inUse(l.table.rows[row:]) {
			h++
			row = l.table.one(h)
		}
		copy(l.table.rows[row+1:int(row)+l.table.stride], from[1:])
	}
}
