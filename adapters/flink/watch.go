package flink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// stateFailing is the state of a job that will not be started again.
const stateFailing = "FAILING"

// longestSilence is how long the JobManager may not answer before that is an end.
const longestSilence = 2 * time.Minute

// watch looks at a job all the time and tells of what happens to it.
type watch struct {
	s      *system
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	seen seen
	err  error // why the job has ended

	// Of the goroutine alone.
	works     bool
	silent    time.Time
	restored  uint64
	exception int64
	attempt   uint64
}

// seen is what a watch has seen of a job.
type seen struct {
	completed uint64 // number of the last checkpoint that has
	finished  bool   // the job has ended by itself
}

func newWatch(s *system) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{s: s, cancel: cancel, works: true, attempt: 1, silent: time.Now()}
	w.tell(record.Milestone{Name: record.MilestoneDeployed, Attempt: 1}, time.Now())
	w.done.Go(func() {
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for {
			if err := w.look(ctx); err != nil && ctx.Err() == nil {
				w.mu.Lock()
				w.err = err
				w.mu.Unlock()
				return
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return w
}

func (w *watch) end() {
	w.cancel()
	w.done.Wait()
}

func (w *watch) state() (seen, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen, w.err
}

// look asks once; the error is why the job has ended.
func (w *watch) look(ctx context.Context) error {
	c := w.s.host.client
	var job jobState
	var points checkpoints
	err := c.get(ctx, "/jobs/"+w.s.id, &job)
	if err == nil {
		err = c.get(ctx, "/jobs/"+w.s.id+"/checkpoints", &points)
	}
	if err != nil {
		return w.unanswered(ctx, err)
	}
	w.silent = time.Now()
	w.checkpointed(points)
	switch job.State {
	case stateFailed, stateFailing:
		return fmt.Errorf("the job has failed: %s", c.whyFailed(ctx, w.s.id))
	case stateCanceled:
		return errors.New("somebody has cancelled the job")
	case stateFinished:
		w.mu.Lock()
		w.seen.finished = true
		w.mu.Unlock()
	}
	if !w.s.job.Broken {
		if err := w.s.host.alive(ctx); err != nil {
			return err
		}
	}
	return w.restarted(ctx, job)
}

// unanswered bears a JobManager that does not answer for a while, as long as its container runs.
func (w *watch) unanswered(ctx context.Context, err error) error {
	if dead := w.s.host.alive(ctx); dead != nil && !w.s.job.Broken {
		return dead
	}
	if isGone(err) || time.Since(w.silent) > longestSilence {
		return fmt.Errorf("look at the job: %w", err)
	}
	return nil
}

// checkpointed tells of the last checkpoint.
func (w *watch) checkpointed(points checkpoints) {
	if r := points.Latest.Restored; r != nil && r.ID > w.restored {
		w.restored = r.ID
		w.tell(record.Milestone{Name: record.MilestoneRestoring, Checkpoint: r.ID,
			Attempt: w.attempt}, time.UnixMilli(r.Timestamp))
	}
	last := points.Latest.Completed
	w.mu.Lock()
	known := w.seen.completed
	if last != nil {
		w.seen.completed = max(known, last.ID)
	}
	w.mu.Unlock()
	if last == nil || last.ID <= known {
		return
	}
	w.tell(record.Milestone{Name: record.MilestoneStarted, Checkpoint: last.ID, Attempt: w.attempt},
		time.UnixMilli(last.Triggered))
	w.tell(record.Milestone{Name: record.MilestoneCompleted, Checkpoint: last.ID,
		Attempt: w.attempt, Bytes: last.StateB, TookNs: last.DurationMs * int64(time.Millisecond)},
		time.UnixMilli(last.Acked))
}

// restarted tells of failures, and of when all tasks run again.
func (w *watch) restarted(ctx context.Context, job jobState) error {
	works := job.works()
	if works == w.works {
		return nil
	}
	w.works = works
	if works {
		w.tell(record.Milestone{Name: record.MilestoneRestored, Attempt: w.attempt}, time.Now())
		w.tell(record.Milestone{Name: record.MilestoneResumed, Attempt: w.attempt}, time.Now())
		return nil
	}
	if job.terminal() {
		return nil
	}
	var e exceptions
	if err := w.s.host.client.get(ctx, "/jobs/"+w.s.id+"/exceptions?maxExceptions=1", &e); err != nil {
		return nil // it is asked again when the state changes
	}
	if len(e.ExceptionHistory.Entries) == 0 {
		return nil
	}
	last := e.ExceptionHistory.Entries[0]
	if last.Timestamp <= w.exception {
		return nil
	}
	w.exception = last.Timestamp
	w.attempt++
	w.tell(record.Milestone{Name: record.MilestoneDetected, Node: last.TaskManagerID,
		Attempt: w.attempt, Text: rootCause(last.Stacktrace)}, time.UnixMilli(last.Timestamp))
	return nil
}

// tell hands a milestone on with the time at which it was, by the clock of the cluster.
func (w *watch) tell(m record.Milestone, at time.Time) {
	if w.s.job.Milestone == nil || w.s.job.Load == nil {
		return
	}
	m.AtNs = w.s.job.Load.NowNs() - int64(time.Since(at))
	w.s.job.Milestone(m)
}
