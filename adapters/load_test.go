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

func TestWhatTheDriverAloneWouldHaveSentIsBlocked(t *testing.T) {
	tests := []struct {
		name           string
		mode           mode
		dueNs          int64
		twinNs, busyNs int64
		handed, short  uint64
		blocked        uint64
	}{
		{name: "parked with events due: the driver overslept",
			mode: parked, dueNs: 700 * ms, busyNs: 1, handed: 1, short: 1000, blocked: 0},
		{name: "parked to fill a batch while a system has kept 600 ms: the system's",
			mode: parked, busyNs: 1, handed: 1, short: 1000, blocked: 1000},
		{name: "busy making events all the time: the driver's",
			mode: making, twinNs: 600 * ms, busyNs: 600 * ms, handed: 1000, short: 1000, blocked: 0},
		{name: "kept by a system while it could have sent all: the system's",
			mode: occupied, twinNs: 600 * ms, busyNs: ms, handed: 1000, short: 1000, blocked: 1000},
		{name: "kept by a system, but too slow for more than half of it: half is the system's",
			mode: occupied, twinNs: 600 * ms, busyNs: 400 * ms, handed: 500, short: 1000, blocked: 500},
		{name: "kept before its first batch: the system's",
			mode: occupied, short: 1000, blocked: 1000},
		{name: "a twin that is done only after now has sent nothing",
			mode: occupied, twinNs: 1001 * ms, busyNs: ms, handed: 1, short: 1000, blocked: 0},
		{name: "numbers near the top do not overflow", mode: occupied, busyNs: 1,
			handed: math.MaxUint64, short: math.MaxUint64, blocked: math.MaxUint64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := state{mode: tt.mode, sinceNs: 600 * ms, twinNs: tt.twinNs, busyNs: tt.busyNs,
				handed: tt.handed}
			if got := s.blockedOf(tt.short, 1000*ms, tt.dueNs); got != tt.blocked {
				t.Errorf("blocked %d of %d, want %d", got, tt.short, tt.blocked)
			}
		})
	}
}

func TestOnlyASystemThatHasTheSlotBlocks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		mode    mode
		dueNs   int64
		blocked int64
	}{
		{"parked with an event due: the driver's", parked, 0, 0},
		{"making events while one is due: the driver's", making, 0, 0},
		{"processing while an event is due: the system's", occupied, 0, 50},
		{"an event due halfway waits half as long", occupied, 125, 25},
		{"nothing due waits for nobody", occupied, 500, 0},
	} {
		s := state{mode: tt.mode, sinceNs: 100}
		if got := s.waitedNs(150, tt.dueNs); got != tt.blocked {
			t.Errorf("%s: blocked %d ns, want %d", tt.name, got, tt.blocked)
		}
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
	n     int64
	worst int64
	last  int64
}

func (l *lagLog) RecordN(_, lagNs, n int64) {
	l.n += n
	l.worst, l.last = max(l.worst, lagNs), lagNs
}

// pair is a driver and a system, each by what it takes for a batch and for an event.
type pair struct {
	rate                      uint64
	making, makingEach        time.Duration
	processing, processesEach time.Duration
	oversleeps                time.Duration // past the end of every wait
}

// offer runs one shard for two seconds and returns the load's account at its end, and the driver's
// lag.
func (p pair) offer(t *testing.T) (Account, *lagLog) {
	t.Helper()
	l := NewLoad(workloads.Constant(p.rate), 1)
	log := &lagLog{}
	l.RecordLag(0, log)
	l.MeasureFrom(0)
	l.Limit(2 * p.rate)
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
			if tk := s.Take(256); tk.Slots.N > 0 {
				time.Sleep(p.making + time.Duration(tk.Slots.N)*p.makingEach)
				s.Handed(tk)
				time.Sleep(p.processing + time.Duration(tk.Slots.N)*p.processesEach)
			} else {
				time.Sleep(tk.Wait + p.oversleeps)
			}
		}
	}()
	time.Sleep(2*time.Second - time.Nanosecond)
	a := l.Account(int64(2 * time.Second))
	close(quit)
	<-done
	return a, log
}

