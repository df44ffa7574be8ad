package cluster

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

func specOf(job adapters.Job) (workloads.PacerSpec, error) {
	return workloads.SpecOf(job.Load.Pacer())
}

// Begin tells the workers T0.
func (s *System) Begin(t0 time.Time) {
	s.reschedule(func(c *schedule) { c.T0Ns = monotonicOf(t0) })
}

// MeasureFrom tells the workers from when driver lag counts.
func (s *System) MeasureFrom(ns int64) { s.reschedule(func(c *schedule) { c.SteadyNs = ns }) }

// Limit tells the workers where the stream ends.
func (s *System) Limit(n uint64) {
	s.reschedule(func(c *schedule) { c.Limit, c.Sealed = n, true })
}

func (s *System) reschedule(change func(*schedule)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.schedule)
	for _, n := range s.nodes {
		if n.conn != nil && n.role == workerRole {
			n.conn.offer(message(kindBegin, s.schedule))
		}
	}
}

// freezeLimit is how long a worker may take to say how far its shards are.
const freezeLimit = 2 * time.Second

// Freeze has the shards of all workers claim no more.
func (s *System) Freeze() uint64 {
	if s.job.Topics != nil {
		return s.given.Load.Freeze() // the driver of the transport has them
	}
	claim := uint64(0)
	for _, n := range s.workers() {
		body, err := s.ask(context.Background(), n, kindFrozen, message(kindFreeze, struct{}{}))
		if err != nil {
			continue // it is gone: what it had claimed was reported
		}
		if c, err := decode[uint64](body); err == nil {
			claim = max(claim, c)
		}
	}
	for _, c := range s.given.Load.Seen() {
		claim = max(claim, c)
	}
	return claim
}

func (s *System) workers() (all []*peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.order {
		if n := s.nodes[name]; n.role == workerRole && n.conn != nil && n.proc.alive() {
			all = append(all, n)
		}
	}
	return all
}

// ask sends a question to a node and waits for the answer wanted.
func (s *System) ask(ctx context.Context, n *peer, want kind, question []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, freezeLimit)
	defer cancel()
	for len(n.answers) > 0 {
		<-n.answers
	}
	s.mu.Lock()
	c := n.conn
	s.mu.Unlock()
	if c == nil || !c.offer(question) {
		return nil, fmt.Errorf("ask %s: it does not listen", n.name)
	}
	for {
		select {
		case a := <-n.answers:
			if a.k == want {
				return a.body, nil
			}
		case <-c.closed:
			return nil, fmt.Errorf("ask %s: it is gone", n.name)
		case <-ctx.Done():
			return nil, fmt.Errorf("ask %s: no answer within %s", n.name, freezeLimit)
		}
	}
}

// mirror takes the accounts of a worker's shards.
func (s *System) mirror(n *peer, body []byte) error {
	attempt, reports, err := readShards(body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n.reportedNs = monotonicNs()
	if attempt < s.inlet.current() {
		return nil // of a zombie
	}
	for _, r := range reports {
		if r.shard >= s.given.Load.Shards() {
			return fmt.Errorf("%w: shard %d of %d", errDamaged, r.shard, s.given.Load.Shards())
		}
		shard := s.given.Load.Shard(r.shard)
		shard.Mirror(r.report)
		for _, l := range r.lags {
			shard.Lag(l.atNs, l.lagNs, l.n)
		}
	}
	return nil
}

// silentAfter is how long a worker may say nothing of its shards before they count as out of reach:
// what is due then waits for the system.
const silentAfter = 50 * time.Millisecond

// watchSilence notices shards nobody reports of.
func (s *System) watchSilence() {
	tick := time.NewTicker(silentAfter / 5)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		now := monotonicNs()
		if s.job.Topics != nil {
			s.mu.Unlock()
			return // the driver is here
		}
		for slot, owner := range s.owners {
			n := s.nodes[owner]
			if n == nil || now-n.reportedNs < int64(silentAfter) || s.schedule.T0Ns == 0 {
				continue
			}
			s.given.Load.Shard(slot).Silent(max(0, n.reportedNs-s.schedule.T0Ns))
		}
		s.mu.Unlock()
	}
}

