package reports

import (
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// ledgerLines are the accounts of a ledger, in the order of its two equations and of what follows.
var ledgerLines = []struct {
	name, doc string
	of        func(l *record.Ledger) (n uint64, has bool)
}{
	{"expected", "results the oracle computed from the stream: right + lost + wrong",
		func(l *record.Ledger) (uint64, bool) { return l.Expected, true }},
	{"received", "right + wrong + duplicated + phantom + corrupt + refinements",
		func(l *record.Ledger) (uint64, bool) { return l.Received, true }},
	{"right", "of the expected identity and value",
		func(l *record.Ledger) (uint64, bool) { return l.Matched, true }},
	{"lost", "", func(l *record.Ledger) (uint64, bool) { return l.Lost, true }},
	{"duplicated", "", func(l *record.Ledger) (uint64, bool) { return l.Duplicated, true }},
	{"wrong", "", func(l *record.Ledger) (uint64, bool) { return l.Wrong, true }},
	{"phantom", "", func(l *record.Ledger) (uint64, bool) { return l.Phantom, true }},
	{"corrupt", "", func(l *record.Ledger) (uint64, bool) { return l.Corrupt, true }},
	{"refinements", "further values of a result, after allowed late events",
		func(l *record.Ledger) (uint64, bool) { return l.Refinements, l.Refinements > 0 }},
	{"events in", "offered to the query",
		func(l *record.Ledger) (uint64, bool) { return l.EventsIn, true }},
	{"on time", "events before the watermark of the whole stream",
		func(l *record.Ledger) (uint64, bool) { return l.OnTime, l.OnTime > 0 }},
	{"allowed late", "late events inside the allowed lateness",
		func(l *record.Ledger) (uint64, bool) { return l.AllowedLate, l.AllowedLate > 0 }},
	{"too late", "events whose window was dropped, as the system counted them",
		func(l *record.Ledger) (uint64, bool) { return l.TooLate, l.TooLate > 0 }},
	{"late output", "events in the output for those too late",
		func(l *record.Ledger) (uint64, bool) { return received(l.LateOutput) }},
	{"late output: missing", "must be there and are not",
		func(l *record.Ledger) (uint64, bool) { return missing(l.LateOutput) }},
	{"late output: foreign", "must not be there",
		func(l *record.Ledger) (uint64, bool) { return foreign(l.LateOutput) }},
	{"dead letters", "events that could not be read, in the output for them",
		func(l *record.Ledger) (uint64, bool) { return received(l.DeadLetters) }},
	{"dead letters: missing", "must be there and are not",
		func(l *record.Ledger) (uint64, bool) { return missing(l.DeadLetters) }},
	{"dead letters: foreign", "must not be there",
		func(l *record.Ledger) (uint64, bool) { return foreign(l.DeadLetters) }},
}

// unjudged are the accounts that need no oracle.
var unjudged = []string{"received", "refinements", "events in", "too late", "late output",
	"dead letters"}

func received(s *record.Side) (uint64, bool) {
	if s == nil {
		return 0, false
	}
	return s.Received, true
}

func missing(s *record.Side) (uint64, bool) {
	if s == nil {
		return 0, false
	}
	return s.Missing, true
}

func foreign(s *record.Side) (uint64, bool) {
	if s == nil {
		return 0, false
	}
	return s.Foreign, true
}

// ledger fills the table of accounts: a column for each system that has one, of its worst
// repetition. A line no system has is left out.
func (p *page) ledger(r *summary.Result) {
	for _, s := range r.Systems {
		if s.Ledger != nil {
			p.LedgerOf = append(p.LedgerOf, s.Name)
		}
	}
	for _, line := range ledgerLines {
		row, any := figureRow{Name: line.name, Doc: line.doc}, false
		for _, s := range r.Systems {
			if s.Ledger == nil {
				continue
			}
			n, has := line.of(s.Ledger)
			has = has && (!s.Ledger.Unchecked || slices.Contains(unjudged, line.name))
			cell := "–"
			if has {
				cell = summary.Count(float64(n))
			}
			any = any || has
			row.Cells = append(row.Cells, cell)
		}
		if any {
			p.Ledger = append(p.Ledger, row)
		}
	}
}
