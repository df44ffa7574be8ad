package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// lineEvery is the time between two lines of progress where there is no terminal.
const lineEvery = 10 * time.Second

// shortest is the least time between two ticks that a rate is shown of, in ns.
const shortest = int64(100 * time.Millisecond)

// progress shows a run from the entries of its record. On a terminal it is one line that is
// rewritten in place; elsewhere one line a phase and one each 10 s, in fixed columns, in UTC.
type progress struct {
	mu      sync.Mutex
	out     io.Writer
	columns int           // of the terminal, 0 for none
	each    time.Duration // between two lines elsewhere
	start   time.Time     // UTC of the run clock's zero
	length  time.Duration // of warm-up and steady of one repetition, 0 if not known

	total   int          // repetitions
	current int          // of them, from 1
	last    record.Entry // tick of the last line
	lastAt  int64
	live    bool // the last thing written was a line to be rewritten

	steadyNs int64           // since T0, when steady of the repetition at hand began
	broken   map[string]bool // faults that were shown to take effect
}

// newProgress shows a run on a.errs; length is that of warm-up and steady, for the time left.
func (a *app) newProgress(length time.Duration) *progress {
	p := &progress{out: a.errs, columns: columns(a.errs), each: lineEvery, length: length}
	switch {
	case a.quiet:
		p.out = io.Discard
	case a.verbose:
		p.each, p.columns = 0, 0
	}
	return p
}

// Add shows an entry.
func (p *progress) Add(e record.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.start.IsZero() {
		p.start = time.Now().UTC().Add(-time.Duration(e.T))
	}
	if p.faultEntry(e) {
		return nil
	}
	switch {
	case e.Plan != nil:
		p.total = len(e.Plan.Order)
		p.line(e.T, "plan", "%s  %s", e.Plan.Scenario, repetitions(e.Plan.Order))
		for _, w := range e.Plan.Warnings {
			p.line(e.T, "warning", "%s", w)
		}
	case e.Phase != nil:
		p.phase(e)
	case e.Tick != nil:
		p.tick(e)
	case e.Warning != nil && (!probes(e) || p.each == 0):
		p.line(e.T, "warning", "%s%s", of(e), e.Warning.Text)
	case e.Error != nil && (!probes(e) || p.each == 0):
		p.line(e.T, "error", "%s%s", of(e), e.Error.Text)
	case e.Probe != nil:
		p.line(e.T, word(e, "probe", "drain"), "%s%s/s%s  %s", of(e), count(e.Probe.Rate),
			bareText(e.Probe), probeText(e.Probe))
	case e.Bracket != nil:
		p.line(e.T, word(e, "search", "estimate"), "%s%s", of(e), bracketText(e.Bracket))
	case e.Mode != nil:
		p.line(e.T, "mode", "%s%s", of(e), modeText(e.Mode))
	case e.Repair != nil:
		p.line(e.T, "repair", "%s%s", of(e), repairText(e.Repair))
	case e.Ledger != nil && (!probes(e) || p.each == 0):
		p.line(e.T, "ledger", "%s%s", of(e), ledgerText(e.Ledger))
	}
	return nil
}

func of(e record.Entry) string {
	if e.System == "" {
		return ""
	}
	return e.System + "  "
}

func repetitions(order []record.Repeat) string {
	if len(order) == 1 {
		return "1 repetition of " + order[0].System
	}
	text := fmt.Sprintf("%d repetitions", len(order))
	discarded, twins := 0, 0
	for _, r := range order {
		switch {
		case r.Twin:
			twins++
		case !r.Kept:
			discarded++
		}
	}
	if twins > 0 {
		text += fmt.Sprintf(", %d of them without the faults", twins)
	}
	if discarded > 0 || twins == 0 {
		text += fmt.Sprintf(", %d of them discarded", discarded)
	}
	return text
}

// ledgerText is the account in one line: what was right, then what was not.
func ledgerText(l *record.Ledger) string {
	return fmt.Sprintf("%d results right, lost %d, duplicated %d, wrong %d, phantom %d",
		l.Matched, l.Lost, l.Duplicated, l.Wrong, l.Phantom)
}

