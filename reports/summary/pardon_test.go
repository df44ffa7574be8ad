package summary_test

import (
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// What a kill at 14.5 s explains: the last whole checkpoint stands at 14 s, the first result came
// at 15 s. Results were at most 2 ms behind before, and 100 ms are allowed for.
func killedFluid() fluid {
	return fluid{offered: 10e3, capacity: 40e3, steady: 30 * time.Second, stops: []stop{{
		at: 14500 * msec, detect: 100 * msec, reassign: 100 * msec, restore: 200 * msec,
		first: 100 * msec}}}
}

// judged is the verdict on a claim, given a ledger that is changed.
func judged(t *testing.T, claim string, f fluid, edit func(*record.Ledger, *record.Spread),
) summary.Verdict {
	t.Helper()
	m, entries, log := f.run(t)
	m.Claim.Guarantee = claim
	for _, e := range entries {
		if e.Ledger != nil {
			s := &record.Spread{}
			edit(e.Ledger, s)
			e.Ledger.Spread = s
		}
	}
	r, err := summary.Summarize(m, entries, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Verdicts {
		if v.Rule == summary.RuleGuarantee {
			return v
		}
	}
	t.Fatal("no verdict on the guarantee")
	return summary.Verdict{}
}

// extent is n results or events that were due at two times.
func extent(n uint64, fromMs, toMs int64) record.Extent {
	return record.Extent{N: n, Parts: []record.Part{{N: n, FromNs: fromMs * 1e6, ToNs: toMs * 1e6}}}
}

func TestAClaimAllowsWhatTheFaultExplainsAndNoMore(t *testing.T) {
	lost := func(at int64) func(*record.Ledger, *record.Spread) {
		return func(l *record.Ledger, s *record.Spread) {
			l.Lost, l.Matched, s.Lost = 7, l.Matched-7, extent(7, at, at)
		}
	}
	twice := func(at int64) func(*record.Ledger, *record.Spread) {
		return func(l *record.Ledger, s *record.Spread) {
			l.Duplicated, l.Received, s.Duplicated = 9, l.Received+9, extent(9, at, at)
		}
	}
	inflated := func(at int64) func(*record.Ledger, *record.Spread) {
		return func(l *record.Ledger, s *record.Spread) {
			l.Wrong, l.Matched, s.Twice = 2, l.Matched-2, extent(40, at, at+50)
		}
	}
	missing := func(at int64) func(*record.Ledger, *record.Spread) {
		return func(l *record.Ledger, s *record.Spread) {
			l.Wrong, l.Matched, s.Missing, s.StateNs = 2, l.Matched-2, extent(40, at, at), 2e9
		}
	}
	other := func(at int64) func(*record.Ledger, *record.Spread) {
		return func(l *record.Ledger, s *record.Spread) {
			l.Wrong, l.Matched, s.Other = 2, l.Matched-2, extent(2, at, at)
		}
	}
	phantom := func(l *record.Ledger, _ *record.Spread) { l.Phantom, l.Received = 1, l.Received+1 }
	corrupt := func(l *record.Ledger, _ *record.Spread) { l.Corrupt, l.Received = 1, l.Received+1 }
	const most, least, exactly = "at-most-once", "at-least-once", "exactly-once"
	for _, c := range []struct {
		what, claim string
		edit        func(*record.Ledger, *record.Spread)
		state       summary.State
		says        string
	}{
		{"lost in the outage", most, lost(14600), summary.Pass, "7 lost"},
		{"lost in the outage", least, lost(14600), summary.Fail, "only at-most-once allows it"},
		{"lost in the outage", exactly, lost(14600), summary.Fail, "lost"},
		{"lost before", most, lost(12000), summary.Fail, "outside what a fault explains"},
		{"lost after", most, lost(15400), summary.Fail, "outside what a fault explains"},
		{"duplicated since the commit", least, twice(14100), summary.Pass, "9 duplicated"},
		{"duplicated since the commit", most, twice(14100), summary.Fail, "only at-least-once"},
		{"duplicated since the commit", exactly, twice(14100), summary.Fail, "duplicated"},
		{"duplicated before it", least, twice(13700), summary.Fail, "9 of them are outside"},
		{"duplicated after recovery", least, twice(15200), summary.Fail, "9 of them are outside"},
		{"inflated", least, inflated(14300), summary.Pass, "40 events counted twice"},
		{"inflated", exactly, inflated(14300), summary.Fail, "counted twice"},
		{"inflated", most, inflated(14300), summary.Fail, "counted twice"},
		{"inflated before", least, inflated(13800), summary.Fail, "outside"},
		{"missing from the state", most, missing(12500), summary.Pass, "40 events missing"},
		{"missing before the state", most, missing(11500), summary.Fail, "outside"},
		{"missing", least, missing(14600), summary.Fail, "missing"},
		{"wrong otherwise", least, other(14600), summary.Unknown, "do not tell which events"},
		{"wrong otherwise, elsewhere", least, other(20000), summary.Fail, "neither events lost nor"},
		{"wrong otherwise", exactly, other(14600), summary.Fail, "wrong"},
		{"phantom", least, phantom, summary.Fail, "no guarantee allows it"},
		{"corrupt", most, corrupt, summary.Fail, "no guarantee allows it"},
	} {
		v := judged(t, c.claim, killedFluid(), c.edit)
		exit := map[summary.State]int{summary.Pass: 0, summary.Fail: 12, summary.Unknown: 6}[c.state]
		if v.State != c.state || v.Exit != exit || !strings.Contains(v.Text, c.says) {
			t.Errorf("%s under %s: %s, exit %d: %s", c.what, c.claim, v.State, v.Exit, v.Text)
		}
		calm := killedFluid()
		calm.stops = nil
		if v := judged(t, c.claim, calm, c.edit); v.State != summary.Fail || v.Exit != 12 {
			t.Errorf("%s under %s without a fault: %s, %s", c.what, c.claim, v.State, v.Text)
		}
	}
}

func TestOneOffenceOutsideConvictsThoughManyAreInside(t *testing.T) {
	v := judged(t, "at-least-once", killedFluid(), func(l *record.Ledger, s *record.Spread) {
		l.Duplicated, l.Received = 1001, l.Received+1001
		s.Duplicated = extent(1000, 14100, 14900)
		s.Duplicated.N++
		s.Duplicated.Parts = append(s.Duplicated.Parts, record.Part{N: 1, FromNs: 18e9, ToNs: 18e9})
	})
	if v.State != summary.Fail || !strings.Contains(v.Text, "1 of them are outside") {
		t.Errorf("%s: %s", v.State, v.Text)
	}
}

func TestAWeakClaimThatShowsNothingIsNotDistinguished(t *testing.T) {
	clean := func(*record.Ledger, *record.Spread) {}
	for claim, says := range map[string]string{
		"at-most-once":  "nothing was lost over 1 fault: not distinguished from a stronger guarantee",
		"at-least-once": "nothing was duplicated over 1 fault: not distinguished from exactly-once",
	} {
		if v := judged(t, claim, killedFluid(), clean); v.State != summary.Pass ||
			!strings.Contains(v.Text, says) {
			t.Errorf("%s: %s", v.State, v.Text)
		}
	}
	if v := judged(t, "exactly-once", killedFluid(), clean); strings.Contains(v.Text, "distinguished") {
		t.Error(v.Text)
	}
}

func TestAFaultThatTheSystemDoesNotSupportLeavesItsClaimUnproven(t *testing.T) {
	m, entries, log := killedFluid().run(t)
	m.Limits = []record.Limit{{Metric: "recovery", Value: 10e9, Text: "10s"}}
	for _, e := range entries {
		if e.Fault != nil {
			e.Fault.Unsupported, e.Fault.ActualNs, e.Fault.Witness = "it has one process", 0, nil
		}
	}
	r, err := summary.Summarize(m, entries, log)
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, v := range r.Verdicts {
		if v.State == summary.Unknown && v.Exit == 6 && strings.Contains(v.Text, "it has one process") {
			said++
		}
	}
	if said != 2 || r.Exit != 6 {
		t.Errorf("exit %d: %+v", r.Exit, r.Verdicts)
	}
	if _, ok := r.Systems[0].Figures["recovery"]; ok {
		t.Error("a recovery time of a fault that never was")
	}
}

func TestAFaultNobodySawExcusesNothingAndConvictsNobodyItMayExplain(t *testing.T) {
	for claim, want := range map[string]summary.State{
		"at-least-once": summary.Unknown, "exactly-once": summary.Fail,
	} {
		m, entries, log := killedFluid().run(t)
		m.Claim.Guarantee = claim
		for _, e := range entries {
			switch {
			case e.Fault != nil:
				e.Fault.ActualNs, e.Fault.Witness = 0, nil
			case e.Ledger != nil:
				e.Ledger.Duplicated, e.Ledger.Received = 1, e.Ledger.Received+1
				e.Ledger.Spread = &record.Spread{Duplicated: extent(1, 14100, 14100)}
			}
		}
		r, err := summary.Summarize(m, entries, log)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range r.Verdicts {
			if v.Rule == summary.RuleGuarantee && v.State != want {
				t.Errorf("%s: %s, %s", claim, v.State, v.Text)
			}
		}
	}
}
