package workloads

import (
	"fmt"
	"strings"
	"time"
)

// Classes of an Offender.
const (
	classLost       = "lost"
	classDuplicated = "duplicated"
	classWrong      = "wrong"
	classPhantom    = "phantom"
	classLate       = "late" // the system's count of late events does not add up
	// Rows of outputs beside the answers that have to be there and are not, or the other way round.
	classLateMissing = "late-missing"
	classLateForeign = "late-foreign"
	classDeadMissing = "dead-letter-missing"
	classDeadForeign = "dead-letter-foreign"
)

// offendersOfClass is how many offenders of a class a ledger lists.
const offendersOfClass = 5

// tally fills a ledger.
type tally struct {
	p         *plan
	events    uint64
	l         Ledger
	listed    map[string]int
	got, want resultSet
	at        cause // trigger of the expected result at hand, of a window
}

func newTally(p *plan, events uint64) *tally {
	return &tally{
		p: p, events: events, listed: map[string]int{},
		got: newResultSet(p.q), want: newResultSet(p.q),
	}
}

// lost accounts for an expected row nobody delivered.
func (t *tally) lost(want []int64) {
	t.l.Lost++
	t.want.add(want)
	t.due(&t.l.Spread.Lost, want, 1)
	t.offend(classLost, finding{of: want, want: want})
}

// phantom accounts for a delivered row nobody expected.
func (t *tally) phantom(got []int64) { t.phantomBecause(got, "") }

func (t *tally) phantomBecause(got []int64, note string) {
	t.l.Phantom++
	t.offend(classPhantom, finding{of: got, got: got, note: note})
}

// wrong accounts for an identity delivered with another value.
func (t *tally) wrong(got, want []int64) {
	t.l.Wrong++
	t.mistaken(got, want)
	if t.listed[classWrong] < offendersOfClass {
		note := t.difference(got, want)
		t.offend(classWrong, finding{of: want, got: got, want: want, note: note})
	}
}

// duplicated accounts for copies of an identity beyond the first.
func (t *tally) duplicated(row []int64, copies uint64) {
	t.l.Duplicated += copies
	t.due(&t.l.Spread.Duplicated, row, copies)
	note := fmt.Sprintf("delivered %d times", copies+1)
	t.offend(classDuplicated, finding{of: row, got: row, note: note})
}

// finding is what was found wrong with an identity, the one of row of.
type finding struct {
	of, got, want []int64
	note          string
}

// lists says whether there is room for one more offender of a class, and takes it.
func (t *tally) lists(class string) bool {
	t.listed[class]++
	return t.listed[class] <= offendersOfClass
}

// offend lists an offender while there is room in its class.
func (t *tally) offend(class string, f finding) {
	if !t.lists(class) {
		return
	}
	o := Offender{Class: class, Identity: t.p.identity(f.of), Note: f.note}
	if f.got != nil {
		o.Got = t.p.line(f.got)
	}
	if f.want != nil {
		o.Want = t.p.line(f.want)
	}
	t.l.Offenders = append(t.l.Offenders, o)
}

// unexplained notes n results or events the account cannot place.
func (t *tally) unexplained(n uint64, note string) {
	t.l.Unexplained += n
	t.l.Offenders = append(t.l.Offenders, Offender{Class: classLate, Note: note})
}

// close completes the ledger: digests, and the two equations every result and identity obey.
func (t *tally) close() Ledger {
	l := &t.l
	l.Expected = t.want.count
	l.Count, l.Digest = t.got.count, t.got.digest()
	l.WantCount, l.WantDigest = t.want.count, t.want.digest()
	l.Unexplained += distance(l.Expected, l.Matched+l.Lost+l.Wrong)
	l.Unexplained += distance(l.Received,
		l.Matched+l.Wrong+l.Duplicated+l.Phantom+l.Corrupt+l.Refinements)
	return *l
}

// clean says that every expected result was delivered right, once, and nothing else.
func (l *Ledger) clean() bool {
	for _, s := range []*Side{l.LateOutput, l.DeadLetters} {
		if s != nil && s.Missing+s.Foreign > 0 {
			return false
		}
	}
	return l.Lost+l.Wrong+l.Phantom+l.Duplicated+l.Corrupt+l.Unexplained == 0
}

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// timeLayout is how times are written beside milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