// modeText is what became of a mode, before it is judged.
func modeText(m *record.Mode) string {
	if b := m.Batch; b != nil {
		return fmt.Sprintf("%d events answered in %s as fast as taken: %d results, streamed %d",
			b.Events, summary.Format(float64(b.Ns), record.Nanoseconds), b.Lines, b.StreamLines)
	}
	if r := m.Replay; r != nil {
		if r.CaughtNs == 0 {
			return fmt.Sprintf("a second instance did not catch up: %d results, live %d", r.Lines,
				r.LiveLines)
		}
		return fmt.Sprintf("a second instance caught up in %s: %d results, live %d",
			summary.Format(float64(r.CaughtNs-r.FromNs), record.Nanoseconds), r.Lines, r.LiveLines)
	}
	return fmt.Sprintf("the sink stalled from %s to %s",
		summary.Format(float64(m.Stall.FromNs), record.Nanoseconds),
		summary.Format(float64(m.Stall.ToNs), record.Nanoseconds))
}

// repairText is what became of repaired dead letters, before it is judged.
func repairText(r *record.Repair) string {
	if r.Failure != nil {
		return "the dead letters could not be replayed: " + r.Failure.Text
	}
	return fmt.Sprintf("%d dead letters repaired and replayed: %s", r.Letters, ledgerText(r.Ledger))
}

// probeText is the answer of a probe with its reason.
func probeText(p *record.Probe) string {
	why := p.Text
	if why == "" {
		why = p.Reason
	}
	if why != "" {
		return p.Answer + ": " + why
	}
	return p.Answer
}

// word is one for what was searched, and another for what was estimated by a drain.
func word(e record.Entry, searched, drained string) string {
	if e.Probe != nil && e.Probe.Drain != nil || e.Bracket != nil && e.Bracket.Estimate != nil {
		return drained
	}
	return searched
}

// bareText tells a probe that learns what protection costs from others.
func bareText(p *record.Probe) string {
	if p.Unprotected {
		return " without checkpoints"
	}
	return ""
}

// bracketText is the answer of a search in one line.
func bracketText(b *record.Bracket) string {
	switch {
	case b.Unsettled != "":
		return "no answer: " + b.Unsettled
	case b.Passed == 0:
		return fmt.Sprintf("no rate passed, the lowest tried was %s/s (%s)", count(b.Failed), b.Reason)
	}
	text := count(b.Passed) + "/s passed"
	if b.Estimate != nil {
		text = count(b.Passed) + "/s ESTIMATED by a drain of " + count(float64(b.Estimate.Events)) +
			" events"
	}
	if b.Failed > 0 {
		text += fmt.Sprintf(", %s/s failed (%s)", count(b.Failed), b.Reason)
	}
	if b.Repeats > 0 {
		text += fmt.Sprintf(", confirmed %d of %d times", b.Confirmed, b.Repeats)
	}
	if b.From != "" {
		text += ", found by run " + b.From
	}
	if b.Offered != b.Passed && b.Offered > 0 {
		text += fmt.Sprintf("; offered %s/s", count(b.Offered))
	}
	return text
}

// phase shows that a phase begins. Where lines stay, a probe has but one: its answer.
func (p *progress) phase(e record.Entry) {
	if e.Phase.Name == record.PhaseDeploy && !probes(e) {
		p.current++
	}
	if e.Phase.Name == record.PhaseSteady {
		p.steadyNs = e.Phase.ScheduleNs
	}
	p.last, p.lastAt = record.Entry{}, e.T
	if p.columns > 0 {
		p.rewrite("%s %s  %s  %s", p.clock(e.T), p.which(e), e.System, e.Phase.Name)
	} else if !probes(e) || p.each == 0 {
		p.line(e.T, p.which(e), "%s  %s", e.System, e.Phase.Name)
	}
}

// probes reports whether an entry is of a probe of a search.
func probes(e record.Entry) bool {
	return e.Rep >= record.FirstProbe && e.Rep < record.FirstTwin
}

