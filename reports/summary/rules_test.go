package summary_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

func TestEveryValidityRuleHasADefectThatItAloneSees(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range recordtest.Defects {
		seen[d.Rule] = true
		t.Run(d.Why, func(t *testing.T) {
			r := recordtest.New(t, recordtest.Options{Faults: d.Faults})
			d.Plant(t, r)
			res := summarize(t, r, r.Log(t))
			rep := res.Systems[0].Repetitions[0]
			if rep.Status != summary.Invalid || len(rep.Reasons) != 1 ||
				rep.Reasons[0].Code != d.Rule {
				t.Fatalf("%s for %+v, want INVALID for %s alone", rep.Status, rep.Reasons, d.Rule)
			}
			reason := rep.Reasons[0]
			if reason.Remedy == "" || len(reason.Evidence) == 0 {
				t.Errorf("no remedy or no evidence: %+v", reason)
			}
			for _, e := range reason.Evidence {
				if e.What == "" || e.Measured == "" || e.Limit == "" {
					t.Errorf("evidence %+v lacks a part", e)
				}
			}
			v := res.Verdicts[0]
			if v.Code != d.Rule || len(v.Evidence) != len(reason.Evidence) ||
				summary.Meaning(v) == "" || res.Exit != v.Exit || v.Exit == 0 {
				t.Errorf("verdict %+v, exit %d", v, res.Exit)
			}
			if len(rep.Figures)+len(res.Systems[0].Figures) > 0 {
				t.Error("figures of an INVALID repetition are given")
			}
		})
	}
	for _, rule := range summary.Rules() {
		if !seen[rule.Code] {
			t.Errorf("no planted defect for rule %s", rule.Code)
		}
		if !strings.HasSuffix(rule.Means, ".") {
			t.Errorf("rule %s is not explained in sentences", rule.Code)
		}
	}
}

func TestEveryKindOfVerdictIsExplained(t *testing.T) {
	for _, rule := range []string{summary.RuleGuarantee, summary.RuleLimit, summary.RuleFailure, summary.RuleSearch,
		summary.RuleInterrupted, summary.RuleValidity, summary.RuleRecovery, summary.RuleFault} {
		if summary.Meaning(summary.Verdict{Rule: rule}) == "" {
			t.Errorf("verdicts under %s are not explained", rule)
		}
	}
}

func TestAChangeOfLevelInsideSteadyWeakensItsFigures(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{Steady: 24 * time.Second})
	half := int64(15e9)
	r.Change(func(e *record.Entry) bool {
		if e.Tick != nil && e.Tick.ScheduleNs > half {
			late := uint64(e.Tick.ScheduleNs-half) / 1000 // a million events a second of 1.5M
			e.Tick.Accepted -= late / 2
		}
		if e.End != nil && e.Rep > 0 {
			e.End.BlockedAtSteadyEnd = 12e6 / 2
			e.End.AcceptedAtSteadyEnd = e.End.DueAtSteadyEnd - e.End.BlockedAtSteadyEnd
		}
		return true
	})
	f := summarize(t, r, r.Log(t)).Systems[0].Figures
	if ws := f["accepted"].Warnings; len(ws) != 2 || ws[1].Code != "drift-throughput" ||
		!strings.Contains(ws[1].Text, "from 1.50M events/s to 1.00M events/s") ||
		!strings.HasPrefix(ws[0].Text, "OVERLOADED: the system took 83.3% of the 1.50M events/s") {
		t.Errorf("accepted: %+v", ws)
	}
	if ws := f["latency.p50"].Warnings; len(ws) != 0 {
		t.Errorf("latency: %+v", ws)
	}
}

