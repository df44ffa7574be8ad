package scenarios

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// systemOf is the system of a repetition.
func (r *run) systemOf(of record.Repeat) System {
	all := r.req.Scenario.Systems
	return all[slices.IndexFunc(all, func(s System) bool { return s.Label() == of.Base() })]
}

// repetition prepares one repetition of the plan; nil where its rate was not found.
func (r *run) repetition(of record.Repeat) *repetition {
	s := r.req.Scenario
	rep := r.prepare(r.systemOf(of), of)
	pacer, ok := r.pacerOf(of)
	if !ok {
		return nil
	}
	rep.timing.pacer = pacer
	if !of.Twin {
		rep.arm(s.Faults)
	}
	if rep.mode = s.Mode; rep.mode.Name == record.ModeReplay {
		rep.replay = newReplay(rep)
	}
	return rep
}

// pacerOf is the schedule of a repetition; ok is false where its rate was not found.
func (r *run) pacerOf(of record.Repeat) (p workloads.Pacer, ok bool) {
	for _, leg := range r.req.Scenario.Load.Rate.legs() {
		switch {
		case of.Rate != "" && of.Rate != leg.String():
			continue
		case leg.searches():
			b := r.found[of.Base()]
			if b.Unsettled != "" || b.Passed == 0 {
				return nil, false
			}
			return workloads.Constant(uint64(leg.of(b))), true
		case of.Rate == "":
			return r.pacer, true
		}
		p, err := r.req.Scenario.pacerAt(leg)
		if err != nil {
			panic(fmt.Sprintf("BUG: pace a rate that was checked: %v", err))
		}
		return p, true
	}
	panic("BUG: a repetition at a rate that the scenario does not have: " + of.Rate)
}

// prepare makes a repetition of a system with the scenario's own load.
func (r *run) prepare(sys System, of record.Repeat) *repetition {
	s := r.req.Scenario
	rep := &repetition{
		journal: r.journal, plan: of, dir: r.dir, keep: r.req.KeepResults, expect: s.Expect,
		nap: r.req.canaryNap, used: readUsage, job: r.job(sys), gear: r.req.gear,
		plane: r.plane(), safety: s.Safety, seed: s.Load.Seed, footing: r.footing,
		timing: timing{
			pacer: r.pacer, auto: s.Load.Warmup.Auto, warmup: s.Load.Warmup.For,
			steady: s.Load.Steady, events: uint64(s.Load.Events), drain: s.Load.Drain,
		},
	}
	if r.req.used != nil {
		rep.used = r.req.used
	}
	rep.adapter, _ = r.req.Systems(sys.Name)
	rep.transport, _ = r.transport()
	rep.shards = r.shards(rep.job)
	if rep.footing != nil || rep.contained() {
		// Whatever the brokers and a deployment that serves several jobs keep of one is not the
		// next one's.
		rep.job.RunID += fmt.Sprintf(".%s-%d", fileName(of.System), of.Rep)
	}
	if d := r.req.Drivers; d != nil {
		rep.elsewhere = &elsewhere{drivers: d, conditions: r.driverConditions(rep)}
		rep.job.Elsewhere, rep.job.RunID = true, filepath.Base(r.dir)
	}
	return rep
}
