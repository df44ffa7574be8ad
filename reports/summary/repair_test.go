package summary_test

import (
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

func TestRepairedDeadLettersAreJudgedByTheirLedger(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(l *record.Ledger, p **record.Repair)
		state summary.State // empty for no verdict
		exit  int
		text  string
	}{
		{"nothing planted", func(*record.Ledger, **record.Repair) {}, summary.Pass, 0,
			"7 dead letters, repaired and replayed, gave exactly the 7 results that were missing"},
		{"no dead letters", func(l *record.Ledger, p **record.Repair) {
			l.DeadLetters, *p = &record.Side{}, nil
		}, "", 0, ""},
		{"a ledger that convicts by itself", func(l *record.Ledger, _ **record.Repair) {
			l.DeadLetters.Foreign = 1
		}, "", 12, ""},
		{"no replay", func(_ *record.Ledger, p **record.Repair) { *p = nil },
			summary.Unknown, 6, "tells of no replay"},
		{"one lost", func(_ *record.Ledger, p **record.Repair) { (*p).Ledger.Lost = 1 },
			summary.Fail, 12, "gave 1 lost"},
		{"one set aside again", func(_ *record.Ledger, p **record.Repair) {
			(*p).Ledger.DeadLetters = &record.Side{Received: 1, Foreign: 1}
		}, summary.Fail, 12, "1 dead letters of readable events"},
		{"one not replayed", func(_ *record.Ledger, p **record.Repair) { (*p).Letters = 6 },
			summary.Fail, 12, "6 dead letters"},
		{"an end that never came", func(_ *record.Ledger, p **record.Repair) {
			(*p).Ledger.Conclusive, (*p).Ledger.Why = false, "no new result"
		}, summary.Unknown, 6, "no new result"},
		{"a death", func(_ *record.Ledger, p **record.Repair) {
			(*p).Ledger = nil
			(*p).Failure = &record.Failure{Phase: record.PhaseSteady, Text: "killed by nobody", Exit: 5}
		}, summary.Fail, 5, "failed in steady: killed by nobody"},
		{"too many to keep", func(_ *record.Ledger, p **record.Repair) {
			*p = &record.Repair{Failure: &record.Failure{Phase: "check", Text: "too many", Exit: 6}}
		}, summary.Unknown, 6, "too many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recordtest.New(t, recordtest.Options{})
			p := &record.Repair{Letters: 7, Ns: 1e6,
				Ledger: &record.Ledger{Conclusive: true, Expected: 7, Received: 7, Matched: 7}}
			r.Change(func(e *record.Entry) bool {
				if e.Ledger != nil {
					e.Ledger.DeadLetters = &record.Side{Expected: 7, Received: 7}
					tt.plant(e.Ledger, &p)
				}
				return true
			})
			if p != nil {
				r.Entries = append(r.Entries, record.Entry{Kind: record.KindRepair, System: "native",
					Rep: 1, Repair: p})
			}
			res := summarize(t, r, r.Log(t))
			var found []summary.Verdict
			for _, v := range res.Verdicts {
				if v.Rule == summary.RuleRepair {
					found = append(found, v)
				}
			}
			switch {
			case tt.state == "" && len(found) == 0 && res.Exit == tt.exit:
			case len(found) == 1 && found[0].State == tt.state && found[0].Exit == tt.exit &&
				strings.Contains(found[0].Text, tt.text) && summary.Meaning(found[0]) != "" &&
				res.Exit == tt.exit:
			default:
				t.Errorf("exit %d, verdicts %+v", res.Exit, found)
			}
		})
	}
}
