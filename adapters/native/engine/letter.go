package engine

import (
	"math"
	"sync/atomic"
)

// letter is what a slot tells the judge. Letters of a slot come in the order in which they were
// sent, so that one of a kind says that those before it are complete.
type letter struct {
	kind  letterKind
	words [3]int64 // of a standing: start, end, best; else the watermark, or the barrier's id
	lines []int64  // of a standing: results, column after column, row after row; of a tally: groups
}

type letterKind uint8

const (
	aStanding letterKind = 1 + iota
	aClose               // every window that ends by a watermark has closed
	aBarrier             // what was sent before belongs to a checkpoint
	aTally               // what groups come to in the slot
)

// postDepth is how many letters may be on their way from a slot to the judge.
const postDepth = 1024

// contest is what a slot has to do with the judge.
//
//	slot 0: contest ---------\
//	slot 1: contest --post---> judge --> output of slot 0
//	slot 2: contest --port--/
type contest struct {
	plan  *plan
	judge *judge // in the judge's own slot; else nil
	self  int
	post  *ring[letter]
	stop  *atomic.Bool
	step  int64 // windows end at multiples of it
	told  int64 // the last watermark the judge was told of
}

func newContest(s *slot) *contest {
	w := s.engine.plan.query.Window
	step := w.SizeMs
	if w.SlideMs > 0 {
		step = gcd(w.SizeMs, w.SlideMs)
	}
	return &contest{
		plan: s.engine.plan, judge: s.judge, self: s.id, post: s.post, stop: &s.engine.stop,
		step: step, told: math.MinInt64,
	}
}

// send hands a letter on. It waits for room, which the judge makes whatever it waits for itself.
func (c *contest) send(l letter) {
	if c.judge != nil {
		c.judge.held[c.self] = append(c.judge.held[c.self], l)
		return
	}
	for !c.post.push(l) && !c.stop.Load() {
		Doze(park)
	}
}

// passed tells the judge of the slot's watermark, if windows may have closed since it last was.
func (c *contest) passed(watermarkMs int64) {
	if watermarkMs == math.MinInt64 || c.step == 0 && watermarkMs != math.MaxInt64 {
		return // without windows only the end closes anything
	}
	if watermarkMs != math.MaxInt64 {
		watermarkMs = floor(watermarkMs, c.step)
	}
	if watermarkMs > c.told {
		c.told = watermarkMs
		c.send(letter{kind: aClose, words: [3]int64{watermarkMs}})
	}
}
