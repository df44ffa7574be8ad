package adapters

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/workloads"
)

// TestEverySlotTellsWhenItWasTaken compares the batch of each slot with the time it was handed over,
// read beside it.
func TestEverySlotTellsWhenItWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, shards = 3000, 3
		l := NewLoad(workloads.Constant(1000), shards)
		l.Limit(n)
		l.Begin(time.Now())
		if _, ok := l.Accepted(0); ok {
			t.Error("a slot was taken before it was handed over")
		}
		var mu sync.Mutex
		handed := map[uint64]int64{}
		var all sync.WaitGroup
		for m := range shards {
			all.Go(func() {
				drive(l.Shard(m), 7, time.Millisecond, 3*time.Millisecond, func(s workloads.Slots) {
					mu.Lock()
					defer mu.Unlock()
					for i := range s.N {
						handed[s.First+uint64(i)*s.Step] = l.NowNs()
					}
				})
			})
		}
		all.Wait()
		for slot := range uint64(n) {
			b, ok := l.Accepted(slot)
			if !ok || b.AtNs != handed[slot] || !b.Holds(slot) || b.Holds(slot+1) {
				t.Fatalf("slot %d: %+v, %v, was taken at %d", slot, b, ok, handed[slot])
			}
		}
		if b, ok := l.Accepted(n); ok {
			t.Errorf("a slot beyond the end: %+v", b)
		}
	})
}

// TestOldBatchesAreForgottenAndNeverMistaken laps the ring while another goroutine reads it.
func TestOldBatchesAreForgottenAndNeverMistaken(t *testing.T) {
	var a acceptances
	const batches = 4 * acceptedBatches
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range uint64(batches) {
			a.add(10*i, 10*i+10, int64(i))
		}
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		n := a.n.Load()
		for _, back := range []uint64{1, 5000, acceptedBatches - 2, acceptedBatches, 2 * acceptedBatches} {
			slot := 10*(n-min(back, n)) + 3
			if b, ok := a.find(slot, 1); ok && (b.AtNs != int64(slot/10) || !b.Holds(slot)) {
				t.Fatalf("slot %d is told to be of %+v", slot, b)
			}
		}
	}
	if _, ok := a.find(10*(batches-acceptedBatches), 1); ok {
		t.Error("a batch is found in whose place the next is written")
	}
	for i := uint64(batches - acceptedBatches + 1); i < batches; i++ {
		if b, ok := a.find(10*i+9, 1); !ok || b.AtNs != int64(i) {
			t.Fatalf("batch %d: %+v, %v", i, b, ok)
		}
	}
}

// TestASlotIsTakenWhenItIsAcknowledged is a transport that acknowledges later than it is handed to.
func TestASlotIsTakenWhenItIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLoad(workloads.Constant(1000), 1)
		l.Limit(100)
		l.Begin(time.Now())
		time.Sleep(time.Second)
		s := l.Shard(0)
		first, second := s.Take(50), Take{}
		s.Sent(first)
		time.Sleep(time.Second)
		second = s.Take(50)
		s.Sent(second)
		if b, ok := l.Accepted(3); ok {
			t.Errorf("taken in %+v, before it was acknowledged", b)
		}
		s.Accept(first.Slots)
		time.Sleep(time.Second)
		s.Accept(second.Slots)
		for slot, want := range map[uint64]time.Duration{3: 2 * time.Second, 73: 3 * time.Second} {
			if b, ok := l.Accepted(slot); !ok || b.AtNs != int64(want) {
				t.Errorf("slot %d: %+v, %v, was acknowledged after %s", slot, b, ok, want)
			}
		}
	})
}
