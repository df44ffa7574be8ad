package chaos

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// How a lease is kept. A tool that has not renewed it for so long is taken for dead.
const (
	renewEvery  = time.Second
	leaseExpiry = 3 * time.Second
)

// HeldLease is the lease of a run that is on. A process of its own, the reaper, watches it: when
// the tool has died, or has not renewed the lease, the reaper carries out every undo in reverse
// order.
//
//	tool --Add, Drop, renew--> lease file <--watch-- reaper --undo, once the tool is gone--> host
//
// Its first undo, and so the last one carried out, kills every process that carries its label.
type HeldLease struct {
	path   string
	reaper *reaper

	mu    sync.Mutex
	state leaseState
	next  int
	lost  bool

	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
	closed  error
}

// errLost says that the undos were carried out while the tool was still at work.
var errLost = errors.New("the lease has expired: what it held was undone")

// OpenLease starts the reaper of a run and a lease that it watches. A run is to open it before it
// starts or makes anything, and to Close it when all of that is gone.
func OpenLease(ctx context.Context, run string) (*HeldLease, error) {
	l, err := openLease(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("open lease: %w", err)
	}
	return l, nil
}

func openLease(ctx context.Context, run string) (*HeldLease, error) {
	dir, err := leaseFolder()
	if err != nil {
		return nil, err
	}
	tool, err := ProcessOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	// Runs of one name may be on at once, in different folders: what is random tells them apart.
	name := safeName(run) + "-" + strings.ToLower(rand.Text()[:8])
	l := &HeldLease{
		path: leasePath(dir, name), next: 2,
		stop: make(chan struct{}), stopped: make(chan struct{}),
		state: leaseState{
			Run: name, Tool: tool, Boot: bootID(),
			Undos: []leasedUndo{{ID: 1, Undo: Undo{Op: OpKill}}},
		},
	}
	if err := l.state.write(l.path); err != nil {
		return nil, err
	}
	l.reaper, err = startReaper(ctx, l.path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(l.path))
	}
	go l.renew()
	return l, nil
}

// safeName leaves of a name what may stand in that of a file, a namespace and a comment of a rule.
func safeName(run string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, run)
	return name[:min(len(name), 80)]
}

// Label is the entry that every process of the run has in its environment.
func (l *HeldLease) Label() string { return labelVariable + "=" + l.state.Run }

// Add returns once the undo is on disk.
func (l *HeldLease) Add(u Undo) (id int, err error) {
	err = l.change(func(s *leaseState) {
		id = l.next
		l.next++
		s.Undos = append(s.Undos, leasedUndo{ID: id, Undo: u})
	})
	if err != nil {
		return 0, fmt.Errorf("add %s to lease: %w", u, err)
	}
	return id, nil
}

// Drop forgets an undo. To drop it again does nothing.
func (l *HeldLease) Drop(id int) error {
	err := l.change(func(s *leaseState) {
		s.Undos = slices.DeleteFunc(s.Undos, func(u leasedUndo) bool { return u.ID == id })
	})
	if err != nil {
		return fmt.Errorf("drop undo %d of lease: %w", id, err)
	}
	return nil
}

func (l *HeldLease) change(do func(*leaseState)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || taken(l.path) {
		l.lost = true
		return errLost
	}
	next := l.state
	next.Undos = slices.Clone(l.state.Undos)
	do(&next)
	if err := next.write(l.path); err != nil {
		return err
	}
	// The reaper renames the lease before it reads it: either it has read what was written here, or
	// that is seen now, and the act must not be done.
	if taken(l.path) {
		l.lost = true
		return errors.Join(errLost, os.Remove(l.path))
	}
	l.state = next
	return nil
}

// renew touches the lease every second. The reaper waits for the time of its last change to move
// and compares it with no clock, so it may be any time.
func (l *HeldLease) renew() {
	defer close(l.stopped)
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			// A lease that was taken away cannot be touched, which change and Close find out.
			_ = os.Chtimes(l.path, now, now)
		}
	}
}

// Lost reports whether the reaper has undone the run while the tool was at work: it was stopped, or
// got no processor for too long. What was measured then is worth nothing.
func (l *HeldLease) Lost() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = l.lost || taken(l.path)
	return l.lost
}

// Close carries out, in reverse order, what undos there still are, takes the lease away and waits
// until the reaper has ended. Twice is harmless. A lease whose undos fail stays, for the reaper.
func (l *HeldLease) Close() error {
	l.once.Do(func() {
		close(l.stop)
		<-l.stopped
		l.closed = l.release()
	})
	return l.closed
}

func (l *HeldLease) release() error {
	if l.Lost() {
		return errors.Join(fmt.Errorf("close lease: %w", errLost), l.reaper.wait())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed []error
	for _, u := range slices.Backward(l.state.Undos) {
		if err := undo(context.Background(), l.Label(), u.Undo); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		// Nobody renews it any more, so the reaper will try again.
		return fmt.Errorf("close lease: %w", errors.Join(failed...))
	}
	if err := os.Remove(l.path); err != nil {
		return fmt.Errorf("close lease: %w", err)
	}
	return l.reaper.wait()
}
