package native

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// counter is a collector that counts and may refuse.
type counter struct {
	n, after atomic.Int64
	closed   atomic.Bool
	refuse   int64 // after so many results; 0 never
}

func (c *counter) Collect(rs *workloads.Results, _ int64) error {
	if c.closed.Load() {
		c.after.Add(1)
	}
	if n := c.n.Add(int64(rs.N)); c.refuse > 0 && n >= c.refuse {
		return errors.New("no room for results")
	}
	return nil
}

// deploy starts a system over an endless stream taken as fast as can be.
func deploy(t *testing.T, c adapters.Collector, slots int) (adapters.System, *adapters.Load) {
	t.Helper()
	w := bind(t, "nexmark", map[string]string{"query": "q1"})
	load := adapters.NewLoad(nil, slots)
	s, err := Adapter{}.Deploy(t.Context(), adapters.Job{
		Workload: w, Transport: adapters.Embedded, Workers: 1, WorkerCPUs: slots,
		Guarantee: "exactly-once", MemoryB: 64 << 20, Load: load, Collector: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, load
}

func TestClosingARunningSystemStopsItForGood(t *testing.T) {
	for _, slots := range []int{1, 2} {
		c := &counter{}
		s, load := deploy(t, c, slots)
		load.Begin(time.Now())
		for c.n.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			c.closed.Store(true)
		}
		taken := load.Account(0).Accepted
		if err := s.Wait(t.Context()); err == nil {
			t.Error("a system closed before the end of its input says that it finished")
		}
		if c.after.Load() != 0 || load.Account(0).Accepted != taken {
			t.Error("a closed system went on")
		}
	}
}

func TestACollectorThatRefusesEndsTheSystem(t *testing.T) {
	c := &counter{refuse: 5000}
	s, load := deploy(t, c, 2)
	load.Begin(time.Now())
	if err := s.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("it ended with %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestASystemWaitsForItsLoad(t *testing.T) {
	c := &counter{}
	s, load := deploy(t, c, 1)
	defer s.Close()
	load.Limit(1000)
	if load.Account(0).Accepted != 0 {
		t.Error("events were taken before the load began")
	}
	load.Begin(time.Now())
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.n.Load(); n != 920 {
		t.Errorf("%d results of 920 bids", n)
	}
	config, err := s.Config(t.Context())
	if err != nil || config["slots"] != "1" || config["guarantee"] != "exactly-once" {
		t.Errorf("settings %v, %v", config, err)
	}
}

// A system may be ready long before its load begins. What its shards have not offered by then is
// not behind anything, and one that wakes up later than another loses nothing.
func TestAShardIsNotIdleBeforeItsLoadBegins(t *testing.T) {
	load := adapters.NewLoad(nil, 1)
	s := silence{load: load}
	if s.lasts(false) {
		t.Error("idle before T0")
	}
	load.Begin(time.Now().Add(-2 * idleTimeout))
	if !s.lasts(false) {
		t.Error("not idle, though nothing was due for so long")
	}
	s.heard()
	if s.lasts(false) {
		t.Error("idle, though something was due just now")
	}
}

// A stream that is frozen until its end is known goes on behind what its other shards have offered:
// were one of them idle meanwhile, however long it takes, what it still has would come late.
func TestAShardIsNotIdleWhileItsLoadIsFrozen(t *testing.T) {
	load := adapters.NewLoad(nil, 1)
	load.Begin(time.Now().Add(-2 * idleTimeout))
	w := bind(t, "nexmark", map[string]string{"query": "q1"})
	src, err := newSource(adapters.Job{Workload: w, Load: load}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := src.(*source)
	b := workloads.NewBatch(w.Schema, 16)
	s.Next(b)
	load.Freeze()
	s.silence.lastNs = 0 // it lasts
	if pull := s.Next(b); b.N != 0 || pull.Idle || pull.End {
		t.Errorf("frozen, it gives %d events: %+v", b.N, pull)
	}
	load.Limit(1 << 40)
	if s.Next(b); b.N == 0 {
		t.Error("it does not go on")
	}
}