// results takes a batch of results.
func (s *System) results(n *peer, body []byte) error {
	r, err := readResults(body, s.inlet.query, s.inlet.room)
	if err != nil {
		return err
	}
	fenced, err := s.inlet.take(n.name, r)
	if err != nil {
		s.end(fmt.Errorf("collect results of %s: %w", n.name, err))
		return err
	}
	if fenced {
		s.milestone(told{MonoNs: monotonicNs(), Milestone: record.Milestone{
			Name: record.MilestoneFenced, Node: n.name, Attempt: r.attempt,
			Text: "results of an attempt that is over were refused"}})
	}
	return nil
}

// fence drops what the attempt before has not committed, and says how far its shards were.
func (s *System) fence(n *peer, body []byte) error {
	f, err := decode[fence](body)
	if err != nil {
		return err
	}
	if err := s.inlet.fence(f); err != nil {
		s.end(fmt.Errorf("collect results: %w", err))
		return err
	}
	s.mu.Lock()
	for _, m := range s.meters {
		s.past.BusyNs += m.BusyNs
		s.past.BackpressureNs += m.BackpressureNs
	}
	clear(s.meters)
	s.owners = f.Owners
	s.mu.Unlock()
	seen := s.given.Load.Seen()
	if !s.job.replays() {
		seen = s.beyond(seen)
	}
	n.conn.send(kindFenced, fenced{Attempt: f.Attempt, Seen: seen})
	return nil
}

// beyond is where shards go on at most once: what a shard has handed over since its last report is
// not known, and must not be handed over again. So everything that is due by now is left out or,
// where nothing has due times, what a shard takes in a second.
func (s *System) beyond(seen []uint64) []uint64 {
	l := s.given.Load
	now := l.NowNs()
	for i := range seen {
		if l.Paced() {
			seen[i] = max(seen[i], l.DueBy(now))
		} else if now > 0 {
			seen[i] += uint64(float64(seen[i]) / float64(now) * 1e9)
		}
	}
	return seen
}

// commit makes results visible.
func (s *System) commit(body []byte) error {
	c, err := decode[commit](body)
	if err != nil {
		return err
	}
	id := c.ID
	if c.Final {
		id = math.MaxUint64
	}
	if err := s.inlet.commit(c.Attempt, id); err != nil {
		s.end(fmt.Errorf("collect results: %w", err))
		return err
	}
	s.milestone(told{MonoNs: monotonicNs(), Milestone: record.Milestone{
		Name: record.MilestoneCommit, Checkpoint: c.ID, Attempt: c.Attempt}})
	if c.Final {
		s.through()
		s.end(nil)
	}
	return nil
}

// through closes the accounts of the shards: the coordinator's word that all is read may overtake
// what workers say of them.
func (s *System) through() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.job.Topics != nil || !s.schedule.Sealed {
		return
	}
	for m := range s.given.Load.Shards() {
		s.given.Load.Shard(m).Through()
	}
}

// count keeps the counters of a worker.
func (s *System) count(name string, m stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inlet.current() <= m.Attempt {
		s.meters[name] = m
	}
}

// Meter sums up the counters of all workers. Times are of all attempts, the rest of the one that is
// under way, whose state has the counts of those before.
func (s *System) Meter() adapters.Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := adapters.Meter{BusyNs: s.past.BusyNs, BackpressureNs: s.past.BackpressureNs}
	for _, w := range s.meters {
		m.Late += w.Late
		m.Allowed += w.Allowed
		m.BusyNs += w.BusyNs
		m.BackpressureNs += w.BackpressureNs
		m.StateB += w.StateB
	}
	return m
}
