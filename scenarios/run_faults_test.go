package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// breakable is a scenario of three workers whose right answer a fake can give.
const breakable = `
name: broken
workload: nexmark
params: {query: q0}
load: {rate: 1k/s, warmup: 2s, steady: 30s, drain: 20s}
resources: {workers: 3}
faults:
`

// rig is a run of a fake with gear that stands in for the host's.
type rig struct {
	fake *fake
	gear *scenarios.FakeGear
	sets []string
}

// run carries a scenario out in virtual time.
func (g *rig) run(t *testing.T, ctx context.Context, faults string) *recorded {
	t.Helper()
	if g.fake == nil {
		g.fake = &fake{}
	}
	if g.gear == nil {
		g.gear = &scenarios.FakeGear{}
	}
	req := scenarios.RunRequest{
		Scenario: load(t, breakable+faults, g.sets...), Systems: only(g.fake),
	}
	g.gear.Give(&req)
	req.InVirtualTime()
	r, err := carryOut(t, ctx, req)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	if _, open := g.gear.Events(); open != 0 {
		t.Errorf("%d of leases, networks and probers are not closed", open)
	}
	if g.fake.closed != g.fake.deployed {
		t.Errorf("deployed %d, closed %d", g.fake.deployed, g.fake.closed)
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, "streambench-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return r
}

// faults are the entries of faults, in order.
func (r *recorded) faults() (all []record.Fault) {
	for _, e := range r.entries {
		if e.Fault != nil {
			all = append(all, *e.Fault)
		}
	}
	return all
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }

func near(ns int64, want float64) bool { return seconds(ns) >= want && seconds(ns) < want+0.05 }

func TestAScheduleRunsAtItsTimesBehindATwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &rig{}
		r := g.run(t, t.Context(), "  - {at: 12s, pause: worker-2, for: 3s}\n"+
			"  - {at: 20s, kill: worker-1}\n")
		var all []string
		for _, f := range r.faults() {
			all = append(all, fmt.Sprintf("%d %s planned %.0f actual %.0f healed %.0f", f.ID, f.Text,
				seconds(f.PlannedNs), seconds(f.ActualNs), seconds(f.HealedNs)))
		}
		want := []string{
			"1 pause worker-2 planned 14 actual 14 healed 0",
			"1 pause worker-2 planned 14 actual 14 healed 17",
			"2 kill worker-1 planned 22 actual 22 healed 0",
			"2 kill worker-1 planned 22 actual 22 healed 32", // by liveness mode
		}
		if !slices.Equal(all, want) {
			t.Errorf("faults\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
		}
		for _, e := range r.entries {
			if e.Fault != nil && e.Rep != 1 {
				t.Errorf("fault in repetition %d", e.Rep)
			}
		}
		if got := r.phases(); !slices.Equal(got, slices.Concat(wholeLife, wholeLife)) {
			t.Errorf("phases %v", got)
		}
		order := r.entries[0].Plan.Order
		if len(order) != 2 || !order[0].Twin || order[0].Kept || order[1].Twin || !order[1].Kept {
			t.Errorf("order %+v", order)
		}
		for i, job := range g.fake.jobs {
			if !job.Broken || job.Network == nil || job.Lease == nil || job.StateDir == "" {
				t.Errorf("deployment %d: %+v", i+1, job)
			}
		}
		if a, b := g.fake.jobs[0], g.fake.jobs[1]; a.StateDir == b.StateDir {
			t.Errorf("twin and repetition write to the same folder %s", a.StateDir)
		}
	})
}

func TestTheBaselineIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := (&rig{}).run(t, t.Context(), "  - {at: 10s, pause: worker-2, for: 1s}\n"+
			"  - {at: 12s, pause: worker-1, for: 1s}\n")
		var gates []record.Gate
		for _, e := range r.entries {
			if e.Gate != nil {
				gates = append(gates, *e.Gate)
			}
		}
		if len(gates) != 2 || !gates[0].Open || gates[0].Fault != 1 || !gates[1].Open ||
			!strings.Contains(gates[1].Why, "that of fault 1") {
			t.Errorf("gates %+v", gates)
		}
	})
}

