package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// patience bounds what a test waits for.
const patience = 60 * time.Second

// spot is how far a shard of a script was read.
type spot struct {
	Shard, Step, Taken int
	Newest             int64
}

// tape is a source of one or more shards that can be read again. It gives no more of each than the
// gate lets through.
type tape struct {
	events workloads.Generator
	n      int
	spots  []spot
	sizes  []int
	bound  int64
	gate   *atomic.Int64
	turn   int
}

func (s *tape) Mark(dst []byte) []byte {
	raw, err := json.Marshal(s.spots)
	if err != nil {
		panic(err)
	}
	return append(dst, raw...)
}

func (s *tape) left(p spot) int { return (s.n - p.Shard - p.Taken*p.Step + p.Step - 1) / p.Step }

func (s *tape) Next(b *workloads.Batch) Pull {
	b.N = 0
	pull := Pull{End: true, Wait: time.Millisecond, Marks: len(s.spots) > 1, WatermarkMs: math.MaxInt64}
	s.turn++
	for i := range s.spots {
		p := &s.spots[(i+s.turn)%len(s.spots)]
		if left := s.left(*p); left > 0 && b.N == 0 {
			n := min(s.sizes[s.turn%len(s.sizes)], b.Cap(), left, int(s.gate.Load())-p.Taken)
			if n = max(n, 0); n > 0 {
				s.events.Fill(b, workloads.Slots{
					First: uint64(p.Shard + p.Taken*p.Step), Step: uint64(p.Step), N: n,
				})
				p.Taken += n
				_, p.Newest = spread(b.TS[:n], p.Newest)
			}
		}
		if s.left(*p) > 0 {
			pull.End = false
			mark := p.Newest
			if mark != math.MinInt64 {
				mark -= s.bound
			}
			pull.WatermarkMs = min(pull.WatermarkMs, mark)
		}
	}
	if len(s.spots) == 0 {
		pull.Marks = false
	}
	return pull
}

// trial is a job that is cut off and restored, again and again, until it has come to its end.
type trial struct {
	t     fataler
	w     *workloads.Workload
	n     int // events of the stream
	rows  int // of a batch
	sizes []int
	store *checkpoint.Store
	plant Plant

	id        uint64 // of the last checkpoint
	committed []string
	pending   map[uint64][]string // results by epoch
	from      *checkpoint.Opened
}

func newTrial(t fataler, w *workloads.Workload, n int, dir string) *trial {
	disk, err := checkpoint.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &trial{
		t: t, w: w, n: n, rows: 16, sizes: []int{3}, store: checkpoint.NewStore(disk),
		pending: map[uint64][]string{},
	}
}

// tapes are the sources of so many slots: those of the stream, or of a checkpoint, whose slots they
// share out.
func (r *trial) tapes(slots int, gate *atomic.Int64) []*tape {
	tapes := make([]*tape, slots)
	for i := range tapes {
		tapes[i] = &tape{
			events: r.w.Events(), n: r.n, sizes: r.sizes, bound: r.w.Query.BoundMs, gate: gate,
		}
		if r.from == nil {
			tapes[i].spots = []spot{{Shard: i, Step: slots, Newest: math.MinInt64}}
		}
	}
	if r.from == nil {
		return tapes
	}
	for old := range r.from.Slots {
		var spots []spot
		if err := json.Unmarshal(r.from.Mark(old), &spots); err != nil {
			r.t.Fatal(err)
		}
		to := tapes[old%slots]
		to.spots = append(to.spots, spots...)
	}
	return tapes
}

// attempt is one life of the job.
type attempt struct {
	trial   *trial
	engines []*Engine
	gate    atomic.Int64
	mu      sync.Mutex
	parts   map[uint64][]checkpoint.Part
	failed  map[uint64]error
	ended   map[uint64]int
	wake    sync.Cond
}

