package engine

import (
	"math"

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
	out   []*link                    // to each slot of the job; nil to itself
	in    []*link                    // from each slot; nil from itself
	owner [workloads.KeyGroups]uint8 // the slot that owns each range of keys
	own   *block                     // what stays in this slot
	view  block                      // columns of the batch in hand
	sel   [][]int32
	all   []int32  // every row, where nothing was filtered
	to    []*block // scratch of scatterSides
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

// newExchange makes the exchange of a slot; its links are still to be put in.
func newExchange(p *plan, st *stage, self, slots int) *exchange {
	x := &exchange{
		plan: p, stage: st, self: self, own: newBlock(p, len(st.sel)),
		view: block{values: make([][]int64, len(p.values))},
		out:  make([]*link, slots), in: make([]*link, slots), to: make([]*block, slots),
	}
	for g := range x.owner {
		x.owner[g] = uint8(g * slots / workloads.KeyGroups) // as workloads.SlotOf
	}
	for range slots {
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

// said is what a shard says of itself after a block.
type said struct {
	watermarkMs int64
	idle        bool
}

// scatter sends a batch's events to the slots that own their keys. There is credit.
func (x *exchange) scatter(b *workloads.Batch, after said) *block {
	r := rows{0, b.N}
	sel, all := x.stage.choose(b, r)
	if all {
		x.stage.lookAll(b, r)
		sel = x.all[:b.N]
	} else {
		x.stage.lookSome(b, sel)
	}
	v := &x.view
	v.key, v.ts, v.seq = x.stage.source(b, x.plan.key), b.TS, b.Seq
	for i, col := range x.plan.values {
		v.values[i] = x.stage.source(b, col)
	}
	return x.send(v, sel, after)
}

// send sends chosen events of a block, and what the shard says after them, to all slots, and
// returns the block that stays. There is credit.
func (x *exchange) send(b *block, sel []int32, after said) *block {
	counts := x.divide(b.key, sel)
	for d, l := range x.out {
		dst := x.own
		if l != nil {
			dst, _ = l.free.pop()
		}
		dst.take(b, x.sel[d][:counts[d]])
		dst.from, dst.said, dst.barrier = x.self, after, 0
		if l != nil && !l.full.push(dst) {
			panic("BUG: a link has fewer places than blocks")
		}
	}
	return x.own
}

// bar sends a barrier to all other slots, behind the rows sent before. There is credit.
func (x *exchange) bar(id uint64, after said) {
	for _, l := range x.out {
		if l == nil {
			continue
		}
		b, _ := l.free.pop()
		b.n, b.mid, b.from, b.said, b.barrier = 0, 0, x.self, after, id
		if !l.full.push(b) {
			panic("BUG: a link has fewer places than blocks")
		}
	}
}

// divide sorts rows by the slots they go to.
func (x *exchange) divide(keys []int64, sel []int32) [maxSlots]int {
	var counts [maxSlots]int
	for _, i := range sel {
		d := x.owner[workloads.KeyGroupOf(keys[i])]
		x.sel[d][counts[d]] = i
		counts[d]++
	}
	return counts
}

// shards merges the watermarks of source shards: the least of those that are not idle. It never
// goes back, and the end is reached when every shard has ended: an idle one may still wake up.
type shards struct {
	last   []said
	merged int64
}

func newShards(n int) *shards {
	s := &shards{last: make([]said, n), merged: math.MinInt64}
	for i := range s.last {
		s.last[i].watermarkMs = math.MinInt64
	}
	return s
}

// heard notes what a shard said and returns the merged watermark.
func (s *shards) heard(from int, said said) int64 {
	said.watermarkMs = max(said.watermarkMs, s.last[from].watermarkMs)
	s.last[from] = said
	least, any, all := int64(math.MaxInt64), false, true
	for _, l := range s.last {
		if l.watermarkMs == math.MaxInt64 {
			continue
		}
		all = false
		if !l.idle {
			least, any = min(least, l.watermarkMs), true
		}
	}
	if any || all {
		s.merged = max(s.merged, least)
	}
	return s.merged
}
