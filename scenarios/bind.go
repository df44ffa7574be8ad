package scenarios

import (
	"errors"
	"fmt"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// Bind makes the workload with the scenario's parameters, seed and rate of event time.
func (s *Scenario) Bind() (*workloads.Workload, error) {
	t, ok := workloads.Find(s.Workload)
	if !ok {
		return nil, fmt.Errorf("bind workload: no workload is called %q", s.Workload)
	}
	values, errs := t.Resolve(s.Params)
	if len(errs) > 0 {
		return nil, fmt.Errorf("bind workload %s: %w", t.Name, errors.Join(errs...))
	}
	w, err := t.New(workloads.Settings{
		Seed: s.Load.Seed, EventRate: uint64(s.Load.EventRate), Values: values,
	})
	if err != nil {
		return nil, fmt.Errorf("bind workload %s: %w", t.Name, err)
	}
	return w, nil
}

// Pacer is the schedule of the load; nil at rate max, where events are due as fast as taken. A rate
// that is still to be found has no schedule and is an error, and so are several.
func (s *Scenario) Pacer() (workloads.Pacer, error) { return s.pacerAt(s.Load.Rate) }

func (s *Scenario) pacerAt(r Rate) (workloads.Pacer, error) {
	switch {
	case r.Max:
		return nil, nil
	case r.Pieces != nil:
		pieces := make([]workloads.Piece, len(r.Pieces))
		for i, p := range r.Pieces {
			pieces[i] = workloads.Piece{For: p.For, Rate: uint64(p.Rate)}
		}
		return workloads.Profile(pieces), nil
	case r.PerSecond > 0:
		return workloads.Constant(uint64(r.PerSecond)), nil
	}
	return nil, fmt.Errorf("pace load of %s: its rate is still to be found", s.Name)
}

// String says what a mode does, and when.
func (m Mode) String() string {
	switch m.Name {
	case record.ModeBackpressure:
		return fmt.Sprintf("%s: the sink stalls for %s, %s into steady", m.Name,
			formatDuration(m.For), formatDuration(m.At))
	case record.ModeReplay:
		return fmt.Sprintf("%s: a second instance reads the input again, from %s into steady", m.Name,
			formatDuration(m.At))
	case record.ModeBatch:
		return m.Name + ": the same events once more as bounded input, and as fast as they are taken"
	}
	return m.Name
}

// NotYet lists what this build cannot run of a sound scenario, each with what to do about it. An
// empty list means that all of it can be run.
func (s *Scenario) NotYet() []string {
	var gaps []string
	add := func(where, what, remedy string) {
		gaps = append(gaps, fmt.Sprintf("%s: %s; %s", where, what, remedy))
	}
	s.loadNotYet(add)
	if s.Trace != nil {
		add("trace", "this build traces no events", "leave trace out")
	}
	if s.Decide != nil {
		add("decide", "this build makes no decisions", "leave decide out")
	}
	for _, l := range s.SLO {
		if m, _ := record.FindMetric(l.Metric); !m.Ready {
			add("slo."+l.Metric, "this build does not measure it", "leave the limit out")
		}
	}
	return gaps
}

func (s *Scenario) loadNotYet(add func(where, what, remedy string)) {
	if s.Load.Settle != "none" {
		add("load.settle", "this build does not read the input log back", "--set load.settle=none")
	}
}
