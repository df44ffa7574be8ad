package scenarios_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// nativeRuns are every query due, at rates any host keeps up with.
var nativeRuns = []struct{ name, workload, params, rate string }{
	{"iot-telemetry", "iot-telemetry", "{keys: 1000, window: 250ms, disorder: 100ms}", "200k/s"},
	{"ysb", "ysb", "{window: 250ms}", "200k/s"},
	{"nexmark q0", "nexmark", "{query: q0}", "50k/s"},
	{"nexmark q1", "nexmark", "{query: q1}", "50k/s"},
	{"nexmark q2", "nexmark", "{query: q2}", "50k/s"},
	{"nexmark q5", "nexmark", "{query: q5, window: 400ms, slide: 100ms}", "50k/s"},
	{"nexmark q7", "nexmark", "{query: q7, window: 250ms}", "50k/s"},
	{"nexmark q11", "nexmark", "{query: q11, gap: 100ms}", "50k/s"},
	{"nexmark q12", "nexmark", "{query: q12, window: 250ms}", "50k/s"},
	{"uc2", "uc2", "{keys: 1000, window: 250ms, bound: 100ms}", "50k/s"},
	{"hopping-average", "hopping-average",
		"{window: 300ms, slide: 100ms, disorder: 50ms, bound: 50ms}", "50k/s"},
	{"sliding-average", "sliding-average", "{window: 300ms, disorder: 50ms, bound: 50ms}", "20k/s"},
	{"karimov", "karimov", "{window: 400ms, slide: 200ms, bound: 100ms}", "50k/s"},
	{"shuffle", "shuffle", "{}", "5k/s"},
	{"orders", "orders", "{window: 250ms, bound: 100ms, lateness: 300ms}", "50k/s"},
	{"clickstream", "clickstream", "{keys: 1000, gap: 50ms, bound: 100ms, disorder: 80ms}", "50k/s"},
	{"poison", "poison", "{keys: 1000, malformed: 500}", "10k/s"},
}

// TestMain lets the test binary be the embedded broker.
func TestMain(m *testing.M) {
	kafka.Enter()
	chaos.Enter()
	native.Enter()
	os.Exit(m.Run())
}

func overKafka(name string) (adapters.Transport, bool) {
	return kafka.Transport{}, name == adapters.Kafka
}

var guarantees = []string{"exactly-once", "at-least-once", "at-most-once"}

// nativeRun runs a scenario on the engine in real time.
func nativeRun(t *testing.T, s *scenarios.Scenario, keep bool) *recorded {
	t.Helper()
	r, err := carryOut(t, t.Context(), scenarios.RunRequest{
		Scenario: s, Systems: only(native.Adapter{}), Transports: overKafka, KeepResults: keep,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.failures() {
		t.Fatalf("%s: %s", f.Phase, f.Text)
	}
	return r
}

// TestNativeAnswersEveryQueryRight runs in real time, so it looks at answers and never at speed:
// whether the host let the driver keep its schedule is not what is tested.
func TestNativeAnswersEveryQueryRight(t *testing.T) {
	for i, run := range nativeRuns {
		for n, transport := range []string{"embedded", "embedded", "kafka, broker: embedded"} {
			slots := 1 + n
			if n == 2 {
				slots = 1 + i%2
			}
			guarantee := guarantees[(i+n)%len(guarantees)]
			name := fmt.Sprintf("%s, %d slots, %s, %s", run.name, slots, guarantee, transport)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				format := "binary"
				if run.workload == "poison" || i%2 == 1 {
					format = "json"
				}
				s := load(t, fmt.Sprintf(`
name: right
workload: %s
params: %s
guarantee: %s
checkpoint: 200ms
load: {transport: %s, format: %s, rate: %s, warmup: 200ms, steady: 1s, drain: 20s}
resources: {worker: {cpus: %d}}
`, run.workload, run.params, guarantee, transport, format, run.rate, slots))
				r := nativeRun(t, s, false)
				l := r.ledgers()[0]
				if !l.Conclusive || l.Matched == 0 || l.Matched != l.Expected ||
					l.Received != l.Expected+l.Refinements || l.Unexplained != 0 ||
					l.Digest != l.WantDigest {
					t.Errorf("ledger %+v", *l)
				}
				for _, side := range []*record.Side{l.LateOutput, l.DeadLetters} {
					if side != nil && (side.Received == 0 || side.Missing+side.Foreign > 0) {
						t.Errorf("output beside the answers %+v", *side)
					}
				}
				if end := r.ends()[0]; end.NegativeSamples != 0 || end.DroppedSamples != 0 {
					t.Errorf("end %+v", *end)
				}
			})
		}
	}
}

