package native

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// logSink writes the results of a worker's slots to files, in two phases under exactly-once: those
// of an epoch are made durable in a file, and become visible by its new name when the checkpoint
// behind it is complete. The newest visible file says up to where results are, so that whoever
// takes the slot over writes none again.
//
//	Take --records--> epoch --Seal--> kept-0-4-7-1 --Commit--> visible-0-4-7-1
//
// Under the other guarantees results are appended to a log of the slot and the attempt as they
// come, and Seal waits until they are durable.
type logSink struct {
	job    adapters.Job
	kept   kept
	writer *writer // knows the forms of results

	mu    sync.Mutex
	slots map[int]*slotFiles
}

// slotFiles is a slot's part of a sink.
type slotFiles struct {
	mu        sync.Mutex
	open      log.EpochWriter
	unsealed  []byte // the body of a seal that went wrong
	last      uint64 // checkpoint of the last seal
	sealed    []log.Epoch
	recovered bool
	prompt    *log.Writer // nil under exactly-once
	targets   [workloads.DeadLetters + 1]int
}

func newLogSink(
	job adapters.Job, attempt uint64, disk checkpoint.Disk, g *graves,
) (*logSink, error) {
	w, err := newForms(job, g)
	if err != nil {
		return nil, err
	}
	return &logSink{
		job: job, kept: kept{disk, attempt}, writer: w, slots: map[int]*slotFiles{},
	}, nil
}

func (s *logSink) slot(slot int) *slotFiles {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots[slot] == nil {
		s.slots[slot] = &slotFiles{}
	}
	return s.slots[slot]
}

// Take takes results of a slot.
func (s *logSink) Take(slot int, rs *workloads.Results) error {
	k := s.slot(slot)
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range rs.N {
		m, _ := s.writer.message(rs, i)
		if k.prompt == nil {
			k.open.Add(rs.Stream, m)
		} else if err := k.prompt.Append(k.targets[rs.Stream], m); err != nil {
			return err
		}
	}
	return nil
}

// Seal makes what was taken of a slot since the last seal durable.
func (s *logSink) Seal(slot int, id uint64) error {
	k := s.slot(slot)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.prompt != nil {
		return k.prompt.Flush(context.Background())
	}
	e := log.Epoch{Slot: slot, After: k.last, UpTo: id, Attempt: s.kept.attempt}
	body := append(k.unsealed, k.open.Body()...)
	if err := s.kept.write(e, body); err != nil {
		k.unsealed = body
		return fmt.Errorf("keep results of checkpoint %d: %w", id, err)
	}
	k.last, k.sealed, k.unsealed = id, append(k.sealed, e), nil
	return nil
}

// Commit makes the files of a slot up to a checkpoint visible.
func (s *logSink) Commit(ctx context.Context, slot int, id uint64) error {
	if !s.writer.transactional() {
		return nil
	}
	k := s.slot(slot)
	k.mu.Lock()
	if !k.recovered {
		k.mu.Unlock()
		return s.Recover(ctx, slot, id) // nobody is left who had it
	}
	var due []log.Epoch
	for len(k.sealed) > 0 && k.sealed[0].UpTo <= id {
		due, k.sealed = append(due, k.sealed[0]), k.sealed[1:]
	}
	k.mu.Unlock()
	return s.show(due)
}

// show makes files visible, the oldest first. One that is already was shown by somebody who had the
// slot before.
func (s *logSink) show(epochs []log.Epoch) error {
	for _, e := range epochs {
		err := s.kept.disk.Rename(keptName(e), log.Visible+e.String())
		if errors.Is(err, fs.ErrNotExist) {
			if shown, e2 := s.shown(e.Slot); e2 == nil && shown >= e.UpTo {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("show results of checkpoint %d: %w", e.UpTo, err)
		}
	}
	return nil
}

// shown is the checkpoint up to which results of a slot are visible.
func (s *logSink) shown(slot int) (upTo uint64, err error) {
	all, err := s.kept.list(slot, log.Visible)
	for _, e := range all {
		upTo = max(upTo, e.UpTo)
	}
	return upTo, err
}

// Recover takes a slot over at a checkpoint: what is sealed up to there becomes visible, the rest
// is dropped. Results that are appended go to a log of this attempt.
func (s *logSink) Recover(_ context.Context, slot int, id uint64) (err error) {
	k := s.slot(slot)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !s.writer.transactional() {
		if k.prompt == nil {
			err = s.append(k, slot)
		}
		return err
	}
	shown, err := s.shown(slot)
	if err != nil {
		return err
	}
	epochs, err := s.kept.chain(slot, shown, id)
	if err != nil {
		return err
	}
	if err := s.show(epochs); err != nil {
		return err
	}
	k.last, k.recovered = id, true
	return s.kept.drop(slot)
}

// append opens the logs of a slot's results, one a stream.
func (s *logSink) append(k *slotFiles, slot int) (err error) {
	var c log.WriterConfig
	for stream, name := range s.job.Topics.Outputs {
		if name != "" {
			k.targets[stream] = len(c.Folders)
			c.Folders = append(c.Folders, log.Appended(s.job.Topics, workloads.Stream(stream), slot,
				s.kept.attempt))
		}
	}
	k.prompt, err = log.NewWriter(c)
	return err
}

func (s *logSink) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, k := range s.slots {
		if k.prompt != nil {
			errs = append(errs, k.prompt.Close())
			k.prompt = nil
		}
	}
	return errors.Join(errs...)
}
