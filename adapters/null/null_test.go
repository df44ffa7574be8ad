package null_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/null"
	"github.com/streambench/streambench/workloads"
)

// counter counts what it is given.
type counter struct{ results, batches int }

func (c *counter) Collect(rs *workloads.Results, _ int64) error {
	c.results += rs.N
	c.batches++
	return nil
}

func bind(t *testing.T, name string, params map[string]string) *workloads.Workload {
	t.Helper()
	template, _ := workloads.Find(name)
	values, errs := template.Resolve(params)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	w, err := template.New(workloads.Settings{Seed: 1, EventRate: 1000, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestMain(m *testing.M) {
	kafka.Enter()
	os.Exit(m.Run())
}

func TestEveryEventPassesThrough(t *testing.T) {
	tests := []struct {
		workload string
		params   map[string]string
		each     bool // a result an event
	}{
		{"iot-telemetry", nil, false},
		{"nexmark", map[string]string{"query": "q0"}, true},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := bind(t, tt.workload, tt.params)
			load := adapters.NewLoad(workloads.Constant(1000), 2)
			load.Limit(5000)
			var got counter
			s, err := null.Adapter{}.Deploy(t.Context(), adapters.Job{
				Workload: w, Transport: adapters.Embedded, Load: load, Collector: &got,
			})
			if err != nil {
				t.Fatal(err)
			}
			load.Begin(time.Now())
			if err := s.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a := load.Account(load.NowNs()); a.Accepted != 5000 {
				t.Errorf("%s: %d events passed", tt.workload, a.Accepted)
			}
			want := got.batches
			if tt.each {
				want = 5000
			}
			if got.results != want {
				t.Errorf("%s: %d results in %d batches", tt.workload, got.results, got.batches)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClosingEndsAPassThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := adapters.NewLoad(workloads.Constant(1000), 1)
		s, err := null.Adapter{}.Deploy(t.Context(), adapters.Job{
			Workload: bind(t, "iot-telemetry", nil), Transport: adapters.Embedded, Load: load,
			Collector: &counter{},
		})
		if err != nil {
			t.Fatal(err)
		}
		load.Begin(time.Now())
		time.Sleep(time.Second)
		if s.Close() != nil || s.Close() != nil {
			t.Error("closing twice is not harmless")
		}
		if err := s.Wait(t.Context()); err == nil {
			t.Error("a system that was closed says that it has ended")
		}
	})
}

// The ceiling of a form is what the driver reaches that has to write it.
func TestEventsAreWrittenInTheFormOfTheJob(t *testing.T) {
	for form, want := range map[string]int{workloads.BinaryForm: 0, workloads.JSONForm: 500} {
		synctest.Test(t, func(t *testing.T) {
			w, spoiled := bind(t, "poison", nil), 0
			w.Spoil = func(dst []byte, from int, _ uint64) ([]byte, bool) {
				if string(dst[from:from+7]) == `{"seq":` {
					spoiled++
				}
				return dst, false
			}
			load := adapters.NewLoad(workloads.Constant(1000), 1)
			load.Limit(500)
			s, err := null.Adapter{}.Deploy(t.Context(), adapters.Job{
				Workload: w, Transport: adapters.Embedded, Format: form, Load: load,
				Collector: &counter{},
			})
			if err != nil {
				t.Fatal(err)
			}
			load.Begin(time.Now())
			if err := s.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if spoiled != want {
				t.Errorf("%s: %d events written, want %d", form, spoiled, want)
			}
		})
	}
}
