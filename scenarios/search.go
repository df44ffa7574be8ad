package scenarios

import (
	"fmt"
	"math"

	"github.com/streambench/streambench/reports/record"
)

// hunt is a search for the highest rate that passes, over nothing but verdicts on rates:
//
//	start --pass--> x2 --pass--> x2 --fail--> halve the gap, by ratio, until it is narrow
//	      --fail--> /2 ...                    then ask both bounds again
//
// A verdict can be wrong: a host hiccups, a slope is a matter of chance. So a bound must be
// confirmed before it is believed: a rate has failed for good when it failed twice, and passed for
// good when it passed often enough before that. Where another vote turns a bound over, the search
// goes on from there. An INVALID probe is no vote at all.
type hunt struct {
	start, least, most float64 // rates, events/s
	narrow             float64 // failed / passed at which the bracket is tight enough
	retries            int     // of an INVALID probe at one rate
	confirm            int     // how often the bound that passed must pass again
	budget             int     // probes in all
}

// newHunt is the search of a run: a bracket of ±5 % in at most 30 probes. From a start that is a
// factor of 16 off it takes about 12.
func newHunt(start float64) hunt {
	return hunt{
		start: start, least: max(1, rounded(start/1000)), most: 1e9, narrow: 1.05 / 0.95,
		retries: 2, confirm: 1, budget: 30,
	}
}

// votes are the answers a rate has got.
type votes struct {
	rate                   float64
	passed, failed, unread int
	lasted                 int    // of those passed, as long as a repetition
	reason, text           string // of the newest failure, else of the newest INVALID probe
}

// failures are how many of them settle that a rate fails.
const failures = 2

func (v *votes) fails() bool  { return v.failed >= failures || v.failed > v.passed }
func (v *votes) passes() bool { return !v.fails() && v.passed > v.failed }
func (v *votes) cast() int    { return v.passed + v.failed }

// probing tries one rate. Its error ends the search.
type probing func(rate float64, as trial) (record.Probe, error)

// trial says why a rate is tried.
type trial uint8

const (
	first trial = iota // nothing is known of it
	again              // its votes are even, or too few
	last               // the bracket is narrow: it is to hold as long as a repetition lasts
)

// run finds the bracket. What it returns with an error is not settled.
func (h hunt) run(try probing) (record.Bracket, error) {
	t := &tally{hunt: h}
	for used := 0; ; used++ {
		rate, ok := t.next()
		switch {
		case !ok:
			return t.bracket(), nil
		case used >= h.budget:
			return t.exhausted(), nil
		}
		v, as := t.at(rate), first
		switch {
		case t.lasting:
			as = last
		case v.cast() > 0:
			as = again
		}
		p, err := try(rate, as)
		if err != nil {
			b := t.bracket()
			b.Unsettled = fmt.Sprintf("the search ended at %s: %v", perSecond(rate), err)
			return b, err
		}
		v.count(p)
		if as == last && p.Answer == record.ProbePass {
			v.lasted++
		}
	}
}

func (v *votes) count(p record.Probe) {
	switch p.Answer {
	case record.ProbePass:
		v.passed++
		return
	case record.ProbeFail:
		v.failed++
	default:
		v.unread++
		if v.failed > 0 {
			return
		}
	}
	v.reason, v.text = p.Reason, p.Text
}

// tally holds the votes of a search, by rate ascending.
type tally struct {
	hunt
	rates   []*votes
	lasting bool // what next has returned is the last trial of a bracket's lower bound
}

// at finds or makes the votes of a rate.
func (t *tally) at(rate float64) *votes {
	i := 0
	for i < len(t.rates) && t.rates[i].rate < rate {
		i++
	}
	if i == len(t.rates) || t.rates[i].rate != rate {
		t.rates = append(t.rates, nil)
		copy(t.rates[i+1:], t.rates[i:])
		t.rates[i] = &votes{rate: rate}
	}
	return t.rates[i]
}

// bounds are the lowest rate that failed by majority, the highest below it that passed, the lowest
// between them that cannot be read, and one to try again: its votes are even, or its only probes
// were INVALID and not too many. Each is nil where there is none.
func (t *tally) bounds() (lo, hi, wall, again *votes) {
	for _, v := range t.rates {
		switch {
		case v.fails():
			return lo, v, wall, again
		case v.passes():
			lo, wall, again = v, nil, nil // what is below a rate that passed is settled
		case v.cast() > 0 || v.unread <= t.retries:
			again = v
		case wall == nil:
			wall = v
		}
	}
	return lo, nil, wall, again
}