// which names the repetition an entry is of.
func (p *progress) which(e record.Entry) string {
	if probes(e) {
		return fmt.Sprintf("probe %d", e.Rep-record.FirstProbe+1)
	}
	text := fmt.Sprintf("%d/%d", p.current, max(p.total, p.current))
	if p.columns > 0 {
		return text
	}
	return "run " + text
}

func (p *progress) tick(e record.Entry) {
	if p.last.Tick == nil {
		p.last = e
	}
	if gap := e.Tick.ScheduleNs - p.last.Tick.ScheduleNs; gap > 0 && gap < shortest {
		return // two ticks at the border of a phase: no rate can be read from so little time
	}
	if p.columns == 0 && time.Duration(e.T-p.lastAt) < p.each {
		return
	}
	r := ratesOf(p.last, e)
	if p.columns > 0 {
		p.rewrite("%s %s  %s  %-6s  %s%s/s offered  p99 %s  backlog %s", p.clock(e.T), p.which(e),
			e.System, e.Tick.Phase, p.left(e), r.offered, r.p99, r.backlog)
	} else {
		p.line(e.T, p.which(e), "%s  %s/s offered %s/s accepted %s/s results  "+
			"p50 %s p99 %s p99.9 %s  backlog %s", e.System, r.offered, r.accepted, r.results,
			r.p50, r.p99, r.p999, r.backlog)
	}
	p.last, p.lastAt = e, e.T
}

// rates are what a line of progress shows of two ticks: rates between them, percentiles of the last
// slice, and a dash for what is not measured.
type rates struct {
	offered, accepted, results, p50, p99, p999, backlog string
}

func ratesOf(from, to record.Entry) rates {
	a, b := from.Tick, to.Tick
	if a == nil || a.ScheduleNs >= b.ScheduleNs {
		a = &record.Tick{}
	}
	seconds := float64(b.ScheduleNs-a.ScheduleNs) / 1e9
	rate := func(x, y uint64) string {
		if seconds <= 0 || y < x {
			return "-"
		}
		return count(float64(y-x) / seconds)
	}
	latency := func(ns int64) string {
		if ns == 0 {
			return "-"
		}
		return duration(time.Duration(ns))
	}
	return rates{
		offered: rate(a.Offered, b.Offered), accepted: rate(a.Accepted, b.Accepted),
		results: rate(a.Results, b.Results), p50: latency(b.P50Ns), p99: latency(b.P99Ns),
		p999: latency(b.P999Ns), backlog: backlogOf(b),
	}
}

// backlogOf is a dash where no result came: backlog is read when one does, and 0 would be a claim.
func backlogOf(k *record.Tick) string {
	if k.Backlog == 0 && k.P50Ns == 0 {
		return "-"
	}
	return count(float64(k.Backlog))
}

// left is how far a repetition is and when the whole run will be over.
func (p *progress) left(e record.Entry) string {
	done := time.Duration(e.Tick.ScheduleNs)
	if p.length == 0 || done > p.length || probes(e) {
		return ""
	}
	rest := p.length - done + time.Duration(p.total-p.current)*p.length
	eta := p.start.Add(time.Duration(e.T) + rest)
	return fmt.Sprintf("%d/%ds  ETA %s  ", int(done.Seconds()), int(p.length.Seconds()),
		eta.Format(time.TimeOnly))
}

func (p *progress) clock(t int64) string {
	return p.start.Add(time.Duration(t)).Format(time.TimeOnly)
}

func (p *progress) line(t int64, what, format string, args ...any) {
	p.clear()
	fmt.Fprintf(p.out, "%s %-9s %s\n", p.clock(t), what, fmt.Sprintf(format, args...))
}

// rewrite puts text in place of the line before, cut to the width of the terminal.
func (p *progress) rewrite(format string, args ...any) {
	text := []rune(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	if len(text) >= p.columns {
		text = text[:p.columns-1]
	}
	fmt.Fprintf(p.out, "\r\x1b[K%s", string(text))
	p.live = true
}

// clear makes room for a line that stays.
func (p *progress) clear() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.live = false
	}
}

// done ends the display.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}
