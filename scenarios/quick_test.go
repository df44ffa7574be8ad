package scenarios

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const hurried = `
name: h
workload: iot-telemetry
params: {keys: 100, window: 1s}
systems: [{name: native, as: a}, {name: native, as: b}]
load:
  transport: kafka
  broker: embedded
  rate: [20k/s, {of-capacity: 70%}]
  warmup: 10s
  steady: 60s
quick:
  params: {keys: 10}
  load: {warmup: 1s, steady: 5s}
  repeat: 1
`

func quickly(t *testing.T, src string, sets ...string) *Scenario {
	t.Helper()
	s, problems := LoadQuick("h.yaml", []byte(src), sets)
	if len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	return s
}

func TestTheQuickFormIsLaidOverTheScenario(t *testing.T) {
	whole, short := mustLoad(t, hurried), quickly(t, hurried, "load.steady=7s")
	if whole.Load.Steady != time.Minute || whole.Params["keys"] != "100" ||
		whole.Deployment != "each" || whole.Load.Rate.estimate() != 0 {
		t.Errorf("the whole is %+v", whole)
	}
	if short.Load.Steady != 7*time.Second || short.Load.Warmup.For != time.Second ||
		short.Params["keys"] != "10" || short.Params["window"] != "1s" {
		t.Errorf("the quick form is %+v", short)
	}
	if short.Deployment != "once" || short.Load.Rate.estimate() != 20*time.Second {
		t.Errorf("%s deployment, estimate %s", short.Deployment, short.Load.Rate.estimate())
	}
	again := mustLoad(t, string(short.Lock()))
	if !reflect.DeepEqual(again, short) {
		t.Errorf("the lock reads back as\n%s\nand was\n%s", again.Lock(), short.Lock())
	}
}

func TestTheQuickFormOfAScenarioMayRefuseWhatQuickMeans(t *testing.T) {
	src := strings.Replace(hurried, "  repeat: 1\n", "  deployment: each\n", 1)
	src = strings.Replace(src, "70%}", "70%, estimate: 5s}", 1)
	if s := quickly(t, src); s.Deployment != "each" || s.Load.Rate.estimate() != 5*time.Second {
		t.Errorf("%s, %s", s.Deployment, s.Load.Rate.estimate())
	}
	embedded := strings.NewReplacer("  transport: kafka\n", "", "  broker: embedded\n", "").Replace(hurried)
	if s := quickly(t, embedded); s.Load.Rate.estimate() != 0 {
		t.Error("a drain is estimated where no topic holds anything")
	}
}

func TestMistakesInAQuickFormAreFoundBeforeItIsAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name, from, to, want string
		quick                bool
	}{
		{"an unknown key", "repeat: 1", "repat: 1", `unknown key "repat"`, false},
		{"a bad value", "steady: 5s", "steady: 5", "load.steady", false},
		{"no map", "quick:\n  params: {keys: 10}\n  load: {warmup: 1s, steady: 5s}\n  repeat: 1\n",
			"quick: yes\n", "quick is", false},
		{"a name", "  repeat: 1", "  name: other", "a name of its own", false},
		{"a quick form in it", "  repeat: 1", "  quick: {repeat: 1}", `unknown key "quick"`, false},
		{"none", "quick:\n  params: {keys: 10}\n  load: {warmup: 1s, steady: 5s}\n  repeat: 1\n", "",
			"no quick form", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := strings.Replace(hurried, tt.from, tt.to, 1)
			read := Load
			if tt.quick {
				read = LoadQuick
			}
			_, problems := read("h.yaml", []byte(src), nil)
			if len(problems) == 0 || !strings.Contains(problems[0].Message, tt.want) ||
				problems[0].Line == 0 {
				t.Errorf("%v", problems)
			}
		})
	}
}

func TestRatesOneAfterTheOther(t *testing.T) {
	for _, tt := range []struct{ rate, want string }{
		{"[20k/s, 20k/s]", "holds 20k/s twice"},
		{"[20k/s]", "a list of one rate"},
		{"[20k/s, max]", "neither fixed nor a share"},
		{"[20k/s, {search: sustainable}]", "neither fixed nor a share"},
		{"[20k/s, [{for: 1s, rate: 1k/s}]]", "neither fixed nor a share"},
		{"[20k/s, {of-capacity: 0%}]", "neither fixed nor a share"},
		{"[{of-capacity: 50%, estimate: 5s}, {of-capacity: 70%}]", "found in two ways"},
		{"[20k/s, {of-capacity: 70%, estimate: 1h}]", "estimate is 1h"},
		{"[20k/s, {of-capacity: 70%, latency.p99: 1s}]", "unknown key"},
		{"[20k/s, {of-capacity: 70%}]", ""},
		{"[{for: 1s, rate: 1k/s}, {for: 9s, rate: 2k/s}]", ""}, // a profile
	} {
		src := "name: a\nworkload: ysb\nload: {transport: kafka, steady: 20s, rate: " + tt.rate + "}\n"
		_, problems := Load("a.yaml", []byte(src), nil)
		switch {
		case tt.want == "" && len(problems) > 0:
			t.Errorf("%s: %v", tt.rate, problems)
		case tt.want != "" && (len(problems) == 0 || !slices.ContainsFunc(problems, func(p Problem) bool {
			return strings.Contains(p.Message, tt.want)
		})):
			t.Errorf("%s: %v, want %s", tt.rate, problems, tt.want)
		}
	}
	_, problems := Load("a.yaml", []byte("name: a\nworkload: ysb\nload: {steady: 20s, rate: "+
		"{of-capacity: 70%, estimate: 5s}}\n"), nil)
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "no topic holds") {
		t.Errorf("%v", problems)
	}
}

func TestPlanOfOneDeploymentHoldsTheTurnsOfASystemTogether(t *testing.T) {
	for _, tt := range []struct {
		sets []string
		want string
	}{
		{[]string{"deployment=once", "repeat=2"},
			"b@20k/s b@70% b@20k/s b@70% b@20k/s b@70% a@20k/s a@70% a@20k/s a@70% a@20k/s a@70%"},
		{[]string{"repeat=1"}, "b@20k/s b@70% a@20k/s a@70%"},
	} {
		p := NewPlan(mustLoad(t, hurried, append(tt.sets, "load.warmup=1s", "load.steady=5s")...))
		var got []string
		for _, r := range p.Order {
			got = append(got, r.System)
			if r.Base() == r.System || r.Rate == "" || r.Found != strings.HasSuffix(r.System, "%") {
				t.Errorf("%+v", r)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%v: %s", tt.sets, strings.Join(got, " "))
		}
	}
	if p := NewPlan(quickly(t, hurried)); p.Drains != 6 || p.Probes != 0 || p.Time != 104*time.Second {
		t.Errorf("%+v", p)
	}
}
