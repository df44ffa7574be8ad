package native

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/cluster"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// BenchmarkRecovery kills a worker of three under 500k events/s over a million keys with checkpoints
// of a second, and measures how long it takes until the shards have caught up with the schedule. The
// worker comes back at once, or a standby that has read the checkpoints is there.
func BenchmarkRecovery(b *testing.B) {
	for _, standbys := range []string{"0", "1"} {
		b.Run("standbys="+standbys, func(b *testing.B) {
			var total time.Duration
			var spans [3]time.Duration
			for range b.N {
				all := recovered(b, standbys)
				total += all.total
				for i := range spans {
					spans[i] += all.spans[i]
				}
			}
			per := func(d time.Duration) float64 { return float64(d.Milliseconds()) / float64(b.N) }
			b.ReportMetric(per(total), "ms-caught-up")
			for i, name := range []string{"ms-detected", "ms-restored", "ms-resumed"} {
				b.ReportMetric(per(spans[i]), name)
			}
		})
	}
}

// recovery is how long after the kill things happened.
type recovery struct {
	total time.Duration
	spans [3]time.Duration
}

func recovered(b *testing.B, standbys string) recovery {
	const rate = 500_000
	w := workloadstest.Bind(b, "iot-telemetry", rate, map[string]string{"keys": "1M", "window": "4s"})
	load := adapters.NewLoad(workloads.Constant(rate), 3)
	var mu sync.Mutex
	at := map[string]time.Time{}
	s, err := cluster.Deploy(b.Context(), adapters.Job{
		RunID: "bench", Workload: w, Transport: adapters.Embedded, Format: workloads.BinaryForm,
		Workers: 3, WorkerCPUs: 1, MemoryB: 2 << 30, Guarantee: exactlyOnce, Checkpoint: time.Second,
		Load: load, Collector: &counter{}, StateDir: b.TempDir(),
		Settings: map[string]string{"standbys": standbys},
		Milestone: func(m record.Milestone) {
			mu.Lock()
			defer mu.Unlock()
			at[m.Name] = time.Now()
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	load.Begin(time.Now())
	time.Sleep(6 * time.Second)
	p, _ := s.Process("worker-2")
	killed := time.Now()
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		b.Fatal(err)
	}
	if standbys == "0" {
		if err := again(10*time.Second, func() error {
			return s.Restart(b.Context(), "worker-2", true)
		}); err != nil {
			b.Fatal(err)
		}
	}
	if err := again(60*time.Second, func() error { return caughtUp(load, &mu, at) }); err != nil {
		b.Fatal(err)
	}
	r := recovery{total: time.Since(killed)}
	mu.Lock()
	defer mu.Unlock()
	for i, name := range []string{
		record.MilestoneDetected, record.MilestoneRestored, record.MilestoneResumed,
	} {
		r.spans[i] = at[name].Sub(killed)
	}
	return r
}

// caughtUp says why shards are not where the schedule is, to within 20 ms of it.
func caughtUp(load *adapters.Load, mu *sync.Mutex, at map[string]time.Time) error {
	mu.Lock()
	_, ok := at[record.MilestoneResumed]
	mu.Unlock()
	if !ok {
		return fmt.Errorf("no worker resumed")
	}
	now := load.NowNs()
	if behind := now - load.DueNs(slices.Min(load.Handed())); behind > 20e6 {
		return fmt.Errorf("%s behind", time.Duration(behind))
	}
	return nil
}

// again asks each millisecond until there is no error, or a time is over.
func again(within time.Duration, ask func() error) error {
	until := time.Now().Add(within)
	for {
		err := ask()
		if err == nil || time.Now().After(until) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}