func TestARunThatTimedNothingSaysSo(t *testing.T) {
	for _, c := range []struct {
		what    string
		rateMax bool
		want    bool
	}{{"a schedule", false, true}, {"rate max", true, false}} {
		r := recordtest.New(t, recordtest.Options{})
		r.Manifest.Limits, r.Manifest.Conditions.RateMax = nil, c.rateMax
		rep := summarize(t, r, planted(t, map[string]int64{"driver": ms})).Systems[0].Repetitions[0]
		said := slices.ContainsFunc(rep.Warnings, func(w record.Warning) bool {
			return w.Code == summary.CodeNoLatency
		})
		if rep.Status != summary.Valid || said != c.want {
			t.Errorf("%s: status %s, said so: %v, want %v", c.what, rep.Status, said, c.want)
		}
	}
}

func TestLatencyThatRisesInTheMiddleOfSteadyIsWarned(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	log := r.Log(t)
	tag := record.Tag{System: "native", Rep: 1, Stage: record.StageResult}
	log.Intervals[tag] = nil
	for i := range 20 {
		p99 := int64(3e6)
		if i >= 10 {
			p99 = 9e6
		}
		log.Intervals[tag] = append(log.Intervals[tag], record.Interval{
			FromNs: int64(i+4) * 1e9, N: 1000, P50Ns: 1e6, P99Ns: p99 + int64(i)*1000})
	}
	ws := summarize(t, r, log).Systems[0].Figures["latency.p99"].Warnings
	if len(ws) != 1 || ws[0].Code != "drift-latency" ||
		!strings.Contains(ws[0].Text, "from 3.00 ms to 9.01 ms at slice 11 of 20") {
		t.Errorf("warnings %+v", ws)
	}
}

func TestDriftOverTheRepetitionsIsPrintedAndWarned(t *testing.T) {
	for _, c := range []struct {
		why    string
		growth float64
		warned bool
	}{{"processor time that grows by 3 % a repetition", 0.03, true},
		{"processor time that stays", 0, false}} {
		r := recordtest.New(t, recordtest.Options{Kept: 8, Steady: 2 * time.Second})
		r.Change(func(e *record.Entry) bool {
			if e.Tick != nil {
				by := 1 + c.growth*float64(e.Rep)
				e.Tick.CPU.SystemNs = int64(float64(e.Tick.ScheduleNs) * 0.62 * by)
				e.Tick.CPU.DriverNs = 0
			}
			return true
		})
		f := summarize(t, r, r.Log(t)).Systems[0].Figures["cpu"]
		if f.Drift == nil || (f.Drift.Share > 0.1) != c.warned ||
			(len(f.Warnings) == 1 && f.Warnings[0].Code == "drift") != c.warned {
			t.Errorf("%s: %+v, %+v", c.why, f.Drift, f.Warnings)
		}
	}
}

func TestProcessorTimeAndMemoryAreToldByRole(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	r.Change(func(e *record.Entry) bool {
		if e.Tick != nil {
			e.Tick.CPU.BrokerNs = e.Tick.ScheduleNs * 93 / 100
			e.Tick.BrokerMemoryB, e.Tick.SystemMemoryB = 300<<20, 500<<20
		}
		return true
	})
	sys := summarize(t, r, r.Log(t)).Systems[0]
	f := sys.Figures
	if c := sys.Cores; c == nil || math.Abs(c.Broker-0.93) > 0.001 || math.Abs(c.System-0.62) > 0.001 ||
		math.Abs(c.Driver-0.31) > 0.001 || math.Abs(c.Sum()-1.89) > 0.001 {
		t.Errorf("cores %+v", c)
	}
	for name, want := range map[string]float64{
		"cpu": 1.24, "cpu.broker": 0.62, "cpu.system": 0.4133, "cpu.driver": 0.2067,
		"memory": (214 + 300 + 500) << 20, "memory.broker": 300 << 20, "memory.system": 500 << 20,
		"memory.tool": 214 << 20,
	} {
		if got := f[name].Median; got < want*0.995 || got > want*1.005 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	plain := recordtest.New(t, recordtest.Options{})
	for name := range summarize(t, plain, plain.Log(t)).Systems[0].Figures {
		if name == "cpu.broker" || strings.HasPrefix(name, "memory.") {
			t.Errorf("%s is given where every role lives in one process", name)
		}
	}
}
