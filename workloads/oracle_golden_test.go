package workloads

import (
	"context"
	"testing"
)

// build makes a workload of the catalog with seed 1.
func build(t testing.TB, name string, eventRate uint64, params map[string]string) *Workload {
	t.Helper()
	tpl, ok := Find(name)
	if !ok {
		t.Fatalf("no workload %q", name)
	}
	values, errs := tpl.Resolve(params)
	for _, err := range errs {
		t.Fatal(err)
	}
	w, err := tpl.New(Settings{Seed: 1, EventRate: eventRate, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// vectors are right answers to the first million events, agreed by implementations written apart.
var vectors = []struct {
	name   string
	rate   uint64
	params map[string]string
	count  uint64
	digest string
	events uint64 // a million where it is 0
}{
	{"iot-telemetry", 100_000, map[string]string{"keys": "1000"}, 1637, "6f8c3f0af890b059", 0},
	{"ysb", 10_000, nil, 1000, "f8a22c6b71d28af5", 0},
	{"ysb", 10_000, map[string]string{"skew": "true"}, 1066, "9d50d84b3a786f2e", 0},
	{"nexmark", 10_000, map[string]string{"query": "q0"}, 920000, "1c23f11ec9eda844", 0},
	{"nexmark", 10_000, map[string]string{"query": "q1"}, 920000, "cac0a04660023c42", 0},
	{"nexmark", 10_000, map[string]string{"query": "q2"}, 6799, "9dd959f1d0325f7a", 0},
	{"nexmark", 10_000, map[string]string{"query": "q5"}, 54, "70bc5a16427a1e3d", 0},
	{"nexmark", 10_000, map[string]string{"query": "q7"}, 10, "62859a3db87dac13", 0},
	{"nexmark", 1_000, map[string]string{"query": "q11"}, 36159, "dbaae6e2355c2a7a", 0},
	{"nexmark", 10_000, map[string]string{"query": "q12"}, 19911, "78d71c18049f223d", 0},
	{"uc2", 1_000, map[string]string{"keys": "1000"}, 10000, "b0b58a1e1ecce8d0", 600_000},
	{"hopping-average", 10_000, nil, 109109, "7441a690260ccb89", 0},
	{"sliding-average", 10_000, nil, 1000000, "7fe5badc56ac7907", 0},
	{"karimov", 100_000, nil, 3619, "6ab9df1ee5275727", 0},
	{"shuffle", 10_000, nil, 1000, "8f616cfc43b727eb", 0},
	{"nexmark", 10_000, map[string]string{"query": "q3"}, 6031, "5a196e5ad235d438", 0},
	{"nexmark", 10_000, map[string]string{"query": "q4"}, 5, "1c5ad16685bbfe4c", 0},
	{"nexmark", 10_000, map[string]string{"query": "q8"}, 8464, "d2b3899d13526963", 0},
	{"nexmark", 10_000, map[string]string{"query": "q9"}, 55879, "4b6b0d1723d59605", 0},
	{"nexmark", 10_000, map[string]string{"query": "q18"}, 292777, "77bea2572f1fd4bd", 0},
	{"nexmark", 10_000, map[string]string{"query": "q20"}, 181660, "8d935cb435873bbf", 0},
	{"karimov", 100_000, map[string]string{"query": "join"}, 15126, "9041ee68ae5260a8", 0},
	{"fraud", 10_000, nil, 626, "26f30634765a57a0", 4_096_000},
	{"cqrs", 10_000, map[string]string{"keys": "1000"}, 1000, "2e8d13b0ea85a654", 100_000},
}

func vectorName(i int) string {
	v := vectors[i]
	for k, x := range v.params {
		return v.name + "-" + k + "-" + x
	}
	return v.name
}

func vectorEvents(i int) uint64 {
	if n := vectors[i].events; n > 0 {
		return n
	}
	return 1_000_000
}

// The oracle gives the known answers, in whatever order groups of slots put the events.
func TestOracleGivesTheKnownAnswers(t *testing.T) {
	for i, v := range vectors {
		for _, groups := range []string{"1", "1000"} {
			inOrder := v.name == fraudName || v.name == cqrsName // which is part of what they ask
			if inOrder && groups != "1" {
				continue
			}
			t.Run(vectorName(i)+"/groups-"+groups, func(t *testing.T) {
				t.Parallel()
				params := map[string]string{"groups": groups}
				if inOrder {
					delete(params, "groups")
				}
				for k, x := range v.params {
					params[k] = x
				}
				if groups != "1" && v.name == slidingAverageName {
					// A group of 0.1 s delays events beyond the bound, and each event here has its own.
					params["bound"] = "3s"
				}
				w := build(t, v.name, v.rate, params)
				count, digest, err := w.Answer(context.Background(), vectorEvents(i))
				if err != nil {
					t.Fatal(err)
				}
				if count != v.count || digest != v.digest {
					t.Errorf("answer %d %s, want %d %s", count, digest, v.count, v.digest)
				}
			})
		}
	}
}

// BenchmarkOracle folds sixteen million events of each workload a round.
func BenchmarkOracle(b *testing.B) {
	run := func(name, workload string, rate uint64, params map[string]string) {
		b.Run(name, func(b *testing.B) {
			w := build(b, workload, rate, params)
			const events = 16_000_000
			for b.Loop() {
				_, err := w.Expect(context.Background(), events, func(*Expected) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
	run("iot-telemetry-100k-keys", "iot-telemetry", 1_500_000, nil)
	for i, v := range vectors {
		run(vectorName(i), v.name, v.rate, v.params)
	}
}

// The trigger found from a result's line alone is the oracle's.
func TestTriggersOfLinesAreTheOracles(t *testing.T) {
	for i, v := range vectors {
		t.Run(vectorName(i), func(t *testing.T) {
			t.Parallel()
			w := build(t, v.name, v.rate, v.params)
			col, plus := w.Query.Anchor()
			if col < 0 {
				return
			}
			if w.Query.OneEach() {
				return
			}
			slots := map[int64]uint64{}
			_, err := w.Expect(context.Background(), 100_000, func(e *Expected) error {
				if !e.Timed || w.Query.PerEvent() {
					return nil
				}
				end := e.Row[col] + plus
				if _, ok := slots[end]; !ok {
					slots[end] = w.TriggerAt(end)
				}
				if end != e.EndMs || slots[end] != e.Trigger {
					t.Fatalf("end %d, trigger %d; the oracle has %d, %d", end, slots[end], e.EndMs,
						e.Trigger)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
