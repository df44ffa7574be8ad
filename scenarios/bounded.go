package scenarios

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// bounded is an input that was answered as fast as it was taken, before the same input is streamed.
//
//	first: rate max, exactly N events --> sorted lines --+
//	then:  the schedule, the same N events --> sorted lines --> equal byte for byte?
type bounded struct {
	record.Batch
	lines string // path of its sorted lines
}

// first does what has to be done before a repetition, and reports whether that can be carried out.
func (r *run) first(ctx context.Context, rep *repetition) bool {
	if rep.mode.Name != record.ModeBatch {
		return true
	}
	b, failed := r.answerBounded(ctx, rep)
	if failed != nil {
		rep.note(record.Entry{Kind: record.KindError, Error: failed})
		rep.note(record.Entry{Kind: record.KindEnd, End: &record.End{}})
		return false
	}
	rep.bounded, rep.lines = b, filepath.Join(r.dir, linesName(rep.plan))
	if ctx.Err() != nil {
		rep.dropLines()
		return false
	}
	return true
}

// linesName is the file of a repetition's sorted lines; clean knows it as a leftover.
func linesName(of record.Repeat) string {
	return fmt.Sprintf("spool-%s-%d.lines", fileName(of.System), of.Rep)
}

// answerBounded has the system of a repetition answer the same input as fast as it takes it.
func (r *run) answerBounded(ctx context.Context, of *repetition) (*bounded, *record.Failure) {
	w, err := r.watch()
	if err != nil {
		return nil, &record.Failure{Phase: record.PhaseDeploy, Text: err.Error(), Exit: exitNotReady}
	}
	defer w.end()
	rep := r.prepare(r.systemOf(of.plan), record.Repeat{
		System: of.plan.System, Rep: record.FirstBatch - 1 + of.plan.Rep, Kept: of.plan.Kept,
	})
	rep.journal, rep.keep = w.journal, false
	rep.timing = of.timing.bounded(r.bound)
	rep.lines = filepath.Join(r.dir, linesName(rep.plan))
	b := &bounded{lines: rep.lines}
	rep.bounded = b
	rep.carryOut(ctx)
	b.Bounded, b.Events, b.Ledger = true, rep.events, rep.ledger
	for _, e := range w.entries {
		switch {
		case e.Error != nil:
			os.Remove(rep.lines)
			return nil, e.Error
		case e.Tick != nil:
			b.Ns = e.Tick.ScheduleNs
			b.CPUNs = rep.spent.driverNs + rep.spent.systemNs + e.Tick.CPU.BrokerNs
		}
	}
	return b, nil
}

// bounded is a load of the same events that has no schedule.
func (t timing) bounded(w *workloads.Workload) timing {
	t.steadyFrom = int64(t.warmup)
	n := t.slots(w.Timeline.Groups)
	return timing{events: n, drain: t.drain}
}

// sortLines writes the canonical lines of all results received.
func (r *repetition) sortLines() error {
	n, sum, err := sortedLines(r.checker, r.job.Workload.Query, r.spoolDir(), r.lines)
	if err != nil {
		return err
	}
	if b := r.bounded; b.lines == r.lines {
		b.Lines, b.LinesSHA256 = n, sum
	} else {
		b.StreamLines, b.StreamSHA256 = n, sum
	}
	return nil
}

// compare holds the lines of a streamed input against those of the bounded one, and removes both.
func (r *repetition) compare() error {
	if err := r.sortLines(); err != nil {
		return fmt.Errorf("sort results: %w", err)
	}
	b := r.bounded
	if b.lines == r.lines {
		return nil // this is the bounded one
	}
	line, batch, differs, err := firstDifference(b.lines, r.lines)
	if err != nil {
		return fmt.Errorf("compare results: %w", err)
	}
	if differs {
		b.Differs = "only the stream has " + line
		if batch {
			b.Differs = "only the bounded input has " + line
		}
	}
	r.note(record.Entry{Kind: record.KindMode, Mode: &record.Mode{Batch: &b.Batch}})
	return nil
}

// dropLines removes the sorted lines of a repetition and of what it is compared with.
func (r *repetition) dropLines() {
	if r.bounded == nil || r.bounded.lines == r.lines {
		return
	}
	os.Remove(r.lines)
	os.Remove(r.bounded.lines)
}
