package engine

import (
	"math"
	"math/bits"

	"github.com/streambench/streambench/workloads"
)

// exchange sends every event to the slot that owns its key. One link joins each pair of slots; the
// ring by which its blocks come back is the credit.
//
//	slot 0: stage -> scatter --full--> slot 1: merge of watermarks -> operator
//	                         <--free--
type exchange struct {
	plan  *plan
	stage *stage
	self  int
	out   []*link // to each slot; nil to itself
	in    []*link // from each slot; nil from itself
	own   *block  // what stays in this slot
	sel   [][]int32
	all   []int32 // every row, where nothing was filtered
}

// link carries blocks from one slot to another.
type link struct {
	full, free *ring[*block]
}

// linkDepth is the number of blocks on a link: enough to cover a receiver's longest pause at
// 1.5M events/s, few enough to stay in cache.
const linkDepth = 16

func newLink(p *plan, batchRows int) *link {
	l := &link{full: newRing[*block](linkDepth), free: newRing[*block](linkDepth)}
	for range linkDepth {
		l.free.push(newBlock(p, batchRows))
	}
	return l
}

func newExchange(p *plan, st *stage, self int, links [][]*link) *exchange {
	n := len(links)
	x := &exchange{plan: p, stage: st, self: self, own: newBlock(p, len(st.sel))}
	for i := range n {
		x.out, x.in = append(x.out, links[self][i]), append(x.in, links[i][self])
		x.sel = append(x.sel, make([]int32, len(st.sel)))
	}
	for i := range st.sel {
		x.all = append(x.all, int32(i))
	}
	return x
}

// credit reports whether a block can be sent on every link.
func (x *exchange) credit() bool {
	for _, l := range x.out {
		if l != nil && l.free.empty() {
			return false
		}
	}
	return true
}

// owner is the slot that owns a key. It uses other bits of the key than a table's hash.
func owner(key int64, slots int) int {
	k := uint64(key)
	hi, _ := bits.Mul64((k^k>>32)*0xbf58476d1ce4e5b9, uint64(slots))
	return int(hi)
}

// scatter sends a batch's events, and the shard's watermark after them, to all slots, and returns
// the block that stays. There is credit.
func (x *exchange) scatter(b *workloads.Batch, watermarkMs int64, idle bool) *block {
	counts := x.divide(b)
	for d, l := range x.out {
		dst := x.own
		if l != nil {
			dst, _ = l.free.pop()
		}
		x.fill(dst, b, x.sel[d][:counts[d]])
		dst.from, dst.watermarkMs, dst.idle = x.self, watermarkMs, idle
		if l != nil && !l.full.push(dst) {
			panic("BUG: a link has fewer places than blocks")
		}
	}
	return x.own
}

// divide chooses the rows that go to each slot.
func (x *exchange) divide(b *workloads.Batch) [maxSlots]int {
	var counts [maxSlots]int
	if b.N == 0 {
		return counts
	}
	r := rows{0, b.N}
	sel, all := x.stage.choose(b, r)
	if all {
		x.stage.lookAll(b, r)
		sel = x.all[:b.N]
	} else {
		x.stage.lookSome(b, sel)
	}
	keys := x.stage.source(b, x.plan.key)
	for _, i := range sel {
		d := owner(keys[i], len(x.out))
		x.sel[d][counts[d]] = i
		counts[d]++
	}
	return counts
}

// fill gathers the chosen rows of a batch.
func (x *exchange) fill(dst *block, b *workloads.Batch, sel []int32) {
	dst.n = len(sel)
	gather(dst.key, x.stage.source(b, x.plan.key), sel)
	gather(dst.ts, b.TS, sel)
	gather(dst.seq, b.Seq, sel)
	for v, col := range x.plan.values {
		gather(dst.values[v], x.stage.source(b, col), sel)
	}
}

// shards merges the watermarks of source shards: the least of those that are not idle. It never
// goes back.
type shards struct {
	marks  []int64
	idle   []bool
	merged int64
}

func newShards(n int) *shards {
	s := &shards{marks: make([]int64, n), idle: make([]bool, n), merged: math.MinInt64}
	for i := range s.marks {
		s.marks[i] = math.MinInt64
	}
	return s
}

// heard notes what a shard said and returns the merged watermark.
func (s *shards) heard(from int, watermarkMs int64, idle bool) int64 {
	s.marks[from], s.idle[from] = max(s.marks[from], watermarkMs), idle
	least, any := int64(math.MaxInt64), false
	for i, m := range s.marks {
		if !s.idle[i] {
			least, any = min(least, m), true
		}
	}
	if any {
		s.merged = max(s.merged, least)
	}
	return s.merged
}
