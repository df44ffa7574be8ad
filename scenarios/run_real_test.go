package scenarios_test

import (
	"path/filepath"
	"testing"

	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// TestProcessesAreBrokenWitnessedAndHealed goes through a run with real processes, a real lease and
// a real witness. It takes as long as a baseline does.
func TestProcessesAreBrokenWitnessedAndHealed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a baseline of 10 s")
	}
	t.Parallel()
	r, err := carryOut(t, t.Context(), scenarios.RunRequest{
		Untwinned: true, Systems: only(native.Adapter{}), Scenario: load(t, breakable+
			"  - {at: 10500ms, kill: worker-2, restart: 500ms}\n"+
			"  - {at: 12s, pause: worker-1, for: 500ms}\n",
			"load.warmup=1s", "load.steady=14s", "checkpoint=200ms"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ends := map[int]record.Fault{}
	for _, f := range r.faults() {
		ends[f.ID] = f
	}
	for id, want := range map[int]string{1: "kill worker-2", 2: "pause worker-1"} {
		f := ends[id]
		if f.Text != want || f.Witness == nil || !f.Witness.Holds || f.HealedNs <= f.ActualNs ||
			f.ActualNs == 0 || f.Error != "" {
			t.Errorf("fault %d: %+v", id, f)
		}
	}
	milestones := map[string]bool{}
	for _, e := range r.entries {
		if e.Residue != nil && len(e.Residue.Left) > 0 {
			t.Errorf("left on the host: %v", e.Residue.Left)
		}
		if e.Milestone != nil {
			milestones[e.Milestone.Name] = true
		}
	}
	for _, want := range []string{record.MilestoneDetected, record.MilestoneRestored, record.MilestoneCommit} {
		if !milestones[want] {
			t.Errorf("no milestone %s among %v", want, milestones)
		}
	}
	if fails := r.failures(); len(fails) > 0 {
		t.Errorf("failures %+v", fails)
	}
	if l := r.ledgers(); len(l) != 1 || !l[0].Conclusive || l[0].Lost+l[0].Duplicated+l[0].Wrong > 0 {
		t.Errorf("ledgers %+v", l)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, "streambench-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
