package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// sideColumn is the column of a result that says on which side of a switch it lies: the start of
// its window, or the number of the event it answers; -1 if there is none.
func sideColumn(q workloads.Query) int {
	if q.OneEach() {
		column, _ := q.Anchor()
		return column
	}
	return slices.IndexFunc(q.Columns(), func(f workloads.ResultField) bool {
		return f.Name == workloads.WindowStart || f.Name == workloads.SessionFrom
	})
}

// cut reports whether the stream was ended before the second instance knew: what it answered beyond
// that has nothing to be compared with. It happens in runs that are INVALID.
func (p *replay) cut() bool { return p.of.events != p.events }

// drain waits until the second instance has answered everything too.
func (p *replay) drain(ctx context.Context) error {
	if p.cut() {
		return p.stop()
	}
	gap, err := p.of.settle(ctx, p.done, p.moved)
	if err != nil {
		return err
	}
	if gap == "" {
		return p.err
	}
	err = p.stop()
	p.gap = gap
	return err
}

// check has the oracle class the results of the second instance, and compares them with those of
// the first and with the view that was switched from one to the other.
func (p *replay) check(ctx context.Context) error {
	r := p.of
	if p.cut() {
		return nil
	}
	d := r.delivered(p.system)
	if err := p.stop(); err != nil {
		return err
	}
	start := time.Now()
	l, err := p.checker.Finish(ctx, d)
	if err != nil {
		return fmt.Errorf("check results of the replay: %w", err)
	}
	p.Ledger = ledgerEntry(l, d)
	p.Ledger.Conclusive, p.Ledger.Why = p.gap == "", p.gap
	p.Ledger.CheckNs = int64(time.Since(start))
	p.measure()
	if err := errors.Join(p.compare(), p.view()); err != nil {
		return fmt.Errorf("compare results of the replay: %w", err)
	}
	r.note(record.Entry{Kind: record.KindMode, Mode: &record.Mode{Replay: &p.Replay}})
	return nil
}

// measure reads how fast the second instance was. It has ended.
func (p *replay) measure() {
	s := p.shadow
	p.CaughtNs = s.caughtNs
	if s.last.ns > p.ReadyNs {
		p.Events, p.Ns, p.AtLeast = s.last.slots, s.last.ns-p.ReadyNs, s.last.atLeast
		p.Due = p.load.DueBy(s.last.ns) - p.load.DueBy(p.ReadyNs)
	}
	if p.CaughtNs == 0 {
		p.CPUNs = p.spent.Load()
	}
}

// compare holds the sorted lines of both instances against each other.
func (p *replay) compare() (err error) {
	q := p.of.job.Workload.Query
	live, shadow := filepath.Join(p.dir, "live.lines"), filepath.Join(p.dir, "shadow.lines")
	if p.LiveLines, p.LiveSHA256, err = sortedLines(p.of.checker, q, p.dir, live); err != nil {
		return err
	}
	if p.Lines, p.LinesSHA256, err = sortedLines(p.checker, q, p.dir, shadow); err != nil {
		return err
	}
	line, first, differs, err := firstDifference(live, shadow)
	if differs {
		p.Differs = "only the replay has " + line
		if first {
			p.Differs = "only the first instance has " + line
		}
	}
	return errors.Join(err, os.Remove(live), os.Remove(shadow))
}

// view holds the identities of the switched view against those of the first instance, which the
// oracle has checked: it must have every one of them once.
func (p *replay) view() (err error) {
	w := p.of.job.Workload
	if p.Projection {
		return nil
	}
	v := switched{q: w.Query, column: sideColumn(w.Query), at: p.Switch}
	p.Field = w.Query.Columns()[v.column].Name
	if p.SwitchNs == 0 {
		return nil
	}
	v.all, v.view = newLineSorter(p.dir), newLineSorter(filepath.Dir(p.dir))
	if p.OfLive, err = v.take(p.of.checker, false); err != nil {
		return err
	}
	if p.OfShadow, err = v.take(p.checker, true); err != nil {
		return err
	}
	p.ViewDiffers, err = v.differs(p.dir)
	return err
}

// switched is a view that takes the results below a switch of a first instance, and all others of a
// second one.
type switched struct {
	q         workloads.Query
	column    int   // what lies on one side of the switch or the other
	at        int64 // the switch: the first value of the second side
	all, view *lineSorter
	row       []int64
	line      []byte
}

// take adds the identities of one instance: of the first to all there are, of each those of its
// side to the view. It returns how many the view took.
func (v *switched) take(of workloads.Checker, second bool) (n uint64, err error) {
	var fields []workloads.ResultField
	var at []int
	for i, f := range v.q.Columns() {
		if f.Identity {
			fields, at = append(fields, f), append(at, i)
		}
	}
	v.row = make([]int64, len(at))
	err = of.Results(func(row []int64, _ int64) error {
		for i, c := range at {
			v.row[i] = row[c]
		}
		v.line = workloads.Line(v.line[:0], v.row, fields...)
		if !second {
			if err := v.all.add(v.line); err != nil {
				return err
			}
		}
		if second != (row[v.column] >= v.at) {
			return nil
		}
		n++
		return v.view.add(v.line)
	})
	return n, err
}

// differs names the first identity that the view does not have as often as the first instance;
// empty if there is none.
func (v *switched) differs(dir string) (string, error) {
	all, view := filepath.Join(dir, "all.lines"), filepath.Join(dir, "view.lines")
	if _, _, err := v.all.finish(all); err != nil {
		return "", err
	}
	if _, _, err := v.view.finish(view); err != nil {
		return "", err
	}
	line, missing, differs, err := firstDifference(all, view)
	err = errors.Join(err, os.Remove(all), os.Remove(view))
	switch {
	case !differs:
		return "", err
	case missing:
		return line + " is missing", err
	}
	return line + " is there once too often", err
}
