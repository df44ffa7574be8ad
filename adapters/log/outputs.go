package log

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
)

// outputs reads whatever results of a job are visible, each once: the logs of its outputs, and the
// files of committed epochs, those of a slot in the order of their chain. Both come by stream, with
// offsets that count what was read.
//
//	results/0-1, results/1-1, …  --tails-->  |  pieces, by stream  --C--> collector
//	committed/visible-0-0-3-1, … --files-->  |
type outputs struct {
	topics *adapters.Topics
	index  [workloads.DeadLetters + 1]int // of a stream among the targets, -1 if there is none
	out    chan kafka.Fetched
	cancel context.CancelFunc
	done   sync.WaitGroup
	err    error // read after C is closed

	looks chan struct{} // holds one token, of who looks
	tails map[string]*tail
	taken map[int]Epoch // newest file that was read, by slot
	next  [workloads.DeadLetters + 1]int64
	seen  time.Time // change of the folder of files when it was last listed
}

// newOutputs begins to read.
func newOutputs(t *adapters.Topics) *outputs {
	o := &outputs{
		topics: t, out: make(chan kafka.Fetched, ahead), tails: map[string]*tail{},
		taken: map[int]Epoch{}, looks: make(chan struct{}, 1),
	}
	n := 0
	for s, name := range t.Outputs {
		if o.index[s] = -1; name != "" {
			o.index[s] = n
			n++
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel = cancel
	o.done.Go(func() {
		defer close(o.out)
		if o.err = o.run(ctx); errors.Is(o.err, context.Canceled) {
			o.err = nil
		}
	})
	return o
}

// C brings results as they become visible.
func (o *outputs) C() <-chan kafka.Fetched { return o.out }

// Err is why no more come, once C is closed; nil after close.
func (o *outputs) Err() error { return o.err }

// Ends hands on everything that is visible now, and tells how much that is. There is nothing that
// is written and may yet become visible: an epoch that was not committed never will be.
func (o *outputs) Ends(ctx context.Context) (written, visible []int64, err error) {
	for more := true; more; {
		if more, err = o.look(ctx, true); err != nil {
			return nil, nil, err
		}
	}
	for s, at := range o.index {
		if at >= 0 {
			written = append(written, o.next[s])
		}
	}
	return written, written, nil
}

// close ends the reading. It is called once.
func (o *outputs) close() {
	o.cancel()
	o.done.Wait()
	for _, t := range o.tails {
		t.close()
	}
}

func (o *outputs) run(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := o.look(ctx, false)
		if err != nil {
			return err
		}
		if !more {
			pause(ctx, lookEvery)
		}
	}
	return ctx.Err()
}

// look hands on what has become visible, and reports whether there may be more by now. Closely it
// also looks where nothing seems to have changed.
func (o *outputs) look(ctx context.Context, closely bool) (more bool, err error) {
	select {
	case o.looks <- struct{}{}:
		defer func() { <-o.looks }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if closely {
		o.seen = time.Time{}
	}
	for s, at := range o.index {
		if at < 0 {
			continue
		}
		found, err := o.lookAtLogs(ctx, workloads.Stream(s))
		if err != nil {
			return false, err
		}
		more = more || found
	}
	found, err := o.lookAtFiles(ctx)
	return more || found, err
}

// hand hands batches of a stream on.
func (o *outputs) hand(ctx context.Context, of workloads.Stream, f kafka.Fetched) error {
	if o.index[of] < 0 {
		return broken("read results: there is no output %d", of)
	}
	f.Target = o.index[of]
	select {
	case o.out <- f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lookAtLogs reads on in the logs of a stream, those of earlier attempts first: whoever wrote them
// is gone when the next begins.
func (o *outputs) lookAtLogs(ctx context.Context, of workloads.Stream) (more bool, err error) {
	folder := filepath.Join(o.topics.Folder, o.topics.Output(of))
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, broken("read results: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, filepath.Join(folder, e.Name()))
	}
	slices.SortFunc(names, byAttempt)
	for _, name := range names {
		t := o.tails[name]
		if t == nil {
			t = newTail(name, 0)
			o.tails[name] = t
		}
		end, err := t.durable()
		if err != nil {
			return false, err
		}
		for {
			b, from, err := t.read(end)
			if err != nil {
				return false, err
			}
			if len(b) == 0 {
				break
			}
			more = true
			f := kafka.Fetched{From: o.next[of], Bytes: b, At: time.Now()}
			if err := place(b, from, &o.next[of]); err != nil {
				return false, err
			}
			if err := o.hand(ctx, of, f); err != nil {
				return false, err
			}
		}
	}
	return more, nil
}

// byAttempt orders the names of logs, which are slot-attempt.
func byAttempt(a, b string) int {
	attempt := func(s string) string { return s[strings.LastIndexByte(s, '-')+1:] }
	if d := len(attempt(a)) - len(attempt(b)); d != 0 {
		return d
	}
	return strings.Compare(attempt(a), attempt(b))
}

// place has batches, which begin at offset from, follow on what was read of a stream.
func place(b []byte, from int64, next *int64) error {
	for len(b) > 0 {
		size, after, err := kafka.CheckBatch(b, from)
		if err != nil || size == 0 {
			return broken("read results: offset %d: %w", from, err)
		}
		kafka.PlaceBatch(b[:size], *next)
		*next += after - from
		b, from = b[size:], after
	}
	return nil
}

// lookAtFiles reads the files that have become visible and are next in their chain.
func (o *outputs) lookAtFiles(ctx context.Context) (more bool, err error) {
	folder := Committed(o.topics)
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, broken("read results: %w", err)
	}
	// The clock of a file system is coarse: soon after a change there may be another of that time.
	if info.ModTime().Equal(o.seen) && time.Since(o.seen) > 100*time.Millisecond {
		return false, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false, broken("read results: %w", err)
	}
	o.seen = info.ModTime()
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), Visible)
		epoch, named := ParseEpoch(name)
		if !ok || !named || epoch.After != o.taken[epoch.Slot].UpTo {
			continue
		}
		if err := o.takeFile(ctx, filepath.Join(folder, e.Name())); err != nil {
			return false, err
		}
		// The newest one stays: by it whoever takes the slot over knows what is visible.
		if before := o.taken[epoch.Slot]; before.UpTo > 0 {
			if err := os.Remove(filepath.Join(folder, Visible+before.String())); err != nil {
				return false, broken("remove results that were read: %w", err)
			}
		}
		o.taken[epoch.Slot] = epoch
		more = true
	}
	return more, nil
}

func (o *outputs) takeFile(ctx context.Context, name string) error {
	body, err := os.ReadFile(name)
	if err != nil {
		return broken("read results: %w", err)
	}
	at := time.Now()
	err = readEpoch(body, func(of workloads.Stream, batch []byte, records int64) error {
		f := kafka.Fetched{From: o.next[of], Bytes: batch, At: at}
		kafka.PlaceBatch(batch, f.From)
		o.next[of] += records
		return o.hand(ctx, of, f)
	})
	if err != nil && ctx.Err() == nil {
		return broken("read results: %s: %w", name, err)
	}
	return err
}
