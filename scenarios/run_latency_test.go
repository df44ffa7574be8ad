package scenarios_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
	"github.com/streambench/streambench/workloads"
)

// line is what a test reads of a result kept.
type line struct {
	Key        []string
	Window     int64
	Count      int64
	SeqSum     uint64
	Trigger    *uint64
	LatencyNs  *int64
	ReceivedNs int64
}

// kept are the results of a run in the order of its file.
func kept(t *testing.T, dir string) (all []line) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, scenarios.ResultsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// sameSamples compares a series with samples taken apart from it, as far as its digits go.
func sameSamples(t *testing.T, what string, got *hdr.Histogram, want []int64) {
	t.Helper()
	if got == nil || int(got.TotalCount()) != len(want) || len(want) < 20 {
		t.Fatalf("%s: %v, want %d samples", what, got, len(want))
	}
	slices.Sort(want)
	for _, p := range []float64{0, 10, 50, 90, 99, 100} {
		i := min(int(p/100*float64(len(want))), len(want)-1)
		at, near := got.ValueAtPercentile(p), want[max(i-1, 0):min(i+2, len(want))]
		if at < near[0]*998/1000-1000 || at > near[len(near)-1]*1002/1000+1000 {
			t.Errorf("%s p%v: %d, want about %d", what, p, at, want[i])
		}
	}
}

// TestIngestLatencyLeavesOutWhatTheDriverTook has a driver take 10 ms for a batch and a system 20 ms.
func TestIngestLatencyLeavesOutWhatTheDriverTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{
			making: always(10 * time.Millisecond), processing: always(20 * time.Millisecond)})
		if err != nil {
			t.Fatal(err)
		}
		tag := record.Tag{System: "native", Rep: 1, Stage: record.StageIngest}
		result, ingest := r.log.Merged[record.Tag{System: "native", Rep: 1,
			Stage: record.StageResult}], r.log.Merged[tag]
		if ingest == nil || ingest.TotalCount() != result.TotalCount() || len(r.ends()[0].Untimed) > 0 {
			t.Fatalf("%v, of %d results; %+v", ingest, result.TotalCount(), r.ends()[0])
		}
		least, most := time.Duration(ingest.Min()), time.Duration(ingest.Max())
		if least < 19*time.Millisecond || most > 21*time.Millisecond || result.Max() < 30e6 {
			t.Errorf("ingest latency from %s to %s, result latency up to %d", least, most, result.Max())
		}
	})
}

// TestContributorLatencyIsThatOfAPlainScan runs the native engine and takes the time of every
// window's last event from the stream alone.
func TestContributorLatencyIsThatOfAPlainScan(t *testing.T) {
	const rate, warmup = 20_000, int64(500e6)
	r := nativeRun(t, load(t, `
name: contributor
workload: iot-telemetry
params: {keys: 50, window: 200ms, disorder: 50ms}
load: {rate: 20k/s, warmup: 500ms, steady: 2s, drain: 20s}
slo: {contributor.p99: 1m, ingest.p99: 1m, refinement.p99: 1m}
`), true)
	w, err := load(t, "name: w\nworkload: iot-telemetry\n"+
		"params: {keys: 50, window: 200ms, disorder: 50ms}\nload: {rate: 20k/s}\n").Bind()
	if err != nil {
		t.Fatal(err)
	}
	last := map[[2]int64]uint64{}
	b, gen := workloads.NewBatch(w.Schema, 1000), w.Events()
	for slot := uint64(0); slot < r.ends()[0].Events; slot += 1000 {
		gen.Fill(b, workloads.Slots{First: slot, Step: 1, N: 1000})
		for i, ts := range b.TS[:b.N] {
			last[[2]int64{b.Cols[0][i], ts / 200 * 200}] = slot + uint64(i)
		}
	}
	due := func(slot uint64) int64 { return int64(workloads.Constant(rate).Due(slot)) }
	var want []int64
	for _, l := range kept(t, r.dir) {
		if l.Trigger != nil && due(*l.Trigger) >= warmup {
			key, _ := json.Number(l.Key[0]).Int64()
			want = append(want, l.ReceivedNs-due(last[[2]int64{key, l.Window}]))
		}
	}
	series := func(stage string) *hdr.Histogram {
		return r.log.Merged[record.Tag{System: "native", Rep: 1, Stage: stage}]
	}
	sameSamples(t, "contributor", series(record.StageContributor), want)
	tag := record.Tag{System: "native", Rep: 1, Stage: record.StageContributor}
	if n := len(r.log.Intervals[tag]); n < 2 {
		t.Errorf("results of 2 s are in %d seconds of the log", n)
	}
	ingest, result := series(record.StageIngest), series(record.StageResult)
	if ingest == nil || ingest.TotalCount() != result.TotalCount() || ingest.Max() > result.Max() {
		t.Errorf("ingest %v, result %v", ingest, result)
	}
	undisturbed(t, r)
	silent := false
	for _, v := range r.result.Verdicts {
		if v.Metric == "refinement.p99" {
			silent = v.Exit == 6 && v.Remedy != ""
		} else if v.Exit != 0 && v.Rule == "limit" {
			t.Errorf("%+v", v)
		}
	}
	if !silent {
		t.Errorf("a limit on a metric that was silent: %+v", r.result.Verdicts)
	}
}