func timeText(ms int64) string { return time.UnixMilli(ms).UTC().Format(timeLayout) }

// line is the line of a result.
func (p *plan) line(row []int64) string {
	return string(Line(nil, row[:len(p.columns)], p.columns...))
}

// identity renders what names a result: its identity fields, window starts as times of day, too.
func (p *plan) identity(row []int64) string {
	parts := strings.Split(p.line(row), "|")
	var out []string
	col := 0
	for _, f := range p.q.Output.Fields {
		if f.Identity && col < len(parts) {
			s := f.Name + "=" + parts[col]
			if o := p.out[col]; o.from == fromStart || o.from == fromEnd {
				s += " (" + timeText(row[col]) + ")"
			}
			out = append(out, s)
		}
		col += p.q.FieldWidth(f)
	}
	return strings.Join(out, " ")
}

// difference says which way a wrong value is wrong. Count and the sum of sequence numbers tell lost
// events from events counted twice; where it is one event they name it.
func (t *tally) difference(got, want []int64) string {
	p := t.p
	if !p.q.SingleLevel() {
		if p.partsAt >= 0 && p.equal(got[:len(p.columns)], want) {
			return "right in sum, but of other single values of " + p.q.Process.Parts
		}
		return "another value of " + strings.Join(p.differing(got, want), ", ")
	}
	c := p.counts()
	n, seq := got[c]-want[c], uint64(got[c+1]-want[c+1])
	switch {
	case n == 0 && seq == 0:
		return "the right events, but another value of " + strings.Join(p.differing(got, want), ", ")
	case n == 0:
		return "as many events, but not the same"
	case n == -1 && t.inside(-seq, want):
		return fmt.Sprintf("event %d lost", -seq)
	case n < 0:
		return fmt.Sprintf("%d events lost", -n)
	case n == 1 && t.inside(seq, want):
		return fmt.Sprintf("event %d counted twice", seq)
	case n == 1 && seq < t.events:
		return fmt.Sprintf("event %d counted, which does not belong here", seq)
	}
	return fmt.Sprintf("%d events counted twice or from elsewhere", n)
}

// differing names the fields in which two results differ.
func (p *plan) differing(a, b []int64) []string {
	var names []string
	col := 0
	for _, f := range p.q.Output.Fields {
		next := col + p.q.FieldWidth(f)
		for c := col; c < next; c++ {
			if !p.equalAt(c, a[c], b[c]) {
				names = append(names, f.Name)
				break
			}
		}
		col = next
	}
	return names
}

// reaches says whether the sliding window a row stands for has an event of a key at a time.
func (t *tally) reaches(row []int64, key, ts int64) bool {
	p, w := t.p, t.p.w
	column, _ := p.q.Anchor()
	b := NewBatchOf(w.Schema, p.cols, 1)
	w.Events().Fill(b, Slots{First: w.Timeline.Slot(uint64(row[column])), Step: 1, N: 1})
	of := p.key.bind(b)
	return key == of.at(0) && b.TS[0]-p.q.Window.SizeMs <= ts && ts <= b.TS[0]
}

// inside says whether event n belongs to the result a row stands for.
func (t *tally) inside(n uint64, row []int64) bool {
	p, w := t.p, t.p.w
	if n >= t.events {
		return false
	}
	b := NewBatchOf(w.Schema, p.cols, 1)
	w.Events().Fill(b, Slots{First: w.Timeline.Slot(n), Step: 1, N: 1})
	sel := p.selector()
	if sel.bind(w, b); !sel.takes(0) {
		return false
	}
	key, ts := p.key.bind(b), b.TS[0]
	if p.q.Window.Kind == Sliding {
		return t.reaches(row, key.at(0), ts)
	}
	first, end := int64(-farFuture), int64(farFuture)
	for i, o := range p.out {
		switch o.from {
		case fromKey:
			if row[i] != key.at(0) {
				return false
			}
		case fromStart:
			first = row[i]
		case fromEnd:
			end = row[i]
		}
	}
	if p.q.Window.Kind != Session && first > -farFuture {
		end = first + p.q.Window.SizeMs
	}
	return first <= ts && ts < end
}
