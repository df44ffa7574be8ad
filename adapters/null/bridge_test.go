package null_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/null"
	"github.com/streambench/streambench/workloads"
)

// tally counts results that were decoded from their wire form.
type tally struct{ results atomic.Int64 }

func (t *tally) Collect(rs *workloads.Results, _ int64) error {
	t.results.Add(int64(rs.N))
	return nil
}

// ways are the transports that a pass-through reads from.
var ways = map[string]adapters.Transport{
	adapters.Kafka: kafka.Transport{}, adapters.Log: log.Transport{},
}

// bridged deploys the pass-through of a load over an embedded broker or a log.
func bridged(t *testing.T, job adapters.Job) (adapters.Channel, adapters.System) {
	t.Helper()
	job.Broker = adapters.Broker{At: kafka.EmbeddedBroker}
	job.RunID, job.Partitions = "pass", 3
	channel, err := ways[job.Transport].Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	job.Topics = channel.Topics()
	s, err := null.Adapter{}.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return channel, s
}

const events = 5000

func TestEveryEventPassesThroughATransportAndItsResultIsRead(t *testing.T) {
	for _, tt := range []struct {
		workload, query, format string
		results                 int64
	}{
		{"iot-telemetry", "", workloads.BinaryForm, events / 1024},
		{"nexmark", "q0", workloads.BinaryForm, events},
		{"nexmark", "q0", workloads.JSONForm, events},
		{"ysb", "", workloads.JSONForm, events / 1024},      // strings
		{"sliding-average", "", workloads.JSONForm, events}, // floating point
		{"poison", "", workloads.JSONForm, 0},               // events that cannot be read
	} {
		for way := range ways {
			t.Run(tt.workload+" "+tt.format+" "+way, func(t *testing.T) {
				var params map[string]string
				if tt.query != "" {
					params = map[string]string{"query": tt.query}
				}
				n := passed(t, way, adapters.Job{
					Workload: bind(t, tt.workload, params), Format: tt.format,
				})
				if tt.results > 0 && n != tt.results {
					t.Errorf("%d results, want %d", n, tt.results)
				}
			})
		}
	}
}

// passed has some events pass and returns the number of results read.
func passed(t *testing.T, way string, job adapters.Job) int64 {
	t.Helper()
	load := adapters.NewLoad(nil, 1)
	load.Limit(events)
	var got tally
	job.Transport, job.Load, job.Collector = way, load, &got
	channel, s := bridged(t, job)
	load.Begin(time.Now())
	if err := channel.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := channel.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.(interface{ Passed() uint64 }).Passed(); n != events {
		t.Errorf("%d events passed", n)
	}
	return got.results.Load()
}

func TestClosingEndsAPassThroughOfATransport(t *testing.T) {
	for way := range ways {
		t.Run(way, func(t *testing.T) { closing(t, way) })
	}
}

func closing(t *testing.T, way string) {
	t.Helper()
	load := adapters.NewLoad(nil, 1)
	channel, s := bridged(t, adapters.Job{
		Workload: bind(t, "nexmark", map[string]string{"query": "q0"}), Load: load,
		Format: workloads.BinaryForm, Collector: &tally{}, Transport: way,
	})
	load.Begin(time.Now())
	for s.(interface{ Passed() uint64 }).Passed() == 0 {
		time.Sleep(time.Millisecond)
	}
	if s.Close() != nil || s.Close() != nil {
		t.Error("closing twice is not harmless")
	}
	if err := s.Wait(t.Context()); err == nil {
		t.Error("a system that was closed says that it has ended")
	}
	if err := channel.Close(); err != nil {
		t.Error(err)
	}
}
