package log

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters/kafka"
)

const (
	// lookEvery is how often logs are looked at that had nothing new.
	lookEvery = 500 * time.Microsecond
	// ahead is how many pieces of all logs may wait to be read.
	ahead = 8
)

// Follower reads logs as they grow, what is durable of them, each in order, and goes no further
// ahead of its reader than a few pieces.
//
//	logs --read--> pieces: some MiB at most --C--> reader
type Follower struct {
	tails  []*tail
	empty  []atomic.Bool // by target: it held nothing when it was last looked at
	out    chan kafka.Fetched
	cancel context.CancelFunc
	done   sync.WaitGroup
	err    error // read after C is closed
}

// NewFollower begins to read the logs in some folders, each from an offset; a nil from is the
// beginning of each. A log that is not there yet is empty.
func NewFollower(folders []string, from []int64) *Follower {
	f := &Follower{
		out: make(chan kafka.Fetched, ahead), empty: make([]atomic.Bool, len(folders)),
	}
	for i, folder := range folders {
		t := newTail(folder, 0)
		if from != nil {
			t.next = from[i]
		}
		f.tails = append(f.tails, t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	f.done.Go(func() {
		defer close(f.out)
		f.err = f.run(ctx)
		for _, t := range f.tails {
			t.close()
		}
	})
	return f
}

// C brings what was read. It is closed when the follower reads no more; Err says why.
func (f *Follower) C() <-chan kafka.Fetched { return f.out }

// Err is why the follower has stopped, once C is closed; nil after Close.
func (f *Follower) Err() error { return f.err }

// Empty reports whether a log held nothing at all when it was last looked at.
func (f *Follower) Empty(target int) bool { return f.empty[target].Load() }

// Close stops reading and returns when it has stopped; twice is harmless. C need not be read.
func (f *Follower) Close() {
	f.cancel()
	f.done.Wait()
}

func (f *Follower) run(ctx context.Context) error {
	for ctx.Err() == nil {
		more := false
		for i, t := range f.tails {
			end, err := t.durable()
			if err != nil {
				return err
			}
			f.empty[i].Store(end == 0)
			b, from, err := t.read(end)
			if err != nil {
				return err
			}
			if len(b) == 0 {
				continue
			}
			more = true
			select {
			case f.out <- kafka.Fetched{Target: i, From: from, Bytes: b, At: time.Now()}:
			case <-ctx.Done():
			}
		}
		if !more {
			pause(ctx, lookEvery)
		}
	}
	return nil
}

// pause lets some time pass.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
