package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

const (
	// ceilingWarmup is discarded; then the best of some slices counts: a ceiling is what can be
	// reached, so what else the host did meanwhile must not lower it.
	ceilingWarmup = 300 * time.Millisecond
	ceilingSlice  = 250 * time.Millisecond
	// ceilingSlices are those a run measures for itself, calibrationSlices those of Calibrate.
	ceilingSlices, calibrationSlices = 4, 16
)

// Null says how the null ceiling is found: what driver, transport and collector reach with a
// pass-through in place of a system. A nil adapter means that it is not.
type Null struct {
	Adapter adapters.Adapter
	// Dir is where ceilings are kept, by host and conditions; empty for nowhere.
	Dir string
	// Version and Commit of the program, whose speed it is.
	Version, Commit string
}

// Ceiling is the null ceiling of a scenario on this host.
type Ceiling struct {
	EventsPerS float64           `json:"eventsPerS"`
	Measured   time.Time         `json:"measured"`
	Conditions ceilingConditions `json:"conditions"`
}

// ceilingConditions are what a ceiling depends on.
type ceilingConditions struct {
	Host       string            `json:"host"` // fingerprint
	Version    string            `json:"version"`
	Commit     string            `json:"commit"`
	Workload   string            `json:"workload"`
	Params     map[string]string `json:"params"`
	Transport  string            `json:"transport"`
	Broker     string            `json:"broker,omitempty"`
	Partitions int               `json:"partitions,omitempty"`
	Format     string            `json:"format"`
	Guarantee  string            `json:"guarantee"`
	Slots      int               `json:"slots"`
}

func (n Null) conditions(s *Scenario) ceilingConditions {
	return ceilingConditions{
		Host: readHost().Hash, Version: n.Version, Commit: n.Commit, Workload: s.Workload,
		Params: s.Params, Transport: s.Load.Transport, Broker: s.Load.Broker.At,
		Partitions: s.Load.Partitions, Format: s.Load.Format, Guarantee: s.Guarantee,
		Slots: s.Resources.Workers * slotsOf(s.Resources.Worker.CPUs),
	}
}

// Calibrate measures the ceiling of a scenario anew and keeps it, for 4 s and more.
func (n Null) Calibrate(ctx context.Context, s *Scenario) (Ceiling, error) {
	c, err := n.measure(ctx, s, calibrationSlices)
	if err != nil {
		return c, err
	}
	return c, n.keep(c)
}

// known is the ceiling kept of a scenario, or else measured in a second and a bit. Where it cannot
// be kept the next run measures it again, and no figure is the worse for it.
func (n Null) known(ctx context.Context, s *Scenario) (Ceiling, error) {
	if c, ok := n.kept(n.conditions(s)); ok {
		return c, nil
	}
	c, err := n.measure(ctx, s, ceilingSlices)
	if err == nil {
		_ = n.keep(c)
	}
	return c, err
}

func (n Null) measure(ctx context.Context, s *Scenario, slices int) (Ceiling, error) {
	r := &run{req: RunRequest{Scenario: s}}
	var err error
	if r.bound, err = s.Bind(); err != nil {
		return Ceiling{}, fmt.Errorf("measure null ceiling: %w", err)
	}
	c := Ceiling{Conditions: n.conditions(s), Measured: time.Now().UTC()}
	job := r.job(System{Name: "null"})
	job.Load = adapters.NewLoad(nil, c.Conditions.Slots)
	job.Collector = newCollector(r.bound, job.Load, discard{}, nil)
	system, err := n.Adapter.Deploy(ctx, job)
	if err != nil {
		return Ceiling{}, fmt.Errorf("measure null ceiling: %w", err)
	}
	defer system.Close()
	job.Load.Begin(time.Now())
	if c.EventsPerS, err = best(ctx, job.Load, slices); err != nil {
		return Ceiling{}, fmt.Errorf("measure null ceiling: %w", err)
	}
	return c, nil
}

// best is the rate of the fastest slice.
func best(ctx context.Context, l *adapters.Load, slices int) (rate float64, err error) {
	wait := func(d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := wait(ceilingWarmup); err != nil {
		return 0, err
	}
	from, was := l.NowNs(), l.Account(0).Accepted
	for range slices {
		if err := wait(ceilingSlice); err != nil {
			return 0, err
		}
		to, is := l.NowNs(), l.Account(0).Accepted
		rate = max(rate, float64(is-was)/float64(to-from)*1e9)
		from, was = to, is
	}
	if rate == 0 {
		return 0, fmt.Errorf("no event passed in %s", time.Duration(slices)*ceilingSlice)
	}
	return rate, nil
}

// path is where a ceiling is kept.
func (n Null) path(c ceilingConditions) string {
	body, err := json.Marshal(c)
	if err != nil {
		panic("BUG: encode conditions of a ceiling: " + err.Error())
	}
	sum := sha256.Sum256(body)
	return filepath.Join(n.Dir, c.Host+"-"+hex.EncodeToString(sum[:8])+".json")
}

// kept reads a ceiling. A file that cannot be read is as good as none: it is measured again.
func (n Null) kept(conditions ceilingConditions) (c Ceiling, ok bool) {
	if n.Dir == "" {
		return c, false
	}
	body, err := os.ReadFile(n.path(conditions))
	if err != nil || json.Unmarshal(body, &c) != nil {
		return c, false
	}
	return c, c.EventsPerS > 0
}

func (n Null) keep(c Ceiling) error {
	if n.Dir == "" {
		return nil
	}
	body, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = os.MkdirAll(n.Dir, 0o755)
	}
	if err == nil {
		err = record.WriteFile(n.path(c.Conditions), append(body, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep null ceiling: %w", err)
	}
	return nil
}

// discard is the oracle of a pass-through: none of its results is right.
type discard struct{}

func (discard) Add(*workloads.Results, int64) error { return nil }

func (discard) Results(func([]int64, int64) error) error { return nil }

func (discard) Finish(context.Context, workloads.Delivered) (workloads.Ledger, error) {
	return workloads.Ledger{}, nil
}

func (discard) Close() error { return nil }
