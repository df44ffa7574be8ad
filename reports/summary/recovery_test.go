package summary_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

const msec = time.Millisecond

// one is the recovery of a fluid with one fault.
func one(t *testing.T, f fluid) summary.Recovery {
	t.Helper()
	r := f.summarized(t)
	if s := r.Systems[0].Repetitions[0]; s.Status != summary.Valid {
		t.Fatalf("%s: %+v", s.Status, s.Reasons)
	}
	if n := len(r.Systems[0].Recoveries); n != 1 {
		t.Fatalf("%d recoveries", n)
	}
	return r.Systems[0].Recoveries[0]
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %g, want %g within %g", what, got, want, within)
	}
}

// sums fails unless the phases add up to the total exactly.
func sums(t *testing.T, x *summary.Recovery) {
	t.Helper()
	sum, at := int64(0), 0
	for _, p := range x.Phases {
		if p.Ns < 0 || p.From != at {
			t.Errorf("phase %+v begins at %d", p, at)
		}
		sum, at = sum+p.Ns, p.To
	}
	if x.TotalNs != nil && (sum != *x.TotalNs || at != 6) {
		t.Errorf("phases sum up to %d, the total is %d: %+v", sum, *x.TotalNs, x.Phases)
	}
}

func TestPlantedDelaysOfPhasesAreRecovered(t *testing.T) {
	for _, s := range []stop{
		{at: 14 * time.Second, detect: 6 * msec, reassign: 40 * msec, restore: 300 * msec,
			first: 80 * msec},
		{at: 15*time.Second + 37*msec, detect: 2 * time.Second, reassign: 15 * msec, restore: 25 * msec,
			first: 500 * msec},
		{at: 13*time.Second + 50*msec, detect: msec, reassign: msec, restore: 22 * msec, first: 76 * msec},
	} {
		f := fluid{offered: 100e3, capacity: 400e3, steady: 32 * time.Second, stops: []stop{s}}
		x := one(t, f)
		sums(t, &x)
		want := []time.Duration{s.detect, s.reassign, s.restore, s.first}
		outage := s.instants()[4] - s.instants()[0]
		want = append(want, time.Duration(outage)/3, 0) // λ/(μ-λ) of it, to the band alone
		for i, p := range x.Phases[:4] {
			if p.Ns != int64(want[i]) {
				t.Errorf("%s took %d, planted were %d", p.Name, p.Ns, want[i])
			}
		}
		// The band ends 0.1 s of λ above the worst: that much need not be caught up with.
		catch := math.Max(0, (float64(outage)-0.1e9)/3)
		near(t, "catch-up", float64(x.Phases[4].Ns), catch, 50e6)
		if x.TotalNs == nil || x.Outage.MaxNs != outage || x.Tax == nil {
			t.Fatalf("%+v", x)
		}
		near(t, "tax", float64(x.Tax.MaxNs), float64(s.reassign+s.restore), 0)
		near(t, "mean tax", float64(x.Tax.MeanNs), float64(max(0, s.reassign+s.restore-10*msec)), 10e6)
		near(t, "partial outage", float64(*x.PartialNs), float64(2*outage-1e6)/6, 1e6)
		near(t, "dip area", x.Dip.Area, 100e3*float64(outage)/1e9, 300)
		if x.RestoredB != 3<<20 || x.ResolutionNs != 1e8 || x.All != fluidRanges {
			t.Errorf("%+v", x)
		}
	}
}

// λ = 100 000/s, ρ = 0.8, a full outage of 30 s: peak backlog 3·10⁶, T_c 120 s, A_μ 3·10⁶ events or
// 30 s, A_ℓ 2.25·10⁸ event-seconds.
func TestTheWorkedExampleComesOut(t *testing.T) {
	x := one(t, fluid{offered: 100e3, capacity: 125e3, steady: 210 * time.Second, bracket: true,
		stops: []stop{{at: 32 * time.Second, detect: time.Second, reassign: time.Second,
			restore: 20 * time.Second, first: 8 * time.Second}}})
	sums(t, &x)
	near(t, "peak", x.Dip.Peak, 3e6, 1e3)
	near(t, "dip area", x.Dip.Area, 3e6, 1e3)
	near(t, "equivalent outage", x.Dip.Seconds, 30, 0.01)
	near(t, "depth", x.Dip.Depth, 1, 0)
	near(t, "longest gap", float64(x.Dip.LongestNs), 30e9, 0.2e9)
	near(t, "latency area", *x.LatencyArea, 2.25e8, 2.25e8*0.01)
	// The last 0.1 s of λ are in the band: 0.4 s of catching up.
	near(t, "law", float64(x.Law.LawNs), 119.6e9, 0.1e9)
	near(t, "share", x.Law.Share, 0.8, 1e-3)
	near(t, "catch-up", float64(x.Law.MeasuredNs), 119.6e9, 0.1e9)
	near(t, "replayed", x.Replay.Events, 100e3, 1) // the checkpoint of 31 s was the last one whole
	near(t, "cost of a fault", float64(x.Cost.FaultNs), 30e9, 1e7)
	if x.Cost.ADayNs != nil || x.Law.Estimate {
		t.Errorf("a premium that nobody measured: %+v, %+v", x.Cost, x.Law)
	}
}

