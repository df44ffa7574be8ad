package scenarios_test

import (
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
)

// verdictOn is the verdict on a run's delivery, as if it had claimed a guarantee.
func verdictOn(t *testing.T, r *recorded, claim string) summary.Verdict {
	t.Helper()
	m := r.manifest
	m.Claim.Guarantee = claim
	result, err := summary.Summarize(m, r.entries, r.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range result.Verdicts {
		if v.Rule == summary.RuleGuarantee {
			return v
		}
	}
	t.Fatal("no verdict on the guarantee")
	return summary.Verdict{}
}

// TestGuaranteesAreProvedByWhatAKillCosts holds the same kill against each claim: what a weaker
// guarantee allows is seen, explained by the fault, and would convict a stronger claim.
func TestGuaranteesAreProvedByWhatAKillCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a baseline of 10 s")
	}
	for _, guarantee := range guarantees {
		t.Run(guarantee, func(t *testing.T) {
			t.Parallel()
			r, err := carryOut(t, t.Context(), scenarios.RunRequest{
				Untwinned: true, Systems: only(native.Adapter{}), Scenario: load(t, breakable+
					"  - {at: 14s, kill: worker-2, restart: 500ms}\n",
					"load.warmup=1s", "load.steady=17s", "checkpoint=700ms", "guarantee="+guarantee),
			})
			if err != nil {
				t.Fatal(err)
			}
			l := r.ledgers()[0]
			t.Logf("%d lost, %d duplicated, %d wrong of %d", l.Lost, l.Duplicated, l.Wrong, l.Expected)
			if v := verdictOn(t, r, guarantee); v.State == summary.Fail {
				t.Errorf("it is convicted: %s", v.Text)
			} else if v.State == summary.Pass && guarantee != "exactly-once" &&
				!strings.Contains(v.Text, "explained by kill worker-2") {
				t.Errorf("nothing is explained: %s", v.Text)
			}
			witnessed := false
			for _, f := range r.faults() {
				witnessed = witnessed || f.Witness != nil && f.Witness.Holds
			}
			if !witnessed {
				t.Skipf("the host was too busy for the fault to be let in: %+v", r.faults())
			}
			differs(t, r, l, guarantee)
		})
	}
}

// differs checks what a killed worker has cost under a guarantee.
func differs(t *testing.T, r *recorded, l *record.Ledger, guarantee string) {
	t.Helper()
	right := map[string]bool{
		"at-most-once":  l.Lost > 0 && l.Duplicated == 0,
		"at-least-once": l.Duplicated > 0 && l.Lost == 0,
		"exactly-once":  l.Lost+l.Duplicated == 0,
	}
	if !right[guarantee] || l.Wrong+l.Phantom+l.Unexplained > 0 {
		t.Errorf("ledger %+v", *l)
	}
	for _, claim := range guarantees {
		v := verdictOn(t, r, claim)
		if convicts := claim != guarantee && guarantee != "exactly-once"; convicts &&
			v.State != summary.Fail {
			t.Errorf("%s is taken for %s: %s", guarantee, claim, v.Text)
		}
	}
}