func TestAccountTellsASlowDriverFromASlowSystem(t *testing.T) {
	const rate = 10_000
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			name string
			pair pair
			// Of the schedule: what is short, and what of it is the system's; at most the given lag,
			// or at least it if negative.
			short, blocked float64
			lag            time.Duration
		}{
			{"a pair fast enough", pair{processing: time.Millisecond}, 0, 0, time.Millisecond},
			{"a system of half the rate", pair{processesEach: 200 * time.Microsecond},
				0.5, 0.5, time.Millisecond},
			{"a system that takes 1% of it, for every event",
				pair{processesEach: 10 * time.Millisecond}, 0.99, 0.99, time.Millisecond},
			{"a driver of half the rate", pair{makingEach: 200 * time.Microsecond},
				0.5, 0, -900 * time.Millisecond},
			{"a driver of half the rate and a system of a third",
				pair{makingEach: 200 * time.Microsecond, processesEach: 300 * time.Microsecond},
				0.8, 0.3, -300 * time.Millisecond},
			{"a driver that could just do it and a system that could, one after the other",
				pair{makingEach: 90 * time.Microsecond, processesEach: 90 * time.Microsecond},
				0.44, 0.44, 50 * time.Millisecond},
			{"a host that wakes the driver 20 ms late", pair{oversleeps: 20 * time.Millisecond},
				0, 0, -20 * time.Millisecond},
		} {
			tt.pair.rate = rate
			a, log := tt.pair.offer(t)
			due := float64(a.Due)
			short, blocked := float64(a.Due-a.Accepted)/due, float64(a.Blocked)/due
			if math.Abs(short-tt.short) > 0.02 || math.Abs(blocked-tt.blocked) > 0.02 {
				t.Errorf("%s: %.3f of the schedule is short, %.3f of it blocked, want %g and %g",
					tt.name, short, blocked, tt.short, tt.blocked)
			}
			if worst := time.Duration(log.worst); tt.lag > 0 && worst > tt.lag ||
				tt.lag < 0 && worst < -tt.lag {
				t.Errorf("%s: the largest lag is %s, limit %s", tt.name, worst, tt.lag)
			}
			if tt.blocked >= 0.3 && a.BlockedNs < ms*300 {
				t.Errorf("%s: blocked %d ns", tt.name, a.BlockedNs)
			}
		}
	})
}

// TestADriverIsJudgedAsIfItWereAlone is what the twin is for: beside any system, accepted and blocked
// events are those that the same driver offers to a system that takes everything at once, and an
// event's lag is no more than the lag it has there.
func TestADriverIsJudgedAsIfItWereAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		microseconds := func(most int, name string) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(rt, name)) * time.Microsecond
		}
		p := pair{
			rate:          rapid.SampledFrom([]uint64{1000, 10_000, 50_000}).Draw(rt, "rate"),
			making:        microseconds(500, "making"),
			makingEach:    microseconds(60, "making each"),
			processing:    microseconds(5000, "processing"),
			processesEach: microseconds(200, "processes each"),
		}
		synctest.Test(t, func(t *testing.T) {
			a, log := p.offer(t)
			alone := p
			alone.processing, alone.processesEach = 0, 0
			b, lone := alone.offer(t)
			batch := p.making + 256*p.makingEach + 2*lingerNs
			slack := 2*float64(p.rate)*0.02 + 256 + float64(p.rate)*batch.Seconds()
			got, want := float64(a.Accepted+a.Blocked), float64(b.Accepted+b.Blocked)
			if math.Abs(got-want) > slack {
				rt.Errorf("accepted and blocked are %.0f, of the driver alone %.0f, slack %.0f, %+v",
					got, want, slack, p)
			}
			if log.worst > lone.worst+int64(batch) {
				rt.Errorf("lag %s, of the driver alone %s",
					time.Duration(log.worst), time.Duration(lone.worst))
			}
		})
	})
}

func TestSlotsAreAcceptedWhenTheTransportSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLoad(workloads.Constant(1000), 1)
		log := &lagLog{}
		l.RecordLag(0, log)
		l.MeasureFrom(0)
		l.Limit(1000)
		l.Begin(time.Now())
		s := l.Shard(0)
		look := func(due, accepted, blocked uint64) {
			t.Helper()
			a := l.Account(l.NowNs())
			if a.Due != due || a.Accepted != accepted || a.Blocked != blocked {
				t.Errorf("due %d, accepted %d, blocked %d, want %d, %d and %d",
					a.Due, a.Accepted, a.Blocked, due, accepted, blocked)
			}
		}
		time.Sleep(99 * time.Millisecond)
		s.Sent(s.Take(60))
		look(100, 0, 60) // 40 were not sent: the driver slept
		go s.Accept(workloads.Slots{N: 60})
		synctest.Wait()
		look(100, 60, 0)
		time.Sleep(time.Duration(lingerNs))
		s.Sent(s.Take(256))
		look(100, 60, 40)
		if tk := s.Take(0); tk.Slots.N != 0 || tk.End {
			t.Errorf("without room there is %+v to do", tk)
		}
		for range 100 {
			time.Sleep(time.Millisecond)
			if tk := s.Take(0); tk.Slots.N != 0 || tk.Wait > idleWait {
				t.Errorf("without room there is %+v to do", tk)
			}
		}
		look(200, 60, 140)
		lag := log.worst
		s.Sent(s.Take(256))
		s.Accept(workloads.Slots{N: 140})
		look(200, 200, 0)
		if log.worst > lag {
			t.Errorf("waiting for room is called %d ns of driver lag", log.worst)
		}
		if blocked := l.Account(l.NowNs()).BlockedNs; blocked < 98*ms || blocked > 101*ms {
			t.Errorf("blocked for %d ns, not 100 ms", blocked)
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

// The end of a stream may be known before the last account of a shard another process drives.
func TestAShardThatIsThroughHasHandedOverAll(t *testing.T) {
	l := NewLoad(nil, 3)
	l.Limit(10)
	l.Shard(0).Mirror(l.Shard(0).Report())
	for m := range l.Shards() {
		l.Shard(m).Through()
	}
	if got := l.Account(0).Accepted; got != 10 {
		t.Errorf("%d of 10 slots are accepted", got)
	}
}
