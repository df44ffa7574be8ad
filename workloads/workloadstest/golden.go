// Package workloadstest holds the known answers of the workloads, for the tests of whatever has to
// give them: engine, transports, systems.
package workloadstest

import (
	"testing"

	"github.com/streambench/streambench/workloads"
)

// Vector is the known answer to the first events of a workload with seed 1: the size and the digest
// of its result set, agreed by implementations written apart.
type Vector struct {
	Name, Workload string
	Rate           uint64 // events per second of event time
	Params         map[string]string
	Events         uint64
	Count          uint64
	Digest         string
}

const million = 1_000_000

// Golden are the vectors of every workload whose events can all be read.
var Golden = []Vector{
	{"iot-telemetry", "iot-telemetry", 100_000, map[string]string{"keys": "1000"}, million,
		1637, "6f8c3f0af890b059"},
	{"ysb", "ysb", 10_000, nil, million, 1000, "f8a22c6b71d28af5"},
	{"ysb skewed", "ysb", 10_000, map[string]string{"skew": "true"}, million,
		1066, "9d50d84b3a786f2e"},
	nexmark("q0", 10_000, 920_000, "1c23f11ec9eda844"),
	nexmark("q1", 10_000, 920_000, "cac0a04660023c42"),
	nexmark("q2", 10_000, 6799, "9dd959f1d0325f7a"),
	nexmark("q3", 10_000, 6031, "5a196e5ad235d438"),
	nexmark("q4", 10_000, 5, "1c5ad16685bbfe4c"),
	nexmark("q5", 10_000, 54, "70bc5a16427a1e3d"),
	nexmark("q7", 10_000, 10, "62859a3db87dac13"),
	nexmark("q8", 10_000, 8464, "d2b3899d13526963"),
	nexmark("q9", 10_000, 55_879, "4b6b0d1723d59605"),
	nexmark("q11", 1_000, 36_159, "dbaae6e2355c2a7a"),
	nexmark("q12", 10_000, 19_911, "78d71c18049f223d"),
	nexmark("q18", 10_000, 292_777, "77bea2572f1fd4bd"),
	nexmark("q20", 10_000, 181_660, "8d935cb435873bbf"),
	{"uc2", "uc2", 1_000, map[string]string{"keys": "1000"}, 600_000, 10_000, "b0b58a1e1ecce8d0"},
	{"hopping-average", "hopping-average", 10_000, nil, million, 109_109, "7441a690260ccb89"},
	{"sliding-average", "sliding-average", 10_000, nil, million, million, "7fe5badc56ac7907"},
	{"karimov", "karimov", 100_000, nil, million, 3619, "6ab9df1ee5275727"},
	{"karimov join", "karimov", 100_000, map[string]string{"query": "join"}, million,
		15_126, "9041ee68ae5260a8"},
	{"fraud", "fraud", 10_000, nil, 4_096_000, 626, "26f30634765a57a0"},
	{"cqrs", "cqrs", 10_000, map[string]string{"keys": "1000"}, 100_000, 1000, "2e8d13b0ea85a654"},
	{"shuffle", "shuffle", 10_000, nil, million, 1000, "8f616cfc43b727eb"},
	{"orders", "orders", 10_000, nil, 2 * million, 20_995, "1bd730e4fa7e1e38"},
	{"clickstream", "clickstream", 10_000, nil, million, 133_084, "d8ac7256d468c7fc"},
	{"clickstream taken back", "clickstream", 10_000, map[string]string{"profile": "lateness"},
		million, 133_084, "d8ac7256d468c7fc"},
}

func nexmark(query string, rate, count uint64, digest string) Vector {
	return Vector{"nexmark " + query, "nexmark", rate, map[string]string{"query": query}, million,
		count, digest}
}

// Bind makes the workload of a vector.
func (v Vector) Bind(tb testing.TB) *workloads.Workload {
	tb.Helper()
	return Bind(tb, v.Workload, v.Rate, v.Params)
}

// Bind makes a workload of the catalog with seed 1, at a rate of events per second of event time.
func Bind(
	tb testing.TB, name string, rate uint64, params map[string]string,
) *workloads.Workload {
	tb.Helper()
	t, ok := workloads.Find(name)
	if !ok {
		tb.Fatalf("no workload %s", name)
	}
	values, errs := t.Resolve(params)
	if len(errs) > 0 {
		tb.Fatal(errs)
	}
	w, err := t.New(workloads.Settings{Seed: 1, EventRate: rate, Values: values})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// Check holds a ledger against the answer.
func (v Vector) Check(tb testing.TB, l workloads.Ledger) {
	tb.Helper()
	if l.Count != v.Count || l.Digest != v.Digest {
		tb.Errorf("%d results, digest %s; want %d, %s", l.Count, l.Digest, v.Count, v.Digest)
	}
	if l.Matched != l.Expected || l.Lost+l.Duplicated+l.Wrong+l.Phantom+l.Unexplained != 0 {
		tb.Errorf("ledger %+v", l)
	}
}