// begin builds an attempt's engines: slots are dealt out to so many of them.
func (r *trial) begin(slots, engines int) *attempt {
	a := &attempt{
		trial: r, parts: map[uint64][]checkpoint.Part{}, failed: map[uint64]error{}, ended: map[uint64]int{},
	}
	a.wake.L = &a.mu
	tapes := r.tapes(slots, &a.gate)
	for k := range min(engines, slots) {
		c := Config{
			Workload: r.w, All: slots, BatchRows: r.rows, OutputDepth: 2, Restore: r.from, Plant: r.plant,
			Checkpoints: &Checkpoints{Store: r.store, Done: a.done},
		}
		for i := k; i < slots; i += min(engines, slots) {
			c.Slots, c.Sources = append(c.Slots, i), append(c.Sources, tapes[i])
		}
		e, err := New(c)
		if err != nil {
			r.t.Fatal(err)
		}
		a.engines = append(a.engines, e)
	}
	return a
}

func (a *attempt) done(slot int, id uint64, rep Report) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended[id]++
	a.parts[id] = append(a.parts[id], rep.Part)
	if rep.Err != nil {
		a.failed[id] = rep.Err
	}
	a.wake.Broadcast()
}

// run runs the engines with their ports joined, while drive says what happens, and returns what
// they return. Results are kept by their epochs.
func (a *attempt) run(drive func(cancel func())) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	errs := make([]error, len(a.engines))
	var run, rest sync.WaitGroup
	quit := make(chan struct{})
	for i, e := range a.engines {
		run.Go(func() { errs[i] = e.Run(ctx) })
		rest.Go(func() { a.take(e, quit) })
	}
	rest.Go(func() { pump(a.trial.t, a.engines, quit) })
	if drive != nil {
		drive(cancel)
	}
	run.Wait()
	close(quit)
	rest.Wait()
	return errors.Join(errs...)
}

// take keeps the results of an engine until it is told to stop and there are none left.
func (a *attempt) take(e *Engine, quit chan struct{}) {
	last := false
	for {
		moved := false
		for _, o := range e.Outputs() {
			for h, ok := o.Take(); ok; h, ok = o.Take() {
				moved = true
				if h.Results == nil {
					continue
				}
				a.mu.Lock()
				for i := range h.Results.N {
					line := lineOf(h.Results, i)
					a.trial.pending[h.Epoch] = append(a.trial.pending[h.Epoch], line)
				}
				a.mu.Unlock()
				o.Free(h.Results)
			}
		}
		select {
		case <-quit:
			if last && !moved {
				return
			}
			last = !moved
		default:
			if !moved {
				time.Sleep(20 * time.Microsecond)
			}
		}
	}
}

// pump carries frames and credit between the ports of engines until it is told to stop.
func pump(t fataler, engines []*Engine, quit chan struct{}) {
	ends := map[[2]int]*Port{}
	var ports []*Port
	for _, e := range engines {
		for _, p := range e.Ports() {
			ends[[2]int{p.Local(), p.Remote()}] = p
			ports = append(ports, p)
		}
	}
	var buf []byte
	for {
		moved := false
		for _, p := range ports {
			other := ends[[2]int{p.Remote(), p.Local()}]
			for frame, ok := p.Next(buf[:0]); ok; frame, ok = p.Next(buf[:0]) {
				moved, buf = true, frame
				if err := other.Deliver(frame); err != nil {
					panic(err)
				}
			}
			if n := p.Freed(); n > 0 {
				moved = true
				if err := other.Credit(n); err != nil {
					panic(err)
				}
			}
		}
		select {
		case <-quit:
			return
		default:
			if !moved {
				time.Sleep(20 * time.Microsecond)
			}
		}
	}
}

// checkpoint asks for one and waits until every slot has reported. It is completed if all have a
// part in it.
func (a *attempt) checkpoint() (id uint64, err error) {
	a.trial.id++
	id = a.trial.id
	for _, e := range a.engines {
		e.Checkpoint(id)
	}
	return id, a.complete(id)
}

func (a *attempt) complete(id uint64) error {
	slots := a.engines[0].cfg.All
	timeout := time.AfterFunc(patience, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.ended[id] = slots
		a.failed[id] = errors.New("nobody reports")
		a.wake.Broadcast()
	})
	defer timeout.Stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.ended[id] < slots {
		a.wake.Wait()
	}
	if a.failed[id] != nil {
		return a.failed[id]
	}
	return a.trial.store.Complete(checkpoint.Manifest{ID: id, Slots: slots, Parts: a.parts[id]})
}

