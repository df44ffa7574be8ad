package workloads

// received are the results of one bucket by identity.
type received struct {
	p     *plan
	rows  []int64
	next  []int32 // of each row: the next row of its identity
	at    []int64 // of each row: when it arrived
	ids   []arrival
	index map[uint64]int32 // hash of the identity to the first of ids that has it
}

// arrival is an identity and the rows it came in.
type arrival struct {
	head, tail int32 // first and last row
	n          int32
	chain      int32 // next identity of the same hash
	expected   bool
	summed     bool
	parts      uint64 // sum of plan.part over its rows
}

func (r *received) reset(p *plan) {
	r.p = p
	r.rows, r.next, r.at, r.ids = r.rows[:0], r.next[:0], r.at[:0], r.ids[:0]
	if r.index == nil {
		r.index = map[uint64]int32{}
	}
	clear(r.index)
}

func (r *received) row(i int32) []int64 {
	w := int32(r.p.width)
	return r.rows[i*w : (i+1)*w]
}

// add takes a row that arrived at a time since T0.
func (r *received) add(row []int64, at int64) {
	i := int32(len(r.next))
	r.at = append(r.at, at)
	r.rows = append(r.rows, row...)
	r.next = append(r.next, none)
	if id := r.find(row); id != nil {
		r.next[id.tail] = i
		id.tail = i
		id.n++
		id.parts += r.p.part(row)
		return
	}
	h := r.p.identityHash(row)
	chain, ok := r.index[h]
	if !ok {
		chain = none
	}
	r.index[h] = int32(len(r.ids))
	r.ids = append(r.ids, arrival{
		head: i, tail: i, n: 1, chain: chain, parts: r.p.part(row),
	})
}

// find returns the identity of a row, nil if none of its rows was received.
func (r *received) find(row []int64) *arrival {
	i, ok := r.index[r.p.identityHash(row)]
	for ok && i != none {
		id := &r.ids[i]
		if r.p.sameIdentity(row, r.row(id.head)) {
			return id
		}
		i = id.chain
	}
	return nil
}

// sum adds up the rows of an identity, once, in its first row.
func (r *received) sum(id *arrival) []int64 {
	total := r.row(id.head)
	if id.summed {
		return total
	}
	id.summed = true
	for i := r.next[id.head]; i != none; i = r.next[i] {
		r.p.addUp(total, r.row(i))
	}
	return total
}

func (p *plan) sameIdentity(a, b []int64) bool {
	for _, c := range p.ident {
		if a[c] != b[c] {
			return false
		}
	}
	return true
}

// identityHash spreads identities over the words; it is the finaliser of SplitMix64, chained.
func (p *plan) identityHash(row []int64) uint64 {
	h := uint64(len(p.ident))
	for _, c := range p.ident {
		h = mix64(h*0x9e3779b97f4a7c15 + uint64(row[c]))
	}
	return h
}
