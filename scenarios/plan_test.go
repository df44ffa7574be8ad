package scenarios

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

func TestShippedScenariosCanBeRunAsTheyAre(t *testing.T) {
	if n := len(Shipped()); n < 5 {
		t.Fatalf("%d scenarios", n)
	}
	for _, e := range Shipped() {
		s, problems := Load(e.Name+".yaml", e.Source, nil)
		if len(problems) > 0 {
			t.Errorf("%v", problems)
			continue
		}
		p, most := NewPlan(s), time.Minute
		if p.Twins > 0 {
			// Three workers do not have a core each everywhere, and each run comes behind its twin.
			most *= 2
			p.Warnings = slices.DeleteFunc(p.Warnings, func(w string) bool {
				return strings.HasPrefix(w, "SHARED CORES")
			})
		}
		if s.Load.Broker.At == "container" {
			// A broker, a system and a driver do not have a core each everywhere. It is the quick form
			// that is quick.
			p.Warnings = slices.DeleteFunc(p.Warnings, func(w string) bool {
				return strings.HasPrefix(w, "SHARED CORES")
			})
			short, problems := LoadQuick(e.Name+".yaml", e.Source, nil)
			if len(problems) > 0 {
				t.Errorf("%v", problems)
				continue
			}
			p.Time, most = NewPlan(short).Time, 6*time.Minute
		}
		if len(p.Warnings) > 0 || len(s.NotYet()) > 0 || p.Time > most {
			t.Errorf("%s: warnings %q, not yet %q, takes %v", e.Name, p.Warnings, s.NotYet(), p.Time)
		}
		if s.Name != e.Name || len(e.Doc) < 20 || !strings.HasSuffix(e.Doc, ".") ||
			!strings.HasPrefix(string(e.Source), header+"\n") {
			t.Errorf("%s is called %s and says %q", e.Name, s.Name, e.Doc)
		}
	}
}

func TestTemplateIsANewScenarioOfItsName(t *testing.T) {
	for _, e := range Shipped() {
		if s := mustLoad(t, string(e.Template("mine"))); s.Name != "mine" {
			t.Errorf("template of %s is called %s", e.Name, s.Name)
		}
	}
	if _, ok := FindShipped("nexmark"); !ok {
		t.Error("nexmark is not found by its name")
	}
	if _, ok := FindShipped("nexmork"); ok {
		t.Error("nexmork is found")
	}
}

func TestBlocksHoldEverySystemOnceInSeededOrder(t *testing.T) {
	src := "name: a\nworkload: ysb\nsystems: [native, flink, spark]\nrepeat: 7\nload: {warmup: 1s, steady: 9s}\n"
	p := NewPlan(mustLoad(t, src, "load.event-rate=1k/s"))
	if p.Blocks != 8 || p.Kept != 7 || len(p.Order) != 24 || p.Time != 240*time.Second {
		t.Fatalf("%d blocks, %d kept, %d repetitions, %v", p.Blocks, p.Kept, len(p.Order), p.Time)
	}
	orders := map[string]bool{}
	for b := range p.Blocks {
		block := p.Order[3*b : 3*b+3]
		var names []string
		for _, r := range block {
			names = append(names, r.System)
			if r.Rep != b+1 || r.Kept != (b > 0) {
				t.Errorf("block %d has %+v", b, r)
			}
		}
		orders[strings.Join(names, " ")] = true
		if slices.Sort(names); !slices.Equal(names, []string{"flink", "native", "spark"}) {
			t.Errorf("block %d has %v", b, names)
		}
	}
	if len(orders) < 2 {
		t.Error("every block has the same order")
	}
	again := NewPlan(mustLoad(t, src, "load.event-rate=1k/s"))
	other := NewPlan(mustLoad(t, src, "load.event-rate=1k/s", "load.seed=2"))
	if !reflect.DeepEqual(p.Order, again.Order) || reflect.DeepEqual(p.Order, other.Order) {
		t.Error("the order does not follow the seed")
	}
}

func TestOneBlockIsKept(t *testing.T) {
	p := NewPlan(mustLoad(t, base))
	if want := []record.Repeat{{System: native, Rep: 1, Kept: true}}; !reflect.DeepEqual(p.Order, want) {
		t.Errorf("order %+v, want %+v", p.Order, want)
	}
}

