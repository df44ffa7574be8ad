package scenarios

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

const (
	tickEvery = 250 * time.Millisecond
	// longestWarmup bounds `warmup: auto`: windows of 10 s give ten values of p99 in 100 s.
	longestWarmup = 5 * time.Minute
)

// sampler writes a tick every 250 ms from T0 until the drain ends, and judges by slices of a second
// whether the system is steady.
type sampler struct {
	r    *repetition
	quit chan struct{}
	done chan struct{}
	once sync.Once

	brokers account
	nodes   account // of the system, where it has nodes of its own
	claims  spent   // of the roles, by the clock, at the last tick

	mu       sync.Mutex
	sliceNs  int64 // end of the slice under way, on the run's clock
	accepted uint64
	atNs     int64 // when accepted was read
	rates    []float64
	p99s     []float64
	judged   chan struct{} // gets a value when a slice was added
}

func startSampler(r *repetition) *sampler {
	s := &sampler{
		r: r, quit: make(chan struct{}), done: make(chan struct{}), judged: make(chan struct{}, 1),
	}
	s.sliceNs = (r.t0Ns/int64(time.Second) + 2) * int64(time.Second)
	go s.run()
	return s
}

func (s *sampler) run() {
	defer close(s.done)
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.tick()
		case <-s.quit:
			s.tick()
			return
		}
	}
}

// stop writes a last tick and ends the sampler; twice is harmless.
func (s *sampler) stop() {
	s.once.Do(func() {
		close(s.quit)
		<-s.done
		ns, _ := s.nodes.used(nil)
		s.r.journal.goneNs += ns
	})
	<-s.done
}

// tick writes the state of the repetition now.
func (s *sampler) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.r
	r.journal.latency.Advance(r.journal.now())
	now := r.load.NowNs()
	a := r.load.Account(now)
	t := &record.Tick{
		Phase: *r.phase.Load(), ScheduleNs: now, Offered: a.Due, Accepted: a.Accepted,
		Results: r.collector.received(), Processed: r.collector.processed.Load(),
		Backlog: r.collector.backlog.Swap(0), BlockedNs: a.BlockedNs,
	}
	last := r.series.result.Last()
	if t.Phase == record.PhaseWarmup {
		last = r.series.warmup.Last()
	}
	t.P50Ns, t.P99Ns, t.P999Ns = last.P50Ns, last.P99Ns, last.P999Ns
	s.spent(t, a)
	r.note(record.Entry{Kind: record.KindTick, Tick: t})
	s.slice(now, a.Accepted)
}

// spent fills in what the process has used and for whom.
func (s *sampler) spent(t *record.Tick, a adapters.Account) {
	r := s.r
	var m adapters.Meter
	system := r.running()
	if metered, ok := system.(adapters.Metered); ok {
		m = metered.Meter()
	}
	u := r.used()
	t.Late, t.BackpressureNs = m.Late, m.BackpressureNs
	t.MemoryB = u.memoryB
	claims := spent{a.DriverNs, m.BusyNs, r.otherNs(), u.cpuNs + r.journal.goneNs}
	if nodesNs, nodesB := s.nodes.used(system); nodesNs+int64(nodesB) > 0 {
		t.SystemMemoryB = nodesB
		claims.processNs += nodesNs
		if claims.systemNs = nodesNs; r.channel == nil {
			claims.systemNs -= min(nodesNs, a.DriverNs) // the sources are theirs
		}
	}
	s.claims.processNs = r.journal.spent.processNs
	d := claims.since(s.claims)
	s.claims = claims
	r.spent.add(d)
	r.journal.spent.add(d)
	all := r.journal.spent
	t.CPU.DriverNs, t.CPU.SystemNs, t.CPU.ToolNs = all.driverNs, all.systemNs, all.toolNs()
	if r.channel != nil {
		t.CPU.BrokerNs, t.BrokerMemoryB = s.brokers.used(r.channel)
	}
}

// slice closes the slices of a second that are over and keeps their throughput and p99.
func (s *sampler) slice(now int64, accepted uint64) {
	r := s.r
	if r.journal.now() < s.sliceNs {
		return
	}
	r.watchHost()
	s.sliceNs = (r.journal.now()/int64(time.Second) + 1) * int64(time.Second)
	s.rates = append(s.rates, float64(accepted-s.accepted)/float64(now-s.atNs))
	s.accepted, s.atNs = accepted, now
	last := r.series.warmup.Last()
	if last.N > 0 {
		s.p99s = append(s.p99s, float64(last.P99Ns))
	}
	s.rates, s.p99s = newestSlices(s.rates), newestSlices(s.p99s)
	select {
	case s.judged <- struct{}{}:
	default:
	}
}

// newestSlices bounds what is kept of a warm-up without an end.
func newestSlices(xs []float64) []float64 { return xs[max(0, len(xs)-stats.SteadySlices):] }

var errNeverSteady = errors.New("never steady")

// awaitSteady waits until the slices of a second show no change point. Where events have no due
// times, or results are not timed as they arrive, there is no latency to judge by.
func (s *sampler) awaitSteady(ctx context.Context) error {
	limit := time.NewTimer(longestWarmup)
	defer limit.Stop()
	for {
		select {
		case <-s.judged:
		case <-limit.C:
			return errNeverSteady
		case <-ctx.Done():
			return ctx.Err()
		case <-s.r.ended:
			return s.r.endedEarly()
		}
		if s.steady() {
			return nil
		}
	}
}

func (s *sampler) steady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return stats.Steady(s.rates) && (!s.r.load.Paced() || s.r.collector.column < 0 ||
		stats.Steady(s.p99s))
}
