package summary

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// pardoned is what a ledger's offences are under a claim, given the faults of the repetition.
//
//	                    commit   t0              t4
//	due     ---------------|------x---------------|------------->
//	at-least-once          [ counted again         ]                duplicated, counted twice
//	at-most-once   [ state that was lost           | windows still ]  lost, missing
//	exactly-once                                                    nothing
type pardoned struct {
	faults  int      // that took effect
	used    bool     // something was allowed
	allowed []string // what, with its size
	by      string   // the faults that explain it
	fails   string   // what is beyond the claim; empty for nothing
	unclear string   // why it cannot be told; empty where it can
}

func (x *pardoned) because() string {
	if x.faults == 0 {
		return ""
	}
	return "; " + x.fails
}

// offence is one class of a ledger, and when what is in it was due.
type offence struct {
	what   string
	n      uint64
	events bool // it counts events and not results
	extent record.Extent
	may    string // the claim that allows it where a fault explains it; empty for none
}

// offencesOf splits a ledger into what may be explained in one way each.
func offencesOf(l *record.Ledger) []offence {
	s := l.Spread
	if s == nil { // of a run without due times: nothing tells where it lies
		s = &record.Spread{
			Lost:       record.Extent{N: l.Lost, Untimed: l.Lost},
			Duplicated: record.Extent{N: l.Duplicated, Untimed: l.Duplicated},
			Other:      record.Extent{N: l.Wrong, Untimed: l.Wrong},
		}
	}
	late, dead := side(l.LateOutput), side(l.DeadLetters)
	untimed := func(n uint64) record.Extent { return record.Extent{N: n, Untimed: n} }
	return []offence{
		{"lost", l.Lost, false, s.Lost, atMostOnce},
		{"events missing in aggregates", s.Missing.N, true, s.Missing, atMostOnce},
		{"duplicated", l.Duplicated, false, s.Duplicated, atLeastOnce},
		{"events counted twice", s.Twice.N, true, s.Twice, atLeastOnce},
		{"phantom", l.Phantom, false, untimed(l.Phantom), ""},
		{"corrupt", l.Corrupt, false, untimed(l.Corrupt), ""},
		{"missing in the late output", late.Missing, false, untimed(late.Missing), atMostOnce},
		{"in the late output against its rule", late.Foreign, false, untimed(late.Foreign), atLeastOnce},
		{"dead letters missing", dead.Missing, false, untimed(dead.Missing), atMostOnce},
		{"dead letters again", dead.Foreign, false, untimed(dead.Foreign), atLeastOnce},
	}
}

// pardon holds a ledger against a claim.
func pardon(claim string, l *record.Ledger, t *Trail) pardoned {
	x := pardoned{}
	var names []string
	unseen := false // a fault may have taken effect, and nobody saw when
	for i := range t.Faults {
		f := &t.Faults[i]
		switch {
		case witnessed(f):
			x.faults++
			names = append(names, f.Text)
		case f.Unsupported == "":
			unseen = true
		}
	}
	x.by = strings.Join(names, ", ")
	explained := spansOf(claim, l, t)
	for _, o := range offencesOf(l) {
		if o.n == 0 {
			continue
		}
		outside := outsideOf(o.extent, explained)
		switch {
		case o.may != claim || x.faults == 0 && !unseen:
			x.fail("no guarantee allows it without a fault", o)
		case unseen && outside > 0:
			x.unclear = fmt.Sprintf("%s %s, and no witness says when the fault took effect",
				Count(float64(o.n)), o.what)
		case outside > 0:
			x.fail(fmt.Sprintf("%s of them are outside what a fault explains (%s)",
				Count(float64(outside)), within(explained)), o)
		default:
			x.used = true
			x.allowed = append(x.allowed, o.size(l, t))
		}
	}
	x.other(claim, l, explained)
	return x
}

// fail notes the first offence that convicts.
func (x *pardoned) fail(why string, o offence) {
	if x.fails != "" {
		return
	}
	if x.faults > 0 && o.may == "" {
		why = "no guarantee allows it"
	} else if x.faults > 0 && !strings.Contains(why, "outside") {
		why = "only " + o.may + " allows it"
	}
	x.fails = o.what + ": " + why
}