func TestEveryRepetitionWithFaultsComesBehindItsTwin(t *testing.T) {
	s := mustLoad(t, faulted+"{at: 20s, kill: worker}\nrepeat: 2\n", "systems=[native, flink]")
	p := NewPlan(s)
	if len(p.Order) != 12 || p.Twins != 6 || p.Time != 12*70*time.Second {
		t.Fatalf("%d repetitions, %d twins, %v", len(p.Order), p.Twins, p.Time)
	}
	seen := map[record.Repeat]bool{}
	for i := 0; i < len(p.Order); i += 2 {
		twin, of := p.Order[i], p.Order[i+1]
		if !twin.Twin || twin.Kept || of.Twin || twin.System != of.System ||
			twin.Rep != record.FirstTwin-1+of.Rep || of.Kept != (of.Rep > 1) {
			t.Errorf("%+v is before %+v", twin, of)
		}
		seen[twin], seen[of] = true, true
	}
	if len(seen) != 12 {
		t.Errorf("repetitions are there twice: %+v", p.Order)
	}
	if alone := p.untwinned(); len(alone.Order) != 6 || alone.Twins != 0 || len(alone.Warnings) == 0 {
		t.Errorf("without twins: %+v", alone)
	}
}

func TestAutoRepeatsAsOftenAsTheStatisticsNeed(t *testing.T) {
	for _, c := range []struct {
		what, src string
		kept      int
	}{
		{"one system", base + "repeat: auto\n", 6},
		{"two systems, one limit", "name: a\nworkload: ysb\nsystems: [native, flink]\nrepeat: auto\n", 6},
		{"six systems, five rows: 75 tests", "name: a\nworkload: ysb\nrepeat: auto\n" +
			"systems: [native, flink, spark, storm, beam, pekko]\n" +
			"slo: {lost: 0, wrong: 0, phantom: 0, late: 0, corrupt: 0}\n", 7},
		{"recovery, which varies most", faulted + "{at: 20s, kill: worker}\nrepeat: auto\n", 10},
	} {
		if p := NewPlan(mustLoad(t, c.src)); p.Kept != c.kept || p.Blocks != c.kept+1 {
			t.Errorf("%s: %d kept of %d blocks, want %d", c.what, p.Kept, p.Blocks, c.kept)
		}
	}
}

func TestPlanWarnsOfWhatWeakensItsFigures(t *testing.T) {
	for _, c := range []struct{ what, src, want string }{
		{"few windows", base + "params: {window: 25s}\n", "fewer than 3 windows close in steady"},
		{"more cores than there are", base + "resources: {worker: {cpus: 1000}}\n", "SHARED CORES"},
		{"a node one system lacks", strings.Replace(faulted, "name: pay",
			"name: pay\nsystems: [native, kafkastreams]", 1) + "{at: 20s, kill: coordinator, restart: 2s}\n",
			"fault 1: kafkastreams has no coordinator and answers n/a"},
	} {
		p := NewPlan(mustLoad(t, c.src))
		if !strings.Contains(strings.Join(p.Warnings, "\n"), c.want) {
			t.Errorf("%s: warnings %q", c.what, p.Warnings)
		}
	}
}

func TestARunOfEventsTakesAsLongAsItsSchedule(t *testing.T) {
	exact := mustLoad(t, "name: a\nworkload: ysb\nload: {rate: 100k/s, events: 2M}\n")
	if p := NewPlan(exact); p.Time != 20*time.Second {
		t.Errorf("2M events at 100k/s take %v", p.Time)
	}
	fast := mustLoad(t, "name: a\nworkload: ysb\nload: {rate: max, events: 2M}\n")
	if pacer, err := fast.Pacer(); pacer != nil || err != nil {
		t.Errorf("rate max has a pacer %v, %v", pacer, err)
	}
	search := mustLoad(t, "name: a\nworkload: ysb\nload: {rate: {search: sustainable}}\n")
	if _, err := search.Pacer(); err == nil {
		t.Error("a rate still to be found has a pacer")
	}
	profile := mustLoad(t, "name: a\nworkload: ysb\n"+
		"load: {rate: [{for: 10s, rate: 100k/s}, {for: 50s, rate: 200k/s}], warmup: 5s, steady: 15s}\n")
	pacer, err := profile.Pacer()
	if err != nil || pacer.Before(20*time.Second) != 3_000_000 {
		t.Errorf("a profile of 10 s at 100k/s and 10 s at 200k/s offers %d events, %v",
			pacer.Before(20*time.Second), err)
	}
	if events, ok := profile.steadyEvents(); !ok || events != 2_500_000 {
		t.Errorf("steady has %v events, want 0.5M and 2M", events)
	}
}

