package scenarios_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/scenarios"
	"github.com/streambench/streambench/workloads"
)

// spoilt is a scenario in which one event of fifty cannot be read. Events lie in groups, so that
// their numbers are not those of their slots.
const spoilt = `
name: spoilt
workload: poison
params: {keys: 100, malformed: 50, groups: 7}
load: {rate: 1k/s, format: json, warmup: 2s, steady: 8s, drain: 20s}
`

// repaired runs it with a fake in virtual time.
func repaired(t *testing.T, ctx context.Context, f *fake, sets ...string) (*recorded, error) {
	t.Helper()
	req := scenarios.RunRequest{Scenario: load(t, spoilt, sets...), Systems: only(f)}
	req.InVirtualTime()
	return carryOut(t, ctx, req)
}

// ofRepair is the verdict on repaired dead letters; nil if there is none.
func (r *recorded) ofRepair() *summary.Verdict {
	for _, v := range r.result.Verdicts {
		if v.Rule == summary.RuleRepair {
			return &v
		}
	}
	return nil
}

func (r *recorded) repairs() (all []*record.Repair) {
	for _, e := range r.entries {
		if e.Repair != nil {
			all = append(all, e.Repair)
		}
	}
	return all
}

func TestRepairedDeadLettersGiveExactlyTheResultsThatWereMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r, err := repaired(t, t.Context(), f, "repeat=2")
		if err != nil {
			t.Fatal(err)
		}
		v := r.ofRepair()
		if v == nil || v.State != summary.Pass || r.result.Exit != 0 || summary.Meaning(*v) == "" {
			t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
		}
		// The block that is discarded is not repaired.
		all, l := r.repairs(), r.ledgers()[0]
		if len(all) != 2 || f.deployed != 5 || f.closed != 5 {
			t.Fatalf("%d repairs, deployed %d, closed %d", len(all), f.deployed, f.closed)
		}
		p, n := all[0], l.DeadLetters.Received
		if n < 150 || p.Letters != n || p.Ledger.Expected != n || p.Ledger.Matched != n ||
			p.Ledger.Received != n || p.Ledger.EventsIn != n || l.Matched+n != r.ends()[0].Events {
			t.Errorf("of %d events %d answered, %d dead letters, replay %+v, ledger %+v",
				r.ends()[0].Events, l.Matched, n, *p, *p.Ledger)
		}
		if left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*")); len(left) > 0 {
			t.Errorf("left behind %v", left)
		}
	})
}

func TestWithoutDeadLettersNothingIsRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		r, err := repaired(t, t.Context(), f, "params.malformed=0")
		if err != nil || r.ofRepair() != nil || f.deployed != 1 || r.result.Exit != 0 {
			t.Errorf("error %v, exit %d, deployed %d, verdict %+v", err, r.result.Exit, f.deployed,
				r.ofRepair())
		}
	})
}

// first is the first event of the scenario that cannot be read.
func first(t *testing.T) int64 {
	t.Helper()
	w, err := load(t, spoilt).Bind()
	if err != nil {
		t.Fatal(err)
	}
	b, codec := workloads.NewBatch(w.Schema, 1), workloads.JSONCodec(w.Schema)
	for slot := uint64(0); ; slot++ {
		w.Events().Fill(b, workloads.Slots{First: slot, Step: 1, N: 1})
		if _, is := w.Spoil(codec.Append(nil, b, 0), 0, uint64(b.Seq[0])); is {
			return b.Seq[0]
		}
	}
}

