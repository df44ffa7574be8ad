package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/chaos"
)

// worker is a node with slots. It does what the coordinator assigns, one deployment at a time, and
// goes on with it while there is no coordinator.
type worker struct {
	*node
	open  Opener
	job   *job
	disk  *checkpoint.Faulty // of checkpoints
	kept  *checkpoint.Faulty // of results that are not visible yet
	store *checkpoint.Store
	begun chan struct{} // closed once the job is known

	assigned chan assign // newest that was not begun yet
	lastID   atomic.Uint64
	coord    atomic.Pointer[conn]

	mu       sync.Mutex
	schedule schedule
	now      *deployment // nil without slots
	parked   map[string]arrival
	arrived  chan struct{} // closed and made anew when a peer calls
}

// arrival is a connection of a peer, for an attempt.
type arrival struct {
	attempt uint64
	conn    *conn
}

func newWorker(n *node, open Opener) (*worker, error) {
	return &worker{
		node: n, open: open, begun: make(chan struct{}), assigned: make(chan assign, 1),
		parked: map[string]arrival{}, arrived: make(chan struct{}),
	}, nil
}

// run keeps the worker in touch with its coordinator and carries out what that assigns.
func (w *worker) run() error {
	<-w.begun
	go w.attend()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	close(done)
	for a := range w.assigned {
		cancel()
		<-done // the slots of two attempts never work side by side
		ctx, cancel = context.WithCancel(context.Background())
		done = make(chan struct{})
		go func() {
			defer close(done)
			w.carryOut(ctx, a)
		}()
	}
	cancel()
	return nil
}

// carryOut is one deployment from its beginning to its end.
func (w *worker) carryOut(ctx context.Context, a assign) {
	d := newDeployment(w, a)
	w.mu.Lock()
	w.now = d
	w.mu.Unlock()
	if len(d.slots) == 0 {
		<-ctx.Done()
		return
	}
	err := d.run(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	fmt.Fprintf(os.Stderr, "%s: attempt %d: %v\n", w.cfg.Name, a.Attempt, err)
	w.toCoordinator(kindBroken, d.failure(err))
	<-ctx.Done()
}

// control takes a frame of the runner.
func (w *worker) control(k kind, body []byte) error {
	switch k {
	case kindStart:
		return w.start(body)
	case kindBegin:
		s, err := decode[schedule](body)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.schedule = s
		if w.now != nil {
			w.now.follow(s)
		}
	case kindFreeze:
		w.freeze()
	case kindSealed:
		m, err := decode[marker](body)
		if err != nil {
			return err
		}
		if d := w.deployment(m.Attempt); d != nil {
			d.sealed(m)
		}
	case kindDisk:
		s, err := decode[diskSetting](body)
		if err != nil {
			return err
		}
		w.setDisk(s.Disk)
	case kindTryDisk:
		go w.tryDisk()
	}
	return nil
}

func (w *worker) start(body []byte) error {
	j, err := decode[job](body)
	if err != nil {
		return err
	}
	under, err := checkpoint.Folder(j.Store)
	if err != nil {
		return err
	}
	w.disk = checkpoint.NewFaulty(under)
	if under, err = checkpoint.Folder(j.Kept); err != nil {
		return err
	}
	w.kept = checkpoint.NewFaulty(under)
	w.store = checkpoint.NewStore(w.disk)
	w.job, w.schedule = &j, j.Schedule
	close(w.begun)
	return nil
}

// deployment is the one of an attempt, nil if another one or none is under way.
func (w *worker) deployment(attempt uint64) *deployment {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == nil || w.now.Attempt != attempt {
		return nil
	}
	return w.now
}

func (w *worker) current() *deployment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// freeze has the shards claim no more, and says how far they were.
func (w *worker) freeze() {
	claim := uint64(0)
	if d := w.current(); d != nil {
		claim = d.freeze()
	}
	w.toRunner(kindFrozen, claim)
}

func (w *worker) setDisk(d chaos.Disk) {
	f := checkpoint.Faults{
		Delay: d.Slow, RateBps: uint64(d.Rate) / 8, Full: d.Full, Lie: d.Lie,
	}
	if err := errors.Join(w.disk.Set(f), w.kept.Set(f)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: heal disk: %v\n", w.cfg.Name, err)
	}
	w.toRunner(kindDisk, d)
}

// tryDisk writes and syncs a little where checkpoints are written.
func (w *worker) tryDisk() {
	began := time.Now()
	err := w.touchDisk()
	t := tried{TookNs: int64(time.Since(began))}
	if err != nil {
		t.Error = err.Error()
	}
	w.toRunner(kindTried, t)
}

func (w *worker) touchDisk() error {
	name := "try-" + w.cfg.Name
	f, err := w.disk.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, chaos.TrialBytes))
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = w.disk.Remove(name)
	}
	return err
}