func TestWhatThisBuildCannotRunIsNamed(t *testing.T) {
	s := mustLoad(t, string(read(t, "full.yaml")))
	gaps := strings.Join(s.NotYet(), "\n")
	for _, want := range []string{
		"load.settle: ", "trace: ", "decide: ",
	} {
		if !strings.Contains(gaps, want) {
			t.Errorf("no %q in\n%s", want, gaps)
		}
	}
	for set, want := range map[string]string{
		"load.rate={search: sustainable}": "", "load.rate={of-capacity: 70%}": "",
		"slo.reordered=0": "slo.reordered: ", "load.transport=kafka": "",
		"load={transport: kafka, broker: container}": "",
	} {
		gaps := strings.Join(mustLoad(t, base, set).NotYet(), "\n")
		if !strings.HasPrefix(gaps, want) || (want == "") != (gaps == "") {
			t.Errorf("%s: %q, want %q", set, gaps, want)
		}
	}
}

func TestAPlanPricesTheSearch(t *testing.T) {
	const seek = "name: a\nworkload: ysb\nload: {rate: {search: sustainable}, event-rate: 200k/s, " +
		"warmup: 5s, steady: 15s, drain: 30s}\n"
	p := NewPlan(mustLoad(t, seek))
	// The slowest probes last as long as steady: 30 of them after a second of warm-up.
	if p.Probes != 30 || p.Time != 20*time.Second+30*16*time.Second {
		t.Errorf("%d probes, %s", p.Probes, p.Time)
	}
	if p.Limit != p.Time+31*30*time.Second {
		t.Errorf("at most %s", p.Limit)
	}
	if q := NewPlan(mustLoad(t, seek, "load.rate=1M/s")); q.Probes != 0 || q.Time != 20*time.Second {
		t.Errorf("without a search %d probes, %s", q.Probes, q.Time)
	}
}

// TestAProbeHoldsAsManyReadings: backlog is read as windows close and, where results come by
// commits, no more often than these.
func TestAProbeHoldsAsManyReadings(t *testing.T) {
	const seek = "name: a\nworkload: ysb\nload: {rate: {search: sustainable}, event-rate: 200k/s, " +
		"steady: 60s}\n"
	for _, c := range []struct {
		sets   []string
		rate   float64 // 10 s of event time a window
		steady time.Duration
	}{
		{nil, 200e3, time.Minute}, // as long as the scenario's own
		{nil, 2e6, 10 * time.Second},
		{nil, 20e6, 3 * time.Second},
		{[]string{"load.transport=kafka"}, 20e6, 10 * time.Second},
		{[]string{"load.transport=kafka", "checkpoint=2s"}, 20e6, 20 * time.Second},
		{[]string{"load.transport=kafka", "checkpoint=100ms"}, 20e6, 3 * time.Second},
		{[]string{"load.transport=kafka", "checkpoint=10s"}, 2e6, time.Minute},
	} {
		s := mustLoad(t, seek, c.sets...)
		if got := s.probeTiming(System{Name: native}, s.mustBind(), c.rate).steady; got != c.steady {
			t.Errorf("%q at %v/s: %s, not %s", c.sets, c.rate, got, c.steady)
		}
	}
}

func TestWorkloadIsBoundWithTheScenariosSettings(t *testing.T) {
	s := mustLoad(t, base+"params: {keys: 77, window: 1s}\n", "load.seed=9", "load.event-rate=5k/s")
	w, err := s.Bind()
	if err != nil || w.Settings.Seed != 9 || w.Settings.EventRate != 5000 ||
		w.Settings.Values["keys"].Int != 77 || w.Query.Window.SizeMs != 1000 {
		t.Errorf("bound to %+v, %v", w, err)
	}
}
