package native

import (
	"context"
	"fmt"

	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/checkpoint"
)

// toFiles has the writer write to files of its own, as the slots of a cluster do: all that one
// process writes is of slot 0 and attempt 0.
func (w *writer) toFiles(ctx context.Context, g *graves) error {
	disk, err := checkpoint.Folder(log.Committed(w.job.Topics))
	if err != nil {
		return err
	}
	if w.files, err = newLogSink(w.job, 0, disk, g); err != nil {
		return err
	}
	return w.files.Recover(ctx, 0, 0)
}

// commitFile makes what was written visible: all of it, as soon as its file has its name.
func (w *writer) commitFile(ctx context.Context) error {
	w.epoch++
	if err := w.files.Seal(0, w.epoch); err != nil {
		return err
	}
	return w.files.Commit(ctx, 0, w.epoch)
}

// flush returns when what was written is durable.
func (w *writer) flush(ctx context.Context) error {
	if w.files != nil {
		return w.files.Seal(0, w.epoch)
	}
	return w.producer.Flush(ctx)
}

// unready says where something went wrong.
func (w *writer) unready(err error) error {
	if w.files != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return kafka.Unready("write results", err)
}

// text says when results are visible.
func (w *writer) text() string {
	switch {
	case w.transactional() && w.files != nil:
		return "files of " + w.job.Checkpoint.String() +
			", each visible by its name: until then a result is not"
	case w.transactional():
		return "transactions of " + w.job.Checkpoint.String() +
			", with the offsets that were read: until then a result is not visible"
	}
	return "visible as written"
}

// close lets go of what is written to. What is not durable by now was given up.
func (w *writer) close() {
	if w.files != nil {
		_ = w.files.close()
	}
	if w.producer != nil {
		w.producer.Close()
	}
}