// connected parks a peer's connection until the deployment it is for asks for it.
func (w *worker) connected(h hello, c *conn) {
	w.mu.Lock()
	if old, ok := w.parked[h.From]; ok {
		old.conn.close()
	}
	w.parked[h.From] = arrival{h.Attempt, c}
	close(w.arrived)
	w.arrived = make(chan struct{})
	w.mu.Unlock()
	<-c.closed // the goroutine that greets closes it otherwise
}

// called waits for a peer's connection for an attempt.
func (w *worker) called(ctx context.Context, peer string, attempt uint64) (*conn, error) {
	for {
		w.mu.Lock()
		a, ok := w.parked[peer]
		if ok && a.attempt <= attempt {
			delete(w.parked, peer)
		}
		wait := w.arrived
		w.mu.Unlock()
		switch {
		case ok && a.attempt == attempt:
			return a.conn, nil
		case ok && a.attempt < attempt:
			a.conn.close()
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// attend keeps a connection to the coordinator, whichever process that is.
func (w *worker) attend() {
	address := w.job.Address[coordinatorName]
	for {
		c, err := dial(address, time.Hour, nil)
		if err != nil {
			continue
		}
		c.send(kindHello, hello{From: w.cfg.Name})
		c.send(kindRegister, w.report())
		w.coord.Store(c)
		w.obey(c)
		w.coord.Store(nil)
		c.close()
		time.Sleep(10 * time.Millisecond)
	}
}

// report is what a coordinator that knows nothing has to know.
func (w *worker) report() register {
	r := register{Name: w.cfg.Name, LastID: w.lastID.Load()}
	if d := w.current(); d != nil && d.started.Load() {
		r.Attempt, r.Slots, r.Done = d.Attempt, d.slots, d.done.Load()
	}
	return r
}

func (w *worker) toCoordinator(k kind, v any) {
	if c := w.coord.Load(); c != nil {
		c.send(k, v)
	}
}

// obey does what a coordinator says until it is gone or says nothing for too long.
func (w *worker) obey(c *conn) {
	var heard atomic.Int64
	heard.Store(monotonicNs())
	quit := make(chan struct{})
	defer close(quit)
	go w.beat(c, &heard, quit)
	for {
		k, body, err := c.read()
		if err != nil {
			return
		}
		heard.Store(monotonicNs())
		if err := w.order(k, body); err != nil {
			fmt.Fprintf(os.Stderr, "%s: obey the coordinator: %v\n", w.cfg.Name, err)
			return
		}
	}
}

// beat sends heartbeats, and closes the connection when none have come for too long.
func (w *worker) beat(c *conn, heard *atomic.Int64, quit <-chan struct{}) {
	s := w.job.Settings
	tick := time.NewTicker(s.Heartbeat)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
		}
		c.offer(message(kindBeat, struct{}{}))
		if time.Since(last) > s.Timeout/2 {
			heard.Store(monotonicNs()) // this process was held up itself
		}
		last = time.Now()
		if monotonicNs()-heard.Load() > int64(s.Timeout) {
			c.close()
			return
		}
	}
}

func (w *worker) order(k kind, body []byte) error {
	switch k {
	case kindAssign:
		a, err := decode[assign](body)
		if err != nil {
			return err
		}
		if d := w.current(); d != nil && d.Attempt == a.Attempt {
			return nil
		}
		if w.job.Plant == plantUnfenced && !slices.Contains(a.Owners, w.cfg.Name) {
			time.Sleep(heldBack) // a zombie that is slow to learn it
		}
		select {
		case <-w.assigned:
		default:
		}
		w.assigned <- a
	case kindGo:
		a, err := decode[attempt](body)
		if err != nil {
			return err
		}
		if d := w.deployment(a.Attempt); d != nil {
			d.release()
		}
	case kindCheckpoint:
		a, err := decode[checkpointAt](body)
		if err != nil {
			return err
		}
		w.lastID.Store(max(w.lastID.Load(), a.ID))
		if d := w.deployment(a.Attempt); d != nil && d.built.Load() {
			d.engine.Checkpoint(a.ID)
		}
	case kindShow:
		a, err := decode[show](body)
		if err != nil {
			return err
		}
		if d := w.deployment(a.Attempt); d != nil {
			d.shows <- a
		}
	case kindWarm:
		a, err := decode[checkpointAt](body)
		if err != nil {
			return err
		}
		go w.warm(a.ID)
	}
	return nil
}

// warm reads a checkpoint, so that its pages are in memory when it has to be restored.
func (w *worker) warm(id uint64) {
	o, err := w.store.Open(id)
	if err != nil {
		return // it is old by now
	}
	for _, p := range o.Parts {
		for _, f := range p.Files {
			_, _ = fs.ReadFile(w.disk, f.Name)
		}
	}
}

// peers are the other workers that have slots in an attempt, in order.
func (a *assign) peers(self string) []string {
	var names []string
	for _, o := range a.Owners {
		if o != self && !slices.Contains(names, o) {
			names = append(names, o)
		}
	}
	slices.SortFunc(names, compareNames)
	return names
}