// recover drops what was not committed and opens the last completed checkpoint.
func (r *trial) recover() {
	from, torn, err := r.store.Latest()
	if err != nil || len(torn) > 0 {
		r.t.Fatal(fmt.Sprint(err, torn))
	}
	if from != nil {
		r.from = from
		r.commit(from.ID)
	}
	r.pending = map[uint64][]string{}
}

// commit makes results visible that came before a barrier.
func (r *trial) commit(id uint64) {
	for _, epoch := range slices.Sorted(maps.Keys(r.pending)) {
		if epoch < id {
			r.committed = append(r.committed, r.pending[epoch]...)
			delete(r.pending, epoch)
		}
	}
}

// finish runs the job to its end and returns all that was committed, sorted.
func (r *trial) finish(slots, engines int, steps int) ([]string, Stats) {
	a := r.begin(slots, engines)
	err := a.run(func(func()) {
		for i := range steps {
			a.gate.Store(int64(r.n * (i + 1) / (steps + 1) / slots))
			_, _ = a.checkpoint()
		}
		a.gate.Store(math.MaxInt32)
	})
	if err != nil {
		r.t.Fatal(err)
	}
	var total Stats
	for _, e := range a.engines {
		st := e.Stats()
		total.Late += st.Late
		total.Allowed += st.Allowed
	}
	r.commit(math.MaxUint64)
	return slices.Sorted(slices.Values(r.committed)), total
}

// cut runs the job over some checkpoints, and then cancels it.
func (r *trial) cut(t *rapid.T, slots, engines int) {
	a := r.begin(slots, engines)
	plan := rapid.SliceOfN(rapid.IntRange(0, r.n/10), 0, 4).Draw(t, "gates")
	waits := rapid.SliceOfN(rapid.Bool(), 5, 5).Draw(t, "waits")
	_ = a.run(func(cancel func()) {
		defer cancel()
		for i, more := range plan {
			a.gate.Add(int64(more))
			if waits[i] {
				_, _ = a.checkpoint()
				continue
			}
			r.id++ // it is asked for and given up
			for _, e := range a.engines {
				e.Checkpoint(r.id)
			}
		}
		if waits[4] {
			a.gate.Add(1 << 20)
			_, _ = a.checkpoint()
		}
	})
	r.recover()
}

func TestAJobThatIsCutOffAndRestoredGivesTheOraclesAnswer(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		q := question(t)
		switch rapid.IntRange(0, 9).Draw(t, "process") {
		case 0:
			q = ledgers(nil)
		case 1:
			q = ledgers(many)
		}
		q.BoundMs = rapid.Int64Range(0, 15).Draw(t, "bound")
		s := drawEvents(t, q.BoundMs)
		w := ask(q, s)
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		r := newTrial(t, w, len(s), dir)
		r.sizes = append(rapid.SliceOfN(rapid.IntRange(0, 16), 1, 4).Draw(t, "sizes"), 3)
		layouts := rapid.SliceOfN(rapid.IntRange(1, 4), 2, 4).Draw(t, "slots")
		engines := rapid.IntRange(1, 3).Draw(t, "engines")
		for _, slots := range layouts[1:] {
			r.cut(t, slots, engines)
		}
		expected, _ := want(t, w, len(s))
		got, stats := r.finish(layouts[0], engines, rapid.IntRange(0, 10).Draw(t, "checkpoints"))
		if !slices.Equal(got, expected) {
			t.Fatalf("slots %v, %d engines: %s", layouts, engines, diff(got, expected))
		}
		if stats.Late != 0 {
			t.Fatalf("%d late events", stats.Late)
		}
	})
}

func TestLateEventsAreCountedOnceOverRestarts(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		q := question(t)
		q.BoundMs = rapid.Int64Range(0, 5).Draw(t, "bound")
		s := drawEvents(t, 40)
		w := ask(q, s)
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		r := newTrial(t, w, len(s), dir)
		for range 2 {
			r.cut(t, 1, 1)
		}
		expected, late := want(t, w, len(s))
		got, stats := r.finish(1, 1, 3)
		if !slices.Equal(got, expected) {
			t.Fatal(diff(got, expected))
		}
		if stats.Late != late.TooLate {
			t.Fatalf("late: engine %d, oracle %d", stats.Late, late.TooLate)
		}
	})
}
