package chaos

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// verdictOf gathers the parts of an expectation.
type verdictOf struct {
	atNs     int64
	evidence []string
	missing  []string
}

// seen says that a part has come true at a time; 0 = there is no such time.
func (v *verdictOf) seen(atNs int64, format string, args ...any) {
	v.atNs = max(v.atNs, atNs)
	v.evidence = append(v.evidence, fmt.Sprintf(format, args...))
}

func (v *verdictOf) misses(format string, args ...any) {
	v.missing = append(v.missing, fmt.Sprintf(format, args...))
}

// judge says whether an expectation holds at a time.
func (y *eye) judge(e Expectation, nowNs int64) record.Witness {
	v := &verdictOf{}
	y.judgeProcesses(v, e)
	y.judgeSilent(v, e, nowNs)
	y.judgeSlow(v, e, nowNs)
	y.judgeOpen(v, e, nowNs)
	y.judgeQuiet(v, e)
	if len(v.evidence) == 0 && len(v.missing) == 0 {
		v.misses("nothing was expected")
	}
	w := record.Witness{Holds: len(v.missing) == 0, Evidence: v.evidence}
	w.Missing = strings.Join(v.missing, "; ")
	if w.Holds {
		w.AtNs = max(v.atNs, e.SinceNs)
	}
	return w
}

func (y *eye) judgeProcesses(v *verdictOf, e Expectation) {
	for _, p := range e.Gone {
		w := y.of(p)
		if at := w.goneAt(); at != 0 {
			v.seen(at, "process %d%s is gone", p.PID, w.name())
		} else {
			v.misses("process %d%s is there", p.PID, w.name())
		}
	}
	for _, p := range e.Stopped {
		w := y.of(p)
		if at := w.stoppedAt(e.SinceNs); at != 0 {
			v.seen(at, "process %d%s stands still, and so does its processor time", p.PID, w.name())
		} else {
			v.misses("process %d%s does not stand still", p.PID, w.name())
		}
	}
	for _, p := range e.Throttled {
		w := y.of(p)
		if at := w.throttledAt(e.SinceNs); at != 0 {
			v.seen(at, "process %d%s is kept from running", p.PID, w.name())
		} else {
			v.misses("process %d%s is not kept from running", p.PID, w.name())
		}
	}
}

func (w *watched) name() string {
	if w.node == "" {
		return ""
	}
	return " of " + w.node
}

// sightOf is what is seen of an edge; nil where it is not probed, which is said.
func (y *eye) sightOf(v *verdictOf, e Edge) *sight {
	t := y.byEdge[e]
	if t == nil {
		v.misses("nobody probes %s", e)
		return nil
	}
	return t.sight
}

func (y *eye) judgeSilent(v *verdictOf, e Expectation, nowNs int64) {
	for _, edge := range e.Silent {
		s := y.sightOf(v, edge)
		if s == nil {
			continue
		}
		at, why := s.silentSince(e.SinceNs, nowNs)
		if at == 0 {
			v.misses("%s: %s", edge, why)
			continue
		}
		v.seen(at, "no probe from %s in %s", edge,
			time.Duration(nowNs-at).Round(time.Millisecond))
	}
}

// judgeOpen wants what is not cut to pass after everything else has happened.
func (y *eye) judgeOpen(v *verdictOf, e Expectation, nowNs int64) {
	since := max(v.atNs, e.SinceNs)
	n := 0
	for _, edge := range e.Open {
		s := y.sightOf(v, edge)
		if s == nil {
			continue
		}
		both := slices.Contains(e.Open, edge.reverse())
		if ok, why := s.openSince(since, nowNs, both); !ok {
			v.misses("%s is not cut, but %s", edge, why)
			continue
		}
		n++
	}
	if n > 0 {
		v.seen(0, "probes pass all %d edges that were not cut", n)
	}
}

func (y *eye) judgeQuiet(v *verdictOf, e Expectation) {
	if len(e.Quiet) == 0 {
		return
	}
	all, err := y.ends()
	if err != nil {
		v.misses("whether a connection was ended is not known: %v", err)
		return
	}
	for _, node := range e.Quiet {
		ended := false
		for _, x := range all {
			if x.Edge.From == node && x.LastNs >= e.SinceNs && x.Count > 0 {
				v.misses("%s has ended a connection to %s", node, x.Edge.To)
				ended = true
			}
		}
		if !ended {
			v.seen(0, "no FIN and no RST from %s has arrived anywhere", node)
		}
	}
}