func TestTheLawHoldsOfANoisyQueue(t *testing.T) {
	for _, rho := range []float64{0.5, 0.7, 0.9} {
		for _, known := range []bool{true, false} {
			x := one(t, fluid{offered: 50e3, capacity: 50e3 / rho, noise: 0.1, bracket: known,
				steady: 75 * time.Second, stops: []stop{{at: 14 * time.Second, detect: msec,
					reassign: msec, restore: 3 * time.Second, first: 998 * msec}}})
			if x.Law == nil || x.Law.Estimate == known {
				t.Fatalf("ρ %g: %+v, %v", rho, x.Law, x.Notes)
			}
			// At 0.9 a capacity that is read off by chance is near the load, and the law steep
			// there.
			within := 0.10
			if !known {
				within = 0.5
			}
			near(t, "residual", x.Law.Residual, 0, within)
		}
	}
}

// Of a short outage the band forgives a good part of the backlog, and the law has to forgive it
// too.
func TestTheLawHoldsOfAShortOutage(t *testing.T) {
	for _, rho := range []float64{0.5, 0.7, 0.9} {
		for _, outage := range []time.Duration{200 * msec, 300 * msec, time.Second} {
			x := one(t, fluid{offered: 50e3, capacity: 50e3 / rho, bracket: true,
				steady: 45 * time.Second, stops: []stop{{at: 14 * time.Second, first: outage}}})
			if x.Law == nil {
				t.Fatalf("ρ %g, %s: %v", rho, outage, x.Notes)
			}
			near(t, "behind", float64(x.Law.BehindNs), float64(outage)-0.1e9, 5e6)
			near(t, "catch-up", float64(x.Law.MeasuredNs), float64(x.Law.LawNs), 60e6)
		}
	}
}

// Answers that become visible once a second tell of the catch-up to a second.
func TestCatchingUpIsSeenToTheBurst(t *testing.T) {
	for _, rho := range []float64{0.5, 0.7, 0.9} {
		for _, at := range []time.Duration{14 * time.Second, 14300 * msec, 14900 * msec} {
			f := fluid{offered: 50e3, capacity: 50e3 / rho, bracket: true, apart: time.Second,
				steady: 75 * time.Second, stops: []stop{{at: at, first: 4100 * msec}}}
			x := one(t, f)
			if x.Law == nil || x.TotalNs == nil || x.Band.BurstNs < 0.9e9 {
				t.Fatalf("ρ %g at %s: %+v, %v", rho, at, x.Band, x.Notes)
			}
			near(t, "catch-up", float64(x.Law.MeasuredNs), float64(x.Law.LawNs), 1.2e9)
		}
	}
}

func TestASlowDownAfterRecoveryIsAResidual(t *testing.T) {
	f := fluid{offered: 50e3, capacity: 80e3, steady: 60 * time.Second, bracket: true,
		stops: []stop{{at: 14 * time.Second, first: 4 * time.Second}}}
	m, entries, log := f.run(t)
	for _, e := range entries {
		if e.Bracket != nil {
			e.Bracket.Passed = 100e3 // a fifth more than it has after the fault
		}
	}
	r, err := summary.Summarize(m, entries, log)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "residual", r.Systems[0].Recoveries[0].Law.Residual, 0.65, 0.05)
}