// TestNothingIsBrokenWithoutABaseline is about systems that fall behind, answer too little, or do
// so late.
func TestNothingIsBrokenWithoutABaseline(t *testing.T) {
	for name, f := range map[string]*fake{
		"its backlog grows": {each: 1100 * time.Microsecond},
		"it stands still": {processing: func(slot uint64) time.Duration {
			if slot > 11_000 && slot < 11_300 {
				return 4 * time.Second
			}
			return 0
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &rig{fake: f, sets: []string{"resources.workers=1"}}
				r := g.run(t, t.Context(), "  - {at: 12s, pause: worker-1, for: 1s}\n"+
					"  - {at: 15s, pause: worker-1, for: 1s}\n")
				events, _ := g.gear.Events()
				if slices.ContainsFunc(events, func(e string) bool {
					return strings.HasPrefix(e, "inject")
				}) {
					t.Errorf("injected: %v", events)
				}
				got := r.faults()
				if len(got) != 2 || !strings.Contains(got[0].Error, "baseline") || got[1].Error == "" ||
					got[0].Witness != nil {
					t.Errorf("faults %+v", got)
				}
				gates := 0
				for _, e := range r.entries {
					if e.Gate != nil {
						gates++
						if e.Gate.Open {
							t.Errorf("gate %+v", *e.Gate)
						}
					}
				}
				if gates != 1 {
					t.Errorf("%d gates", gates)
				}
			})
		})
	}
}

// TestAnswersThatComeInBurstsAreABaseline is about a system that commits once a second, as
// exactly-once does: at most times a second's worth of answers is still to come.
func TestAnswersThatComeInBurstsAreABaseline(t *testing.T) {
	for _, at := range []string{"12s", "12.3s", "12.8s"} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{processing: func(slot uint64) time.Duration {
				return time.Duration(1000-slot%1000) * time.Millisecond
			}}
			r := (&rig{fake: f}).run(t, t.Context(), "  - {at: "+at+", pause: worker-1, for: 1s}\n")
			for _, e := range r.entries {
				if e.Gate != nil && (!e.Gate.Open || !strings.Contains(e.Gate.Why, "so far apart")) {
					t.Errorf("at %s: gate %+v", at, *e.Gate)
				}
			}
			if got := r.faults(); len(got) != 2 || got[0].Error != "" {
				t.Errorf("at %s: faults %+v", at, got)
			}
		})
	}
}

func TestWhatASystemHasNotIsNotApplicable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &rig{gear: &scenarios.FakeGear{}}
		r := g.run(t, t.Context(), "  - {at: 12s, pause: minority, for: 1s}\n"+
			"  - {at: 15s, kill: worker, restart: 1s}\n")
		if got := r.faults(); len(got) != 4 || got[0].Unsupported != "" {
			t.Errorf("faults %+v", got)
		}
	})
}

func TestNoMoreNodesAreBrokenThanTheCapAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{milestones: []record.Milestone{{Name: record.MilestoneDetected, AtNs: 15e9}}}
		g := &rig{fake: f}
		r := g.run(t, t.Context(), "  - {at: 12s, kill: worker-1, restart: 8s}\n"+
			"  - {when: detected, kill: worker-2, restart: 2s}\n")
		last := r.faults()[1]
		if !strings.Contains(last.Error, "2 nodes would be broken at once, safety.max-nodes is 1") {
			t.Errorf("fault %+v", last)
		}
	})
}

func TestFaultsLandAtTheirMilestones(t *testing.T) {
	told := func(name string, at float64, checkpoint uint64) record.Milestone {
		return record.Milestone{Name: name, AtNs: int64(at * 1e9), Checkpoint: checkpoint}
	}
	synctest.Test(t, func(t *testing.T) {
		f := &fake{milestones: []record.Milestone{
			told("started", 3, 3), told("started", 13, 13), told("completed", 13.2, 13),
			told("started", 14, 14), told("restore.started", 18, 0), told("resumed", 18.5, 0),
			told("started", 20, 15), told("completed", 20, 15),
		}}
		g := &rig{fake: f}
		r := g.run(t, t.Context(), "  - {when: checkpoint.2.started+200ms, pause: worker-1, for: 1s}\n"+
			"  - {during: restore, pause: worker-2, for: 1s}\n"+
			"  - {between: [checkpoint.3.started, commit], pause: worker-3, for: 1s}\n"+
			"  - {when: rebalance.started, pause: worker-3, for: 1s}\n")
		ends := map[int]record.Fault{}
		for _, f := range r.faults() {
			ends[f.ID] = f
		}
		if f := ends[1]; !near(f.ActualNs, 14.2) || !near(f.HealedNs, 15.2) || f.During != "" {
			t.Errorf("at a checkpoint: %+v", f)
		}
		if f := ends[2]; !near(f.ActualNs, 18) || f.During != "restore" || !f.Landed {
			t.Errorf("during a restore: %+v", f)
		}
		if f := ends[3]; !near(f.ActualNs, 20) || f.During != "checkpoint.3.started..commit" {
			t.Errorf("between two: %+v", f)
		}
		if f := ends[4]; !strings.Contains(f.Error, "never came") {
			t.Errorf("what never comes: %+v", f)
		}
		milestones := 0
		for _, e := range r.entries {
			if e.Milestone != nil && e.Rep == 1 {
				milestones++
			}
		}
		if milestones != len(f.milestones) {
			t.Errorf("%d milestones are in the record, %d were told", milestones, len(f.milestones))
		}
	})
}

