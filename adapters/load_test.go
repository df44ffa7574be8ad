package adapters

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/workloads"
)

const ms = int64(time.Millisecond)

func TestShortfallIsSplitByWhoKeptTheShardBusy(t *testing.T) {
	tests := []struct {
		name           string
		shortfall      uint64
		driver, system int64
		blocked        uint64
	}{
		{name: "a driver that made events all the time answers for all of it",
			shortfall: 1000, driver: 900 * ms, system: 0, blocked: 0},
		{name: "a system that gave no room all the time answers for all of it",
			shortfall: 1000, driver: 0, system: 900 * ms, blocked: 1000},
		{name: "both busy: in proportion",
			shortfall: 1000, driver: 300 * ms, system: 100 * ms, blocked: 250},
		{name: "neither busy: the driver overslept",
			shortfall: 1000, driver: 0, system: 0, blocked: 0},
		{name: "nothing missing", shortfall: 0, driver: 5, system: 7, blocked: 0},
		{name: "numbers near the top do not overflow",
			shortfall: math.MaxUint64, driver: 1, system: math.MaxInt64 - 1,
			blocked: math.MaxUint64 - 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := blockedShare(tt.shortfall, tt.driver, tt.system); got != tt.blocked {
				t.Errorf("blocked %d of %d, want %d", got, tt.shortfall, tt.blocked)
			}
		})
	}
}

func TestWaitingIsChargedToWhoHasTheSlot(t *testing.T) {
	tests := []struct {
		name           string
		mode           mode
		behind         bool
		dueNs          int64
		driver, system int64
	}{
		{"parked with an event due: the driver's", parked, true, 0, 30 + 50, 70},
		{"making events while one is due: the driver's", making, true, 0, 30 + 50, 70},
		{"processing while an event is due: the system's", occupied, true, 0, 30, 70 + 50},
		{"an event due halfway waits half as long", occupied, true, 125, 30, 70 + 25},
		{"nothing due waits for nobody", occupied, false, 500, 30, 70},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := state{mode: tt.mode, sinceNs: 100, driverNs: 30, systemNs: 70}
			driver, system := s.waitedBy(150, tt.dueNs, tt.behind)
			if driver != tt.driver || system != tt.system {
				t.Errorf("driver %d system %d, want %d and %d", driver, system, tt.driver, tt.system)
			}
		})
	}
}

// drive takes and hands over everything of a shard until its end; making and processing a batch
// take as long as given.
func drive(s *Shard, room int, making, processing time.Duration, seen func(workloads.Slots)) {
	for {
		t := s.Take(room)
		if t.Slots.N > 0 {
			time.Sleep(making)
			s.Handed(t)
			seen(t.Slots)
			time.Sleep(processing)
		}
		if t.End {
			return
		}
		if t.Slots.N == 0 {
			time.Sleep(t.Wait)
		}
	}
}

func TestShardsOfferEverySlotOnceAndNoneBeforeItIsDue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shards := rapid.IntRange(1, 5).Draw(rt, "shards")
		n := rapid.Uint64Range(0, 3000).Draw(rt, "events")
		rate := rapid.SampledFrom([]uint64{1000, 20_000, 1_000_000}).Draw(rt, "rate")
		room := rapid.SampledFrom([]int{1, 7, 256}).Draw(rt, "room")
		synctest.Test(t, func(t *testing.T) {
			l := NewLoad(workloads.Constant(rate), shards)
			l.Limit(n)
			l.Begin(time.Now())
			var mu sync.Mutex
			times := map[uint64]int{}
			var all sync.WaitGroup
			for m := range shards {
				all.Go(func() {
					drive(l.Shard(m), room, 0, 0, func(s workloads.Slots) {
						now := l.NowNs()
						mu.Lock()
						defer mu.Unlock()
						for i := range s.N {
							slot := s.First + uint64(i)*s.Step
							times[slot]++
							if due := l.DueNs(slot); due > now {
								rt.Fatalf("slot %d was offered %d ns too early", slot, due-now)
							}
						}
					})
				})
			}
			all.Wait()
			for slot := range n {
				if times[slot] != 1 {
					rt.Fatalf("slot %d was offered %d times", slot, times[slot])
				}
			}
			if uint64(len(times)) != n {
				rt.Fatalf("%d slots were offered, the stream has %d", len(times), n)
			}
		})
	})
}

// lagLog keeps driver lag.
type lagLog struct {
	n         int64
	worst     int64
	worstAtNs int64
}

func (l *lagLog) RecordN(atNs, lagNs, n int64) {
	l.n += n
	if lagNs > l.worst {
		l.worst, l.worstAtNs = lagNs, atNs
	}
}