// TestARepairThatGoesWrongIsConvicted plants a defect in the second deployment alone.
func TestARepairThatGoesWrongIsConvicted(t *testing.T) {
	letter := first(t)
	copies := func(n int) *fake {
		return &fake{copies: func(event int64) int {
			if event == letter {
				return n
			}
			return 1
		}}
	}
	change := func(column int, to int64) *fake {
		return &fake{alter: func(rs *workloads.Results) {
			if i := slices.Index(rs.Cols[0][:rs.N], letter); i >= 0 {
				rs.Cols[column][i] = to
			}
		}}
	}
	for name, tt := range map[string]struct {
		second *fake
		state  summary.State
		exit   int
		text   string
	}{
		"a result lost":            {copies(0), summary.Fail, 12, "gave 1 lost"},
		"a result twice":           {copies(2), summary.Fail, 12, "1 duplicated"},
		"a result changed":         {change(2, -1), summary.Fail, 12, "1 wrong"},
		"a result that was there":  {change(0, 5), summary.Fail, 12, "1 lost, 0 duplicated, 1 phantom"},
		"a dead letter once more":  {&fake{setsAside: func(n int64) bool { return n == letter }}, summary.Fail, 12, "dead letters of readable events"},
		"no end":                   {&fake{hangAt: 1}, summary.Unknown, 6, "not answered to their end"},
		"a death":                  {&fake{dieAt: 1}, summary.Fail, 5, "died as planned"},
		"no deployment once again": {&fake{deployErr: errors.New("no room")}, summary.Fail, 5, "failed in deploy: deploy native: no room"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := repaired(t, t.Context(), &fake{second: tt.second})
				if err != nil {
					t.Fatal(err)
				}
				v := r.ofRepair()
				if v == nil || v.State != tt.state || !strings.Contains(v.Text, tt.text) ||
					r.result.Exit != tt.exit {
					t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
				}
				if tt.second.closed != tt.second.deployed {
					t.Errorf("closed %d of %d", tt.second.closed, tt.second.deployed)
				}
			})
		})
	}
}

// TestDeadLettersDecideWhatIsReplayed has the first deployment set aside what it should not, or keep
// what it should set aside: its own ledger convicts it, and the replay follows its dead letters.
func TestDeadLettersDecideWhatIsReplayed(t *testing.T) {
	letter := first(t)
	for name, tt := range map[string]struct {
		fake *fake
		more int
	}{
		"one too many": {&fake{setsAside: func(n int64) bool { return n == letter+1 }}, 1},
		"one too few":  {&fake{unset: func(n int64) bool { return n == letter }}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.fake.second = &fake{}
				r, err := repaired(t, t.Context(), tt.fake)
				if err != nil {
					t.Fatal(err)
				}
				p, l := r.repairs()[0], r.ledgers()[0].DeadLetters
				if r.result.Exit != 12 || r.ofRepair() != nil || p.Ledger.Matched != l.Received ||
					p.Letters != l.Received {
					t.Errorf("exit %d, letters %+v, replay %+v", r.result.Exit, *l, *p)
				}
			})
		})
	}
}

func TestAnInterruptEndsARepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 12*time.Second, context.Canceled)
		defer cancel()
		f := &fake{second: &fake{hangAt: 1}}
		r, err := repaired(t, ctx, f)
		left, _ := filepath.Glob(filepath.Join(r.dir, "spool-*"))
		if err == nil || r.result.Exit != 130 || f.second.closed != 1 || len(left) > 0 ||
			len(r.repairs()) > 0 {
			t.Errorf("error %v, exit %d, closed %d, left behind %v", err, r.result.Exit,
				f.second.closed, left)
		}
	})
}

func TestRepairedDeadLettersTravelByATopicOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{}
		req := scenarios.RunRequest{
			Scenario: load(t, spoilt, "load.transport=kafka", "load.partitions=3"),
			Systems:  only(pipeAdapter{p}), Transports: p.find,
		}
		req.InVirtualTime()
		r, err := carryOut(t, t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if v := r.ofRepair(); v == nil || v.State != summary.Pass || r.result.Exit != 0 {
			t.Errorf("exit %d: %s; verdict %+v", r.result.Exit, r.result.Sentence, v)
		}
		one := []string{"deploy transport", "deploy system", "close system", "close transport"}
		if want := append(one, one...); !slices.Equal(p.order, want) {
			t.Errorf("order %v, want %v", p.order, want)
		}
		if !strings.HasSuffix(p.job.RunID, ".repair") || p.job.Workload.Spoil != nil {
			t.Errorf("replayed as %s", p.job.RunID)
		}
	})
}