func (y *eye) ends() ([]endings, error) {
	if y.endings == nil {
		return nil, fmt.Errorf("nobody counts them")
	}
	return y.endings()
}

// leastTaken is of how many probes a delay is told, and mostOff how far it may be off besides a
// tenth: what a busy host adds to any wait.
const (
	leastTaken  = 20
	leastTrains = 3
	mostOff     = 3 * time.Millisecond
)

func (y *eye) judgeSlow(v *verdictOf, e Expectation, nowNs int64) {
	for _, edge := range e.Slow {
		s := y.sightOf(v, edge)
		if s == nil {
			continue
		}
		if (e.Shape.Delay > 0 || e.Shape.Jitter > 0) && !judgeDelay(v, s, e) {
			continue // a train would be in the way of the probes that tell it
		}
		if e.Shape.Rate > 0 {
			y.again(y.byEdge[edge], func(t *trail) { t.sendTrain(e.Shape.Rate) })
			judgeRate(v, s, e)
		}
		if e.Shape.Loss > 0 {
			y.again(y.byEdge[edge], (*trail).sendSwarm)
			judgeLoss(v, s, e, nowNs)
		}
	}
}

// judgeDelay compares how long probes take, before any train is sent, with how long they took
// before the fault.
func judgeDelay(v *verdictOf, s *sight, e Expectation) bool {
	s.mu.Lock()
	before, _ := s.usual(e.SinceNs)
	s.mu.Unlock()
	want := e.Shape.Delay
	took, firstNs := s.delayed(e.SinceNs, before+max(want-e.Shape.Jitter, want/2)*9/10)
	if len(took) < leastTaken {
		v.misses("%s: only %d probes were slow", s.edge, len(took))
		return false
	}
	took = took[len(took)-min(len(took), 100):]
	slices.Sort(took)
	added := took[len(took)/2] - before
	if off := (added - want).Abs(); off > want/10+e.Shape.Jitter/3+mostOff {
		v.misses("%s: probes take %s more, not %s", s.edge, added.Round(100*time.Microsecond), want)
		return false
	}
	v.seen(firstNs, "probes from %s take %s more", s.edge, added.Round(100*time.Microsecond))
	return true
}

func judgeRate(v *verdictOf, s *sight, e Expectation) {
	bits, firstNs := s.rates(e.SinceNs)
	if len(bits) < leastTrains {
		v.misses("%s: its rate was measured %d times", s.edge, len(bits))
		return
	}
	bits = slices.Clone(bits[len(bits)-min(len(bits), 5):])
	slices.Sort(bits)
	got, want := bits[len(bits)/2], float64(e.Shape.Rate)
	if math.Abs(got-want) > want/10 {
		v.misses("%s: %.3g bit/s pass, not %.3g", s.edge, got, want)
		return
	}
	v.seen(firstNs, "%.3g bit/s pass from %s", got, s.edge)
}

// judgeLoss wants the share that is lost to be one that the share asked for can give by chance.
func judgeLoss(v *verdictOf, s *sight, e Expectation, nowNs int64) {
	lost, sent, firstNs := s.shareLost(e.SinceNs, nowNs)
	share := float64(e.Shape.Loss)
	mean := share * float64(sent)
	off := math.Abs(float64(lost) - mean)
	if sent < 1000 || off > mean/10+3*math.Sqrt(mean*(1-share)) {
		v.misses("%s: %d of %d datagrams are lost", s.edge, lost, sent)
		return
	}
	v.seen(firstNs, "%d of %d datagrams from %s are lost", lost, sent, s.edge)
}

// trainEvery is how often an edge is measured while somebody wants to know.
const trainEvery = 150 * time.Millisecond

// again sends another row of datagrams along an edge, unless one has just been sent.
func (y *eye) again(t *trail, send func(*trail)) {
	y.mu.Lock()
	due := time.Since(y.running[t]) > trainEvery
	if due {
		y.running[t] = time.Now()
	}
	y.mu.Unlock()
	if due {
		go send(t)
	}
}