// top is what bounds the rate from above: the lowest that fails or, where the gap below that is
// wide, the lowest inside it that cannot be measured; nil for neither.
func (t *tally) top(lo, hi, wall *votes) *votes {
	if wall != nil && (hi == nil || lo == nil || hi.rate/lo.rate > t.narrow) {
		return wall
	}
	return hi
}

// next is the rate to try, or ok is false where the search is over.
func (t *tally) next() (rate float64, ok bool) {
	t.lasting = false
	lo, hi, wall, again := t.bounds()
	if again != nil {
		return again.rate, true
	}
	top := t.top(lo, hi, wall)
	switch {
	case lo == nil && top == nil:
		return t.start, true
	case top == nil:
		return t.grow(lo)
	case lo == nil && t.unread() >= mostUnread:
		return 0, false
	case lo == nil:
		return t.shrink(top)
	case top.rate/lo.rate > t.narrow:
		return t.between(lo, top)
	case top == wall:
		// No confirmation makes a wall a bound, but the host may be quieter now.
		return wall.rate, wall.unread <= 2*t.retries+1
	case hi.failed < failures:
		return hi.rate, true
	}
	return t.confirmed(lo)
}

// mostUnread rates that cannot be measured, and none that passes, are a host or a scenario that
// does not get better by lower ones.
const mostUnread = 4

func (t *tally) unread() (n int) {
	for _, v := range t.rates {
		if v.cast() == 0 && v.unread > 0 {
			n++
		}
	}
	return n
}

func (t *tally) grow(lo *votes) (float64, bool) {
	if lo.rate >= t.most {
		return t.confirmed(lo)
	}
	return min(rounded(lo.rate*2), t.most), true
}

func (t *tally) shrink(top *votes) (float64, bool) {
	return max(rounded(top.rate/2), t.least), top.rate > t.least
}

// between halves the gap by ratio; a gap without a rate inside is as narrow as it gets.
func (t *tally) between(lo, top *votes) (float64, bool) {
	middle := rounded(math.Sqrt(lo.rate * top.rate))
	if middle <= lo.rate || middle >= top.rate {
		return t.confirmed(lo)
	}
	return middle, true
}

func (t *tally) confirmed(lo *votes) (float64, bool) {
	t.lasting = true
	return lo.rate, lo.lasted < t.confirm
}

// rounded keeps three digits of a rate, so that it can be written and asked for again.
func rounded(rate float64) float64 {
	if rate < 100 {
		return math.Max(1, math.Round(rate))
	}
	unit := math.Pow10(int(math.Floor(math.Log10(rate))) - 2)
	return math.Round(rate/unit) * unit
}

// bracket is what is known so far.
func (t *tally) bracket() record.Bracket {
	lo, hi, wall, _ := t.bounds()
	b := record.Bracket{}
	if hi != nil {
		b.Failed, b.Reason, b.Text = hi.rate, hi.reason, hi.text
	}
	if lo != nil {
		b.Passed, b.Repeats, b.Confirmed = lo.rate, lo.cast()-1, lo.passed-1
	}
	if wall != nil && t.top(lo, hi, wall) == wall {
		b.Unsettled = fmt.Sprintf("%s could not be measured in %d tries: %s",
			perSecond(wall.rate), wall.unread, why(wall))
	}
	return b
}

func why(v *votes) string {
	if v.text != "" {
		return v.text
	}
	return v.reason
}

// exhausted is the bracket of a search that ran out of probes. A narrow one stands, with as many
// confirmations as it got.
func (t *tally) exhausted() record.Bracket {
	b := t.bracket()
	if b.Unsettled == "" && (b.Passed == 0 || b.Failed == 0 || b.Failed/b.Passed > t.narrow) {
		b.Unsettled = fmt.Sprintf("%d probes did not bracket it: verdicts on the same rates differ",
			t.budget)
	}
	return b
}

// perSecond is a rate as a scenario writes it.
func perSecond(rate float64) string { return formatCount(uint64(rate)) + "/s" }