// undisturbed skips what a test has to say of figures where the host was too busy for any.
func undisturbed(t *testing.T, r *recorded) {
	t.Helper()
	for _, v := range r.result.Verdicts {
		if v.Rule == summary.RuleValidity {
			t.Skipf("this host made the run INVALID: %s", v.Text)
		}
	}
}

// TestRefinementLatencyCountsFromTheLateEvent takes the event of every refinement from the results
// kept, and lets the first results alone be those of result latency.
func TestRefinementLatencyCountsFromTheLateEvent(t *testing.T) {
	const rate, warmup = 20_000, int64(500e6)
	r := nativeRun(t, load(t, `
name: refined
workload: orders
params: {window: 500ms, lateness: 30s, bound: 100ms}
load: {rate: 20k/s, event-rate: 2k/s, warmup: 500ms, steady: 5s, drain: 20s}
slo: {refinement.p99: 1m}
`), true)
	due := func(slot uint64) int64 { return int64(workloads.Constant(rate).Due(slot)) }
	type id struct {
		key    string
		window int64
	}
	before := map[id]line{}
	var want []int64
	firsts := 0
	for _, l := range kept(t, r.dir) {
		of := id{l.Key[0], l.Window}
		old, refines := before[of]
		before[of] = l
		if !refines {
			firsts++
			continue
		}
		if from := due(l.SeqSum - old.SeqSum); l.Count == old.Count+1 && from >= warmup {
			want = append(want, l.ReceivedNs-from)
		}
	}
	series := func(stage string) *hdr.Histogram {
		return r.log.Merged[record.Tag{System: "native", Rep: 1, Stage: stage}]
	}
	sameSamples(t, "refinement", series(record.StageRefinement), want)
	timed := series(record.StageResult).TotalCount()
	if warm := series(record.StageWarmup); warm != nil {
		timed += warm.TotalCount()
	}
	if l := r.ledgers()[0]; int(timed) > firsts || int(timed) < firsts*8/10 || l.Refinements == 0 {
		t.Errorf("%d results timed of %d first ones; %+v", timed, firsts, l)
	}
	undisturbed(t, r)
	if r.result.Systems[0].Figures["refinement.p50"].N != 1 || r.result.Exit != 0 {
		t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
	}
}

// TestALostResultCountsAtItsAge loses one result early and compares with a run that loses none.
func TestALostResultCountsAtItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := virtual(t, t.Context(), &fake{
			copies: func(n int64) int { return map[bool]int{true: 0, false: 1}[n == 5004] }})
		if err != nil {
			t.Fatal(err)
		}
		// Event 5004 is due after 5.004 s of a run of 10 s.
		h := r.log.Merged[record.Tag{System: "native", Rep: 1, Stage: record.StageResult}]
		if age := time.Duration(h.Max()); age < 4996*time.Millisecond || age > 5300*time.Millisecond {
			t.Errorf("the largest latency is %s; the lost result was 5 s old when the run ended", age)
		}
		if n := r.ledgers()[0]; n.Lost != 1 || h.TotalCount() != 8000*46/50 {
			t.Errorf("%d samples, ledger %+v", h.TotalCount(), *n)
		}
	})
}