func TestNativeTakesExactlySoManyEventsAsFastAsItCan(t *testing.T) {
	for _, slots := range []int{1, 2} {
		s := load(t, fmt.Sprintf(`
name: exact
workload: iot-telemetry
params: {keys: 1000, window: 1s}
load: {rate: max, events: 1M, event-rate: 100k/s}
resources: {worker: {cpus: %d}}
`, slots))
		r := nativeRun(t, s, false)
		l, end := r.ledgers()[0], r.ends()[0]
		if end.Events != 1_000_000 || l.EventsIn != 1_000_000 || l.Matched != l.Expected ||
			l.Lost+l.Wrong+l.Phantom+l.Duplicated != 0 {
			t.Errorf("end %+v, ledger %+v", *end, *l)
		}
	}
}

func TestKeptResultsAreWhatTheDigestIsMadeOf(t *testing.T) {
	for run, live := range map[string]bool{
		"workload: iot-telemetry\nparams: {keys: 100, window: 100ms, disorder: 50ms}\n": true,
		"workload: nexmark\nparams: {query: q1}\n":                                      true,
		// All of its sessions are completed by the end of so short a stream, and not timed.
		"workload: nexmark\nparams: {query: q11, gap: 1s}\n": false,
	} {
		s := load(t, "name: kept\n"+run+"load: {rate: 20k/s, events: 10k}\n")
		r := nativeRun(t, s, true)
		f, err := os.Open(filepath.Join(r.dir, scenarios.ResultsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		digest, n, timed := uint64(0), uint64(0), 0
		for lines := bufio.NewScanner(f); lines.Scan(); n++ {
			var result struct {
				Query, Line string
				Key, Values []string
				Trigger     *uint64
				LatencyNs   *int64
			}
			if err := json.Unmarshal(lines.Bytes(), &result); err != nil {
				t.Fatal(err)
			}
			h := fnv.New64a()
			h.Write([]byte(result.Line))
			digest += h.Sum64()
			if result.LatencyNs != nil && *result.LatencyNs > 0 && *result.Trigger < 10_000 {
				timed++
			}
			if result.Query == "" || len(result.Values) == 0 {
				t.Fatalf("line %s", lines.Text())
			}
		}
		l := r.ledgers()[0]
		if n != l.Count || fmt.Sprintf("%016x", digest) != l.Digest || (timed > 0) != live {
			t.Errorf("%s: %d results of %d, digest %016x want %s, %d timed",
				run, n, l.Count, digest, l.Digest, timed)
		}
	}
}

// heapWatch notes the largest live heap at ticks of steady.
type heapWatch struct{ most uint64 }

func (h *heapWatch) Add(e record.Entry) error {
	if e.Tick != nil && e.Tick.Phase == record.PhaseSteady {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
	}
	return nil
}

// TestMemoryDoesNotGrowWithTheLengthOfARun compares a run with one five times as long: at rate max
// it goes through as many events as a host can, and through five times the windows.
func TestMemoryDoesNotGrowWithTheLengthOfARun(t *testing.T) {
	most := func(events string) (heap uint64) {
		for _, query := range []string{
			"workload: iot-telemetry\nparams: {keys: 1000, window: 100ms}\n",
			"workload: nexmark\nparams: {query: q1}\n",
		} {
			w := &heapWatch{}
			out, err := scenarios.Run(t.Context(), scenarios.RunRequest{
				Scenario: load(t, "name: long\n"+query+
					"load: {rate: max, event-rate: 100k/s, events: "+events+"}\n"),
				Systems: only(native.Adapter{}), Dir: t.TempDir(), Sinks: []record.Sink{w},
			})
			if err != nil {
				t.Fatal(out, err)
			}
			heap = max(heap, w.most)
		}
		return heap
	}
	most("200k") // what is made once
	short, long := most("400k"), most("2M")
	if long > short+short/4+4<<20 {
		t.Errorf("the heap is %d kB in a run and %d kB in one five times as long",
			short>>10, long>>10)
	}
}

func TestNativeRefusesWhatItCannotRun(t *testing.T) {
	w, err := load(t, passOn).Bind()
	if err != nil {
		t.Fatal(err)
	}
	sound := adapters.Job{Workload: w, Transport: adapters.Embedded, Workers: 1, WorkerCPUs: 1}
	set := sound
	set.Settings = map[string]string{"heartbeat": "1s"}
	if err := (native.Adapter{}).Supports(set); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("heartbeats in one process: %v", err)
	}
	if err := (native.Adapter{}).Supports(sound); err != nil {
		t.Error(err)
	}
}