func TestInstantsWithoutEvidenceAreUnresolvedAndTheirPhasesJoined(t *testing.T) {
	s := stop{at: 14 * time.Second, detect: 100 * msec, reassign: 50 * msec, restore: 300 * msec,
		first: 50 * msec}
	for _, c := range []struct {
		what string
		edit func(*stop)
		want []string
	}{
		{"all", func(*stop) {}, []string{"detect", "reassign", "restore", "first result", "catch-up",
			"settle"}},
		{"no detection", func(s *stop) { s.silentT1 = true }, []string{"detect + reassign", "restore",
			"first result", "catch-up", "settle"}},
		{"no reassignment", func(s *stop) { s.silentT2 = true }, []string{"detect", "reassign + restore",
			"first result", "catch-up", "settle"}},
		{"nothing", func(s *stop) { s.silentT1, s.silentT2, s.silentT3, s.noOne = true, true, true, true },
			[]string{"detect + reassign + restore + first result + catch-up", "settle"}},
	} {
		now := s
		c.edit(&now)
		x := one(t, fluid{offered: 100e3, capacity: 400e3, steady: 30 * time.Second, stops: []stop{now}})
		sums(t, &x)
		var got []string
		for _, p := range x.Phases {
			got = append(got, p.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: phases %q", c.what, got)
		}
		for _, i := range x.Instants {
			if i.Why == "" || i.Is == "" {
				t.Errorf("%s: %+v says nothing", c.what, i)
			}
		}
		if now.silentT1 && x.Tax != nil || now.noOne && x.Outage != nil {
			t.Errorf("%s: figures without evidence: %+v", c.what, x)
		}
	}
}

func TestAFalseAlarmIsTold(t *testing.T) {
	m, entries, log := fluid{offered: 100e3, capacity: 400e3, steady: 30 * time.Second,
		stops: []stop{{at: 14 * time.Second, detect: msec, first: 10 * msec}}}.run(t)
	entries = append(entries, record.Entry{Kind: record.KindMilestone, System: "native", Rep: 1,
		Milestone: &record.Milestone{Name: record.MilestoneDetected, Node: "worker-3", AtNs: 25e9}})
	r, err := summary.Summarize(m, entries, log)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(r.Systems[0].Recoveries[0].Notes, "; ")
	if !strings.Contains(notes, "took worker-3 for lost too") {
		t.Errorf("notes %q", notes)
	}
}

func TestAFaultNearTheEndHasNoRecoveryTime(t *testing.T) {
	f := fluid{offered: 100e3, capacity: 400e3, steady: 20 * time.Second,
		stops: []stop{{at: 16 * time.Second, detect: 10 * msec, reassign: 10 * msec,
			restore: 100 * msec, first: 10 * msec}}}
	m, entries, log := f.run(t)
	m.Limits = []record.Limit{{Metric: "recovery", Value: 10e9, Text: "10s"},
		{Metric: "outage", Value: 1e9, Text: "1s"}, {Metric: "recovery.tax", Value: 1e6, Text: "1ms"}}
	r, err := summary.Summarize(m, entries, log)
	if err != nil {
		t.Fatal(err)
	}
	x := r.Systems[0].Recoveries[0]
	sums(t, &x)
	if x.TotalNs != nil || x.Dip != nil || !strings.Contains(x.Instants[6].Why, "lengthen steady") {
		t.Errorf("%+v", x)
	}
	want := []struct {
		state summary.State
		exit  int
	}{{summary.Unknown, 6}, {summary.Pass, 0}, {summary.Fail, 13}}
	vs := slices.DeleteFunc(slices.Clone(r.Verdicts), func(v summary.Verdict) bool {
		return v.Rule != summary.RuleRecovery
	})
	for i, v := range vs {
		if v.State != want[i].state || v.Exit != want[i].exit {
			t.Errorf("%+v", v)
		}
	}
	if len(vs) != 3 || !strings.Contains(vs[0].Text, "t6 (settled) of fault 1") {
		t.Errorf("%+v", vs)
	}
}

func TestTwoFaultsInOneRunAreToldApart(t *testing.T) {
	first := stop{id: 1, at: 14 * time.Second, detect: 100 * msec, reassign: 50 * msec,
		restore: 300 * msec, first: 50 * msec}
	for _, apart := range []time.Duration{25 * time.Second, 11 * time.Second} {
		second := stop{id: 2, at: first.at + apart, detect: 200 * msec, reassign: 20 * msec,
			restore: 700 * msec, first: 80 * msec}
		f := fluid{offered: 100e3, capacity: 400e3, steady: 60 * time.Second,
			stops: []stop{first, second}}
		res := f.summarized(t)
		all := res.Systems[0].Recoveries
		if len(all) != 2 {
			t.Fatalf("%+v", all)
		}
		for i, s := range f.stops {
			sums(t, &all[i])
			for j, d := range []time.Duration{s.detect, s.reassign, s.restore, s.first} {
				if all[i].TotalNs == nil || all[i].Phases[j].Ns != int64(d) {
					t.Errorf("%s apart, fault %d: %+v", apart, i+1, all[i].Phases)
				}
			}
		}
		figures := res.Systems[0].Figures
		near(t, "worst outage", figures["outage"].Median, 1000e6, 0)
		near(t, "worst dip", figures["dip.area"].Median, 100e3, 300)
		if calm := figures["calm.latency.max"].Median; calm > 5e6 {
			t.Errorf("calm latency holds a fault: %g", calm)
		}
		if all := figures["latency.max"].Median; all < 900e6 {
			t.Errorf("latency leaves a fault out: %g", all)
		}
	}
}

func TestPhasesAddUpWhateverIsKnownAndInWhateverOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ms := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 900).Draw(r, name)) * msec
		}
		flag := func(name string) bool { return rapid.Bool().Draw(r, name) }
		s := stop{at: 13*time.Second + ms("at"), detect: ms("detect"), reassign: ms("reassign"),
			restore: ms("restore"), first: ms("first"), silentT1: flag("t1"), silentT2: flag("t2"),
			silentT3: flag("t3"), noOne: flag("t4")}
		f := fluid{offered: 2e3, capacity: 2e3 * (1 + float64(rapid.IntRange(1, 30).Draw(r, "spare"))/10),
			steady: time.Duration(rapid.IntRange(12, 30).Draw(r, "steady")) * time.Second, stops: []stop{s}}
		m, entries, log := f.run(t)
		shift := rapid.Int64Range(-300, 300).Draw(r, "shift") * 1e6
		for _, e := range entries {
			if e.Milestone != nil && e.Milestone.Name == record.MilestoneRestored {
				e.Milestone.AtNs += shift
			}
		}
		res, err := summary.Summarize(m, entries, log)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range res.Systems[0].Recoveries {
			sums(t, &x)
		}
	})
}
