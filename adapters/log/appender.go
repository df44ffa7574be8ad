package log

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/streambench/streambench/adapters/kafka"
)

// appender is the one writer of a log. One goroutine calls it.
//
//	write, write, … --> sync --> publish
type appender struct {
	folder string
	file   *os.File // newest segment; nil before the first batch
	sizeB  int64    // of it
	end    *os.File
	next   int64 // offset of the next record
	dirty  bool  // written and not synced
}

// openAppender opens a log to go on with, and makes it where there is none. What a writer that was
// killed left behind the last whole batch is cut; damage before the durable end is an error.
func openAppender(folder string) (_ *appender, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, broken("make log: %w", err)
	}
	a := &appender{folder: folder}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	a.end, err = os.OpenFile(filepath.Join(folder, endFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, broken("open log: %w", err)
	}
	if err := a.recover(); err != nil {
		return nil, err
	}
	if err := errors.Join(a.sync(), syncFolder(folder)); err != nil {
		return nil, broken("open log %s: %w", folder, err)
	}
	return a, a.publish()
}

// recover finds the end of the last segment.
func (a *appender) recover() error {
	durable, err := readEnd(a.end)
	if err != nil {
		return err
	}
	bases, err := segments(a.folder)
	if err != nil {
		return err
	}
	if len(bases) > 0 {
		a.next = bases[len(bases)-1]
		name := filepath.Join(a.folder, segmentName(a.next))
		if a.file, err = os.OpenFile(name, os.O_RDWR, 0o644); err != nil {
			return broken("open log: %w", err)
		}
		if err := a.cut(durable); err != nil {
			return err
		}
	}
	if a.next < durable {
		name := a.folder
		if a.file != nil {
			name = a.file.Name()
		}
		return broken("open log: %s, byte %d: it ends at offset %d, and %d is durable", name, a.sizeB,
			a.next, durable)
	}
	return nil
}

// cut cuts the segment behind its last whole batch.
func (a *appender) cut(durable int64) error {
	body, err := io.ReadAll(io.NewSectionReader(a.file, 0, 1<<62))
	if err != nil {
		return broken("read log: %w", err)
	}
	for {
		size, next, err := kafka.CheckBatch(body[a.sizeB:], a.next)
		if err != nil && a.next < durable {
			return broken("open log: %s, byte %d, offset %d: %w", a.file.Name(), a.sizeB, a.next, err)
		}
		if err != nil || size == 0 {
			break
		}
		a.next, a.sizeB = next, a.sizeB+int64(size)
	}
	if a.sizeB == int64(len(body)) || a.next < durable {
		return nil
	}
	a.dirty = true
	if err := a.file.Truncate(a.sizeB); err != nil {
		return broken("cut log: %w", err)
	}
	return nil
}

// write appends a sealed batch of some records, which is not durable yet.
func (a *appender) write(batch []byte, records int) error {
	if a.file == nil || a.sizeB >= segmentB {
		if err := a.roll(); err != nil {
			return err
		}
	}
	kafka.PlaceBatch(batch, a.next)
	a.dirty = true
	if _, err := a.file.WriteAt(batch, a.sizeB); err != nil {
		return broken("append to log: offset %d: %w", a.next, err)
	}
	a.next += int64(records)
	a.sizeB += int64(len(batch))
	return nil
}

// roll begins a segment. The one before it is durable and stays.
func (a *appender) roll() error {
	if a.file != nil {
		if err := errors.Join(a.sync(), a.file.Close()); err != nil {
			return err
		}
	}
	var err error
	name := filepath.Join(a.folder, segmentName(a.next))
	if a.file, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644); err != nil {
		return broken("begin segment: %w", err)
	}
	a.sizeB = 0
	if err := syncFolder(a.folder); err != nil {
		return broken("begin segment: %w", err)
	}
	return nil
}

// sync makes what was written durable.
func (a *appender) sync() error {
	if !a.dirty {
		return nil
	}
	if err := a.file.Sync(); err != nil {
		return broken("sync log: up to offset %d: %w", a.next, err)
	}
	a.dirty = false
	return nil
}

// publish lets readers see what is durable.
func (a *appender) publish() error {
	if a.dirty {
		panic(fmt.Sprintf("BUG: publish offset %d of %s, which is not durable", a.next, a.folder))
	}
	if err := writeEnd(a.end, a.next); err != nil {
		return broken("publish end of log: %w", err)
	}
	return nil
}

func (a *appender) close() error {
	var errs []error
	for _, f := range []*os.File{a.file, a.end} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