// halting is gear whose faults stop the system and whose heals let it go on.
func halting(f *fake) *scenarios.FakeGear {
	return &scenarios.FakeGear{
		Inject: func(chaos.Planned) error { f.halted.Store(true); return nil },
		Heal:   func(chaos.Planned) { f.halted.Store(false) },
	}
}

func TestEverythingIsHealedBeforeTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		g := &rig{fake: f, gear: halting(f)}
		r := g.run(t, t.Context(), "  - {at: 25s, kill: worker-1}\n")
		ledger := r.ledgers()[1]
		if !ledger.Conclusive || ledger.Lost != 0 {
			t.Errorf("ledger %+v", *ledger)
		}
		events, _ := g.gear.Events()
		if !slices.Contains(events, "heal kill worker-1") {
			t.Errorf("events %v", events)
		}
	})
}

func TestASystemThatDoesNotConvergeIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		gear := halting(f)
		gear.Heal = nil
		g := &rig{fake: f, gear: gear}
		r := g.run(t, t.Context(), "  - {at: 25s, pause: worker-1, for: 1s}\n")
		f.halted.Store(false)
		ledgers := r.ledgers()
		last := ledgers[len(ledgers)-1]
		if last.Conclusive || !strings.Contains(last.Why, "not converged: everything was healed at 32") {
			t.Errorf("ledger %+v", *last)
		}
	})
}

// TestFaultsAreHealedOnEveryPath is about runs that are stopped, and systems that die, while
// something is broken.
func TestFaultsAreHealedOnEveryPath(t *testing.T) {
	for name, c := range map[string]struct {
		fake *fake
		stop time.Duration
	}{
		"interrupted while broken": {&fake{}, 32*time.Second + 17*time.Second},
		"interrupted before":       {&fake{}, 32*time.Second + 5*time.Second},
		"the system dies of it":    {&fake{second: &fake{dieAt: 17_000}}, 0},
		"it is the twin that dies": {&fake{dieAt: 17_000, second: &fake{}}, 0},
		"it cannot be deployed":    {&fake{deployErr: errors.New("no")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.stop > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeoutCause(ctx, c.stop, context.Canceled)
					defer cancel()
				}
				gear := &scenarios.FakeGear{}
				req := scenarios.RunRequest{Systems: only(c.fake), Scenario: load(t, breakable+
					"  - {at: 12s, kill: worker-1}\n  - {at: 14s, partition: [worker-1 | rest], for: 9s}\n")}
				gear.Give(&req)
				req.InVirtualTime()
				r, _ := carryOut(t, ctx, req)
				events, open := gear.Events()
				injected, healed := 0, 0
				for _, e := range events {
					if strings.HasPrefix(e, "inject ") {
						injected++
					}
					if strings.HasPrefix(e, "heal ") {
						healed++
					}
				}
				if healed < injected || open != 0 {
					t.Errorf("%d injected, %d healed, %d open: %v", injected, healed, open, events)
				}
				if strings.Contains(name, "broken") && injected != 2 {
					t.Errorf("injected %d", injected)
				}
				left, _ := filepath.Glob(filepath.Join(r.dir, "s*-*"))
				if len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}

func TestAFaultThatFailsIsInTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gear := &scenarios.FakeGear{Inject: func(chaos.Planned) error { return errors.New("no such act") }}
		r := (&rig{gear: gear}).run(t, t.Context(), "  - {at: 12s, pause: worker-1, for: 1s}\n")
		if got := r.faults(); got[0].Error != "no such act" || got[0].Text != "pause worker-1" {
			t.Errorf("faults %+v", got)
		}
	})
}

func TestResidueIsInTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gear := &scenarios.FakeGear{Left: []string{"process 4711"}}
		r := (&rig{gear: gear}).run(t, t.Context(), "  - {at: 12s, pause: worker-1, for: 1s}\n")
		i := slices.IndexFunc(r.entries, func(e record.Entry) bool { return e.Residue != nil })
		if i < 0 || !slices.Equal(r.entries[i].Residue.Left, gear.Left) {
			t.Error("residue is not in the record")
		}
	})
}

func TestThePlaneFollowsTheFaults(t *testing.T) {
	for faults, plane := range map[string]string{
		"  - {at: 12s, pause: worker-1, for: 1s}\n":                 "direct",
		"  - {at: 12s, partition: [worker-1 | rest], for: 1s}\n":    "relay",
		"  - {at: 12s, lose: worker-1, restart: 1s}\n":              "relay",
		"  - {random: {seed: 1, verbs: [kill, pause], count: 1}}\n": "direct",
		"  - {random: {seed: 1, count: 1}}\n":                       "relay",
	} {
		synctest.Test(t, func(t *testing.T) {
			r := (&rig{}).run(t, t.Context(), faults)
			if r.manifest.Conditions.Plane != plane || len(r.manifest.Conditions.Faults) != 1 {
				t.Errorf("%s conditions %+v", faults, r.manifest.Conditions)
			}
			if got := r.faults(); len(got) < 2 || got[0].Plane != plane {
				t.Errorf("%s faults %+v", faults, got)
			}
		})
	}
}

func TestTheSameSeedInjectsTheSame(t *testing.T) {
	texts := func(seed string) (all []string) {
		synctest.Test(t, func(t *testing.T) {
			g := &rig{sets: []string{"load.seed=" + seed, "load.steady=60s"}}
			r := g.run(t, t.Context(), "  - {random: {seed: 7, verbs: [kill, stop, pause], count: 5}}\n")
			for _, f := range r.faults() {
				all = append(all, fmt.Sprintf("%s %d", f.Text, f.PlannedNs))
			}
		})
		return all
	}
	first := texts("1")
	if again := texts("1"); len(first) != 10 || !slices.Equal(first, again) {
		t.Errorf("%v and then %v", first, again)
	}
}

// TestAPoisonedStreamKnowsItsPoison is about the one fault that is part of the stream, and not of
// its twin.
func TestAPoisonedStreamKnowsItsPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &rig{sets: []string{"load.format=json"}}
		r := g.run(t, t.Context(), "  - {at: 5s, poison: 10}\n")
		if g.fake.jobs[0].Workload.Spoil != nil || g.fake.jobs[1].Workload.Spoil == nil {
			t.Error("the twin is poisoned, or the repetition is not")
		}
		got := r.faults()
		if len(got) == 0 || got[0].Text != "poison 10" {
			t.Errorf("faults %+v", got)
		}
		ledger := r.ledgers()[1]
		if ledger.DeadLetters == nil || ledger.DeadLetters.Expected != 10 {
			t.Errorf("ledger %+v", *ledger)
		}
	})
}

func TestADiskTooSmallForCheckpointsIsNotReady(t *testing.T) {
	req := scenarios.RunRequest{Systems: only(&fake{}), Dir: filepath.Join(t.TempDir(), "new", "runs"),
		Scenario: load(t, breakable+"  - {at: 12s, pause: worker-1, for: 1s}\n")}
	req.WithDisk(1 << 20)
	_, err := scenarios.Run(t.Context(), req)
	var notReady *scenarios.NotReadyError
	if !errors.As(err, &notReady) || !strings.Contains(err.Error(), "48m on disk") {
		t.Errorf("error %v", err)
	}
	req.Scenario = load(t, passOn)
	if err := scenarios.Ready(req); err != nil {
		t.Errorf("a run without checkpoints: %v", err)
	}
}

func TestARunWithoutFaultsNeedsNoGear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gear := &scenarios.FakeGear{}
		req := scenarios.RunRequest{Scenario: load(t, passOn), Systems: only(&fake{})}
		gear.Give(&req)
		req.InVirtualTime()
		r, err := carryOut(t, t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if events, _ := gear.Events(); len(events) > 0 {
			t.Errorf("events %v", events)
		}
		if _, err := os.Stat(r.dir); err != nil || r.manifest.Conditions.Plane != "" {
			t.Errorf("plane %q, %v", r.manifest.Conditions.Plane, err)
		}
	})
}