// offer runs one shard at 10k/s for a second and returns the load's account at its end, and the
// driver's lag.
func offer(t *testing.T, making, processing time.Duration) (Account, *lagLog) {
	t.Helper()
	l := NewLoad(workloads.Constant(10_000), 1)
	log := &lagLog{}
	l.RecordLag(0, log)
	l.MeasureFrom(0)
	l.Limit(10_000)
	l.Begin(time.Now())
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s := l.Shard(0)
		for {
			select {
			case <-quit:
				return
			default:
			}
			if tk := s.Take(100); tk.Slots.N > 0 {
				time.Sleep(making)
				s.Handed(tk)
				time.Sleep(processing)
			} else {
				time.Sleep(tk.Wait)
			}
		}
	}()
	time.Sleep(time.Second - time.Nanosecond)
	a := l.Account(int64(time.Second))
	close(quit)
	<-done
	return a, log
}

func TestAccountTellsASlowDriverFromASlowSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, log := offer(t, 0, time.Millisecond)
		if a.Due-a.Accepted > 100 {
			t.Errorf("a pair fast enough is %d slots behind", a.Due-a.Accepted)
		}
		if log.worst > 2*lingerNs {
			t.Errorf("its driver lags by %d ns", log.worst)
		}
		a, log = offer(t, 20*time.Millisecond, 0) // 100 events in 20 ms: half the rate
		if short := a.Due - a.Accepted; short < 4500 || a.Blocked > short/100 {
			t.Errorf("slow driver: %d short, %d of them blamed on the system", short, a.Blocked)
		}
		if log.worst < 20*ms {
			t.Errorf("slow driver: largest lag %d ns", log.worst)
		}
		a, log = offer(t, 0, 20*time.Millisecond)
		if short := a.Due - a.Accepted; short < 4500 || a.Blocked < short*99/100 {
			t.Errorf("slow system: %d short, only %d of them blamed on it", short, a.Blocked)
		}
		if a.BlockedNs < 900*ms {
			t.Errorf("slow system: blocked %d ns of a second", a.BlockedNs)
		}
		if log.worst > 2*lingerNs {
			t.Errorf("slow system: %d ns of its delay are called driver lag", log.worst)
		}
	})
}

func TestLimitHereLosesNoSlotAndAddsNone(t *testing.T) {
	for range 200 {
		const shards = 4
		l := NewLoad(nil, shards)
		var all sync.WaitGroup
		var mu sync.Mutex
		seen := map[uint64]bool{}
		for m := range shards {
			all.Go(func() {
				s := l.Shard(m)
				for {
					tk := s.Take(16)
					if tk.Slots.N > 0 {
						s.Handed(tk)
						mu.Lock()
						for i := range tk.Slots.N {
							seen[tk.Slots.First+uint64(i)*tk.Slots.Step] = true
						}
						mu.Unlock()
					}
					if tk.End {
						return
					}
				}
			})
		}
		l.Begin(time.Now())
		for l.Account(0).Accepted < 500 {
			runtime.Gosched()
		}
		n := l.LimitHere(50)
		all.Wait()
		if n%50 != 0 || uint64(len(seen)) != n || l.Account(0).Accepted != n {
			t.Fatalf("limit %d, %d slots offered", n, len(seen))
		}
		for slot := range n {
			if !seen[slot] {
				t.Fatalf("slot %d of %d was not offered", slot, n)
			}
		}
	}
}

func TestTakingEventsAllocatesNothing(t *testing.T) {
	for name, pacer := range map[string]workloads.Pacer{
		"paced": workloads.Constant(1_000_000_000), "as fast as taken": nil,
	} {
		l := NewLoad(pacer, 1)
		l.RecordLag(0, &lagLog{})
		l.MeasureFrom(0)
		l.Begin(time.Now())
		s := l.Shard(0)
		n := testing.AllocsPerRun(1000, func() {
			if tk := s.Take(1024); tk.Slots.N > 0 {
				s.Handed(tk)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a batch", name, n)
		}
	}
}

func TestCustodyAddsUpWhoHadTheSlot(t *testing.T) {
	// The driver has 3 of every 10 ns, for far more changes than the ring keeps.
	var c custody
	want := func(ns int64) int64 {
		return ns/10*3 + min(ns%10, 3)
	}
	for ns := int64(0); ns < 50_000; ns += 10 {
		c.change(ns, true)
		c.change(ns+3, false)
	}
	for ns := int64(40_000); ns < 50_000; ns++ {
		if got := c.driverNs(ns); got != want(ns) {
			t.Fatalf("driver time at %d is %d, want %d", ns, got, want(ns))
		}
	}
	for _, ns := range []int64{0, 10_000, 30_000} {
		if got := c.driverNs(ns); got < want(ns)-5 || got > want(ns)+5 {
			t.Errorf("driver time at %d, before the ring, is %d, want about %d", ns, got, want(ns))
		}
	}
}

func TestEventsDueWhileTheDriverMakesOthersLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, log := offer(t, 0, 0)
		if log.n < 9_900 || log.worst > 2*lingerNs {
			t.Errorf("%d events lag, the worst %d ns", log.n, log.worst)
		}
		// Always behind: the last events wait for the making of all before them.
		if _, log = offer(t, 20*time.Millisecond, 0); log.worst < 400*ms {
			t.Errorf("half a second behind after a second, the largest lag is %d ns", log.worst)
		}
	})
}
