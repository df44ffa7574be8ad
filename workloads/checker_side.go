package workloads

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Side is the account of an output beside the answers. Every row of such an output names an event:
// one that came too late, or that could not be read.
type Side struct {
	Expected uint64 `json:"expected"` // rows that must be there, by the stream itself
	Received uint64 `json:"received"`
	Missing  uint64 `json:"missing"` // that must be there and are not
	// Foreign are rows that must not be there: of events that do not belong there, with another
	// value, or there already.
	Foreign uint64 `json:"foreign"`
}

// sideLog keeps the rows of an output beside the answers until the oracle knows what belongs there.
type sideLog struct {
	p      *plan
	stream Stream
	rows   *spool
	row    []int64
	batch  *Batch // of the one event a row names
	events Generator
	seen   *eventSet // events that belong there and are
}

func newSideLog(p *plan, s Stream, dir string) (*sideLog, error) {
	width := p.q.WidthOf(s)
	rows, err := newSpool(dir, width, 1)
	return &sideLog{
		p: p, stream: s, rows: rows, row: make([]int64, width),
		batch: NewBatchOf(p.w.Schema, p.cols, 1), events: p.w.Events(),
	}, err
}

// errNoOutput says that rows came of an output the query does not have.
func errNoOutput(q Query, s Stream) error {
	return fmt.Errorf("check results of query %s: rows of output %d, which it does not have", q.Name,
		s)
}

func (s *sideLog) add(rs *Results) error {
	for i := range rs.N {
		if err := s.rows.add(0, rs.Row(s.row, i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sideLog) close() error {
	if s == nil {
		return nil
	}
	return s.rows.close()
}

// sideRule says what belongs in an output.
type sideRule struct {
	belongs func(n uint64) bool
	// all are the events that must be there, ascending; nil where none has to be.
	all iter.Seq[uint64]
	// fault says what is wrong with a row of an event that belongs there; empty if nothing is.
	fault            func(row []int64) string
	stray            string // what to say of an event that does not belong there
	missing, foreign string // classes of offenders
}

// judge classes every row received and names what is missing. The tally has to know by now how many
// events there were.
func (s *sideLog) judge(t *tally, r sideRule) (*Side, error) {
	l := &Side{}
	s.seen = newEventSet()
	err := s.rows.readAll(func(row []int64) error {
		l.Received++
		if note := s.fault(t, row, r); note != "" {
			l.Foreign++
			if t.lists(r.foreign) {
				t.l.Offenders = append(t.l.Offenders, Offender{Class: r.foreign,
					Identity: s.named(row[0], t.events), Got: string(Line(nil, row)), Note: note})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.Expected = s.seen.n
	if r.all == nil {
		return l, nil
	}
	for n := range r.all {
		if !s.seen.has(n) {
			l.Missing++
			if t.lists(r.missing) {
				t.l.Offenders = append(t.l.Offenders,
					Offender{Class: r.missing, Identity: s.named(int64(n), t.events)})
			}
		}
	}
	l.Expected += l.Missing
	return l, nil
}

// fault says what is wrong with a row, empty if nothing is, and marks its event as seen.
func (s *sideLog) fault(t *tally, row []int64, r sideRule) string {
	n := uint64(row[0])
	switch {
	case n >= t.events:
		return "there is no such event"
	case !r.belongs(n):
		return r.stray
	case !s.seen.add(n):
		return "it is there already"
	}
	return r.fault(row)
}

// event generates the event a row names.
func (s *sideLog) event(n uint64) *Batch {
	slot := s.p.w.Timeline.Slot(n)
	s.events.Fill(s.batch, Slots{First: slot, Step: 1, N: 1})
	return s.batch
}

// named renders an event: its number and time and, where the query groups events, its key and
// window.
func (s *sideLog) named(n int64, events uint64) string {
	if uint64(n) >= events {
		return fmt.Sprintf("%s=%d", seqField, n)
	}
	b := s.event(uint64(n))
	text := fmt.Sprintf("%s=%d (%s)", seqField, n, timeText(b.TS[0]))
	if q := s.p.q; q.Key != "" && q.Window.SizeMs > 0 {
		key, w := s.p.key.bind(b), floorTo(b.TS[0], q.Window.SizeMs)
		text += fmt.Sprintf(" %s=%d %s=%d (%s)", q.Key, key.at(0), WindowStart, w, timeText(w))
	}
	return text
}

// lateRule is the rule of a late output, of which the oracle has found what belongs there. Where
// the watermark of a system may trail the ideal one no row has to be there: an event that is not
// has to count, which is for the account of the answers to tell.
func (s *sideLog) lateRule(tooLate *eventSet, strict bool) sideRule {
	r := sideRule{
		belongs: tooLate.has, fault: s.lateFault,
		stray:   "it is not too late by the ideal watermark, which no system's leads",
		missing: classLateMissing, foreign: classLateForeign,
	}
	if strict {
		r.all = tooLate.all()
	}
	return r
}

func (s *sideLog) lateFault(row []int64) string {
	b := s.event(uint64(row[0]))
	var names []string
	want := slices.Clone(row)
	for i, f := range s.p.late {
		v := f.bind(b)
		if want[i] = v.at(0); want[i] != row[i] {
			names = append(names, s.p.q.Late.Fields[i].Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("another value of %s: the event is %s", strings.Join(names, ", "),
		Line(nil, want))
}

// Columns of a dead letter.
const (
	deadPartition = 1 + iota
	deadOffset
	deadReason
	deadAttempts
)

// deadRule is the rule of the dead letters of the first events of a stream: exactly those that
// nobody can read.
func (s *sideLog) deadRule(events uint64) sideRule {
	reason := s.p.w.reason
	if reason == nil {
		reason = func(uint64) int64 { return 0 }
	}
	return sideRule{
		belongs: func(n uint64) bool { return reason(n) != 0 },
		all: func(yield func(n uint64) bool) {
			for n := range events {
				if reason(n) != 0 && !yield(n) {
					return
				}
			}
		},
		fault: func(row []int64) string {
			want := reason(uint64(row[0]))
			switch {
			case row[deadReason] != want:
				return fmt.Sprintf("reason %d, which should be %d", row[deadReason], want)
			case row[deadAttempts] < 1:
				return fmt.Sprintf("%d attempts to read it", row[deadAttempts])
			case row[deadPartition] < 0 || row[deadOffset] < 0:
				return "it does not say where the event lay"
			}
			return ""
		},
		stray:   "it can be read",
		missing: classDeadMissing, foreign: classDeadForeign,
	}
}
