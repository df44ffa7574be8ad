package log

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters/kafka"
)

const (
	// groupEvery is the shortest time between two commits. A sync costs the same for one record as
	// for many, so those of this time share one.
	groupEvery = time.Millisecond
	// fullB is when a batch should take no more records before it is committed, mostB when it
	// cannot.
	fullB = 512 << 10
	mostB = 4 << 20
)

// Writer appends records to logs, of which it is the only writer, in groups: what comes together
// while one group is made durable is the next.
//
//	Append --batches--> group --write, sync, publish--> Accepted
//	   ^----- empty group ----/
//
// Any goroutine may call its methods.
type Writer struct {
	config WriterConfig
	logs   []*appender
	freed  chan struct{} // one token: there may be room
	work   chan struct{} // one token: there is something to commit
	quit   chan struct{}
	once   sync.Once
	done   sync.WaitGroup

	mu       sync.Mutex
	room     sync.Cond
	filling  *group
	written  uint64 // records ever
	accepted uint64 // of them those that are durable
	err      error
}

// WriterConfig says where to write.
type WriterConfig struct {
	Folders []string // of the logs, by target
	// Accepted is told how many records have become durable, in order; nil if nobody wants to know.
	Accepted func(records int)
}

// group are the batches that become durable together, by target.
type group struct {
	batches []kafka.Batch
	records int
	fullB   int // of the largest batch
}

func newGroup(targets int) *group {
	g := &group{batches: make([]kafka.Batch, targets)}
	g.reset()
	return g
}

func (g *group) reset() {
	for i := range g.batches {
		g.batches[i].Reset()
	}
	g.records, g.fullB = 0, 0
}

// NewWriter opens the logs, and makes those that are not there.
func NewWriter(c WriterConfig) (*Writer, error) {
	w := &Writer{
		config: c, freed: make(chan struct{}, 1), work: make(chan struct{}, 1),
		quit: make(chan struct{}), filling: newGroup(len(c.Folders)),
	}
	w.room.L = &w.mu
	for _, folder := range c.Folders {
		a, err := openAppender(folder)
		if err != nil {
			return nil, errors.Join(err, w.closeLogs())
		}
		w.logs = append(w.logs, a)
	}
	w.done.Go(w.commitAll)
	return w, nil
}

// Append writes a record to a log. It waits only where that can take no more.
func (w *Writer) Append(target int, m kafka.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.filling.fullB >= mostB {
		w.room.Wait()
	}
	if w.err != nil {
		return w.err
	}
	g := w.filling
	b := &g.batches[target]
	b.Add(m)
	g.fullB = max(g.fullB, b.Size())
	w.written++
	if g.records++; g.records == 1 {
		token(w.work)
	}
	return nil
}

// token puts a token where there is none.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Push returns why nothing is written any more; what was appended is on its way without it.
func (w *Writer) Push() error { return w.Err() }

// HasRoom reports whether no batch has more than it should.
func (w *Writer) HasRoom() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.filling.fullB < fullB
}

// Await returns when a group has become durable, or after some time.
func (w *Writer) Await(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.freed:
	case <-timer.C:
	}
}

// Flush returns when all that was appended is durable.
func (w *Writer) Flush(ctx context.Context) error {
	for {
		w.mu.Lock()
		durable, err := w.accepted == w.written, w.err
		w.mu.Unlock()
		if err != nil || durable {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.Await(10 * time.Millisecond)
	}
}

// Err is why the writer writes no more; nil while it does.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// commitAll commits one group after the other until the writer is closed or something fails.
func (w *Writer) commitAll() {
	spare := newGroup(len(w.logs))
	for {
		select {
		case <-w.work:
		case <-w.quit:
			return
		}
		began := time.Now()
		w.mu.Lock()
		g := w.filling
		w.filling = spare
		w.mu.Unlock()
		if err := w.commit(g); err != nil {
			w.fail(err)
			return
		}
		if w.config.Accepted != nil {
			w.config.Accepted(g.records)
		}
		w.mu.Lock()
		w.accepted += uint64(g.records)
		w.room.Broadcast()
		w.mu.Unlock()
		token(w.freed)
		g.reset()
		spare = g
		w.gather(groupEvery - time.Since(began))
	}
}

// gather lets the next group gather for a while.
func (w *Writer) gather(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.quit:
	}
}

// commit makes a group durable and then visible: one sync a log, all of them at once.
func (w *Writer) commit(g *group) error {
	var syncing sync.WaitGroup
	errs := make([]error, len(w.logs))
	for i, a := range w.logs {
		b := &g.batches[i]
		if b.Records() == 0 {
			continue
		}
		syncing.Go(func() {
			errs[i] = a.write(b.Seal(kafka.Identity{}, 0), b.Records())
			if errs[i] == nil {
				errs[i] = a.sync()
			}
			if errs[i] == nil {
				errs[i] = a.publish()
			}
		})
	}
	syncing.Wait()
	return errors.Join(errs...)
}

// errHalted is why a closed writer writes no more.
var errHalted = errors.New("the log was closed")

// fail keeps the first error.
func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.room.Broadcast()
}

// Halt has the writer write no more, so that nobody waits for it.
func (w *Writer) Halt() {
	w.fail(errHalted)
	w.once.Do(func() { close(w.quit) })
}

// Close ends the writer; what is not durable is not written. Twice is harmless.
func (w *Writer) Close() error {
	w.Halt()
	w.done.Wait()
	return w.closeLogs()
}

func (w *Writer) closeLogs() error {
	var errs []error
	for _, a := range w.logs {
		errs = append(errs, a.close())
	}
	w.logs = nil
	if err := errors.Join(errs...); err != nil {
		return broken("close log: %w", err)
	}
	return nil
}