// other judges wrong results that neither events missing nor events counted twice explain. A query
// whose results do not tell what is in them leaves open which it was.
func (x *pardoned) other(claim string, l *record.Ledger, explained []span) {
	var o record.Extent
	switch {
	case l.Spread != nil:
		o = l.Spread.Other
	case l.Wrong > 0:
		o = record.Extent{N: l.Wrong, Untimed: l.Wrong}
	}
	if o.N == 0 || x.fails != "" {
		return
	}
	weak := claim == atMostOnce || claim == atLeastOnce
	if !weak || outsideOf(o, explained) > 0 || len(explained) == 0 {
		x.fails = "wrong: neither events lost nor events counted twice explain it"
		return
	}
	x.unclear = fmt.Sprintf("%s are wrong near the fault, and do not tell which events they hold",
		Format(float64(o.N), record.Results))
}

// size is an offence with its rate and how much of the input it is.
func (o offence) size(l *record.Ledger, t *Trail) string {
	text := Count(float64(o.n)) + " " + o.what
	of := l.Expected
	if o.events {
		of = l.EventsIn
	}
	if of > 0 {
		text += fmt.Sprintf(" (%.2g%%", 100*float64(o.n)/float64(of))
		if from, to, ok := o.extent.Span(); ok {
			text += ", within " + Format(float64(to-from), record.Nanoseconds) + " of input"
		}
		if from, to, ok := t.Steady(); ok && o.events {
			rate := t.Rise(from, to, offered) / float64(to-from)
			text += ", " + Format(float64(o.n)/rate, record.Nanoseconds) + " of it in all"
		}
		text += ")"
	}
	return text
}

// spansOf are the due times that the faults of a repetition explain under a claim.
func spansOf(claim string, l *record.Ledger, t *Trail) []span {
	state := int64(0)
	if l.Spread != nil {
		state = l.Spread.StateNs
	}
	var all []span
	for i := range t.Faults {
		f := &t.Faults[i]
		if !witnessed(f) {
			continue
		}
		lag := t.lagBefore(f.ActualNs)
		s := span{0, t.firstAfter(f)}
		if at, ok := t.commit(f.ActualNs); ok {
			s.from = at - lag
		}
		if claim == atMostOnce {
			// What was in the state is gone, and a window that had not closed closes without it.
			if s.from == 0 || s.from > f.ActualNs-lag {
				s.from = f.ActualNs - lag
			}
			if s.from -= state; state < 0 {
				s = span{0, farNs}
			} else if s.to < farNs {
				s.to += state
			}
		}
		all = append(all, s)
	}
	return all
}

// farNs is later than any run lasts.
const farNs = int64(1) << 62

// firstAfter is t4 of a fault: the last of the first results of its key ranges.
func (t *Trail) firstAfter(f *record.Fault) int64 {
	firsts := t.firsts(f.ID)
	ranges := f.Slots
	if len(ranges) == 0 || len(firsts) == 1 {
		ranges = nil
		for p := range firsts {
			ranges = append(ranges, p)
		}
	}
	if len(firsts) == 0 {
		return farNs
	}
	last := int64(0)
	for _, p := range ranges {
		switch at := firstOf(firsts, p); at {
		case record.NeverFirst:
		case 0:
			return farNs
		default:
			last = max(last, at)
		}
	}
	return last
}

// lagBefore is how far results were behind their due times before a fault: what was due that long
// before it may not have been answered yet.
func (t *Trail) lagBefore(t0 int64) int64 {
	lag := int64(0)
	for _, s := range t.Stretches {
		if s.FromNs >= t0-calmNs && s.FromNs < t0 {
			lag = max(lag, s.LatencyNs)
		}
	}
	return lag + record.StretchNs
}

// outsideOf is how much of an extent no span explains. What has no due time is inside, if there is
// a span at all.
func outsideOf(x record.Extent, explained []span) (n uint64) {
	if len(explained) == 0 {
		return x.N
	}
	for _, p := range x.Parts {
		ok := false
		for _, s := range explained {
			ok = ok || p.FromNs >= s.from && p.ToNs <= s.to
		}
		if !ok {
			n += p.N
		}
	}
	return n
}

// within says which due times are explained.
func within(explained []span) string {
	var parts []string
	for _, s := range explained {
		to := "the end"
		if s.to < farNs {
			to = Format(float64(s.to), record.Nanoseconds)
		}
		parts = append(parts, "due from "+Format(float64(max(s.from, 0)), record.Nanoseconds)+" to "+to)
	}
	return strings.Join(parts, ", ")
}
