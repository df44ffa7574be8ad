package scenarios

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
	"github.com/streambench/streambench/workloads"
)

const (
	// ceilingWarmup is discarded; then the best of some slices counts: a ceiling is what can be
	// reached, so what else the host did meanwhile must not lower it.
	ceilingWarmup = 300 * time.Millisecond
	ceilingSlice  = 250 * time.Millisecond
	// ceilingSlices are those a run measures for itself, brokerSlices those over brokers, which take
	// longer to get going, calibrationSlices those of Calibrate.
	ceilingSlices, brokerSlices, calibrationSlices = 4, 8, 16
)

// Null says how the null ceiling is found: what driver, transport and collector reach with a
// pass-through in place of a system. A nil adapter means that it is not.
type Null struct {
	Adapter adapters.Adapter
	// Transports finds a transport by its name; the embedded one needs none.
	Transports func(name string) (adapters.Transport, bool)
	// Dir is where ceilings are kept, by host and conditions; empty for nowhere.
	Dir string
	// Version and Commit of the program, whose speed it is.
	Version, Commit string

	// carried is the transport with brokers that stand; nil for one with its own.
	carried func(context.Context, adapters.Transport, adapters.Job) (adapters.Transport, error)
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
	TLS        string            `json:"tls,omitempty"`
	Partitions int               `json:"partitions,omitempty"`
	Linger     string            `json:"linger,omitempty"`
	Format     string            `json:"format"`
	Guarantee  string            `json:"guarantee"`
	Slots      int               `json:"slots"`
}

func (n Null) conditions(s *Scenario) ceilingConditions {
	return ceilingConditions{
		Host: readHost().Hash, Version: n.Version, Commit: n.Commit, Workload: s.Workload,
		Params: s.Params, Transport: s.Load.Transport, Broker: s.Load.Broker.At,
		TLS:        s.Load.Broker.TLS,
		Linger:     unlessNone(s.Load.Linger),
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
	slices := ceilingSlices
	if s.Load.Transport != adapters.Embedded {
		slices = brokerSlices
	}
	c, err := n.measure(ctx, s, slices)
	if err == nil {
		_ = n.keep(c)
	}
	return c, err
}

func (n Null) measure(ctx context.Context, s *Scenario, slices int) (c Ceiling, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("measure null ceiling: %w", err)
		}
	}()
	r := &run{req: RunRequest{Scenario: s, Transports: n.Transports}}
	if r.bound, err = s.Bind(); err != nil {
		return c, err
	}
	c = Ceiling{Conditions: n.conditions(s), Measured: time.Now().UTC()}
	job := r.job(System{Name: "null"})
	// Its topics lie beside those of runs, and of other ceilings measured at the same time.
	job.RunID = "ceiling-" + rand.Text()
	job.Load = adapters.NewLoad(nil, r.shards(job))
	k := newCollector(r.bound, job.Load, discard{}, nil)
	job.Collector = k
	d, err := n.deploy(ctx, r, job)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	way := stations{load: job.Load}
	way.passes, _ = d.system.(passer)
	if r.bound.Query.OneEach() {
		way.results = k
	}
	ctx, end := d.whileAlive(ctx)
	defer end(nil)
	job.Load.Begin(time.Now())
	c.EventsPerS, err = way.best(ctx, slices)
	return c, err
}

// nullDeployment is a pass-through with the transport it hangs on, nil where that is embedded.
type nullDeployment struct {
	channel adapters.Channel
	system  adapters.System
}

func (n Null) deploy(ctx context.Context, r *run, job adapters.Job) (d nullDeployment, err error) {
	transport, err := r.transport()
	if err != nil {
		return d, err
	}
	if transport != nil {
		ctx, cancel := within(ctx, longestOf(job))
		defer cancel()
		if n.carried != nil {
			if transport, err = n.carried(ctx, transport, job); err != nil {
				return d, fmt.Errorf("start brokers: %w", timely(ctx, err))
			}
		}
		if d.channel, err = transport.Deploy(ctx, job); err != nil {
			return d, fmt.Errorf("deploy %s transport: %w", job.Transport, timely(ctx, err))
		}
		job.Topics = d.channel.Topics()
	}
	if d.system, err = n.Adapter.Deploy(ctx, job); err != nil {
		return d, errors.Join(err, d.close())
	}
	return d, nil
}

// whileAlive is a context that ends when the pass-through or its transport has died, and tells why.
func (d nullDeployment) whileAlive(
	ctx context.Context,
) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithCancelCause(ctx)
	watch := func(wait func(context.Context) error) {
		if err := wait(ctx); err != nil {
			end(err)
		}
	}
	go watch(d.system.Wait)
	if d.channel != nil {
		go watch(d.channel.Wait)
	}
	return ctx, end
}

func (d nullDeployment) close() error {
	var errs []error
	if d.system != nil {
		errs = append(errs, d.system.Close())
	}
	if d.channel != nil {
		errs = append(errs, d.channel.Close())
	}
	return errors.Join(errs...)
}

// passer is a pass-through that the transport accepts events ahead of.
type passer interface {
	// Passed is the number of events answered so far.
	Passed() uint64
}

// stations are the places on its way at which an event is counted; what is not there is nil.
type stations struct {
	load    *adapters.Load
	passes  passer
	results *collector // of a query that answers each event
}

// counts are the events that have gone past each station.
func (s stations) counts() (n [3]uint64) {
	n[0] = s.load.Account(0).Accepted
	n[1], n[2] = n[0], n[0]
	if s.passes != nil {
		n[1] = s.passes.Passed()
		n[2] = n[1]
	}
	if s.results != nil {
		n[2] = s.results.received()
	}
	return n
}

// best is the rate of the fastest slice, at its slowest station.
func (s stations) best(ctx context.Context, slices int) (rate float64, err error) {
	wait := func(d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := wait(ceilingWarmup); err != nil {
		return 0, err
	}
	from, was := s.load.NowNs(), s.counts()
	for range slices {
		if err := wait(ceilingSlice); err != nil {
			return 0, err
		}
		to, is := s.load.NowNs(), s.counts()
		slowest := is[0] - was[0]
		for i := range is {
			slowest = min(slowest, is[i]-was[i])
		}
		rate = max(rate, float64(slowest)/float64(to-from)*1e9)
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

// outdone drops the ceiling kept of a scenario where a repetition got clearly above it: it was
// measured on a busier host, and would be too low for every run to come.
func (r *run) outdone(rep *repetition) {
	if rep.end.SteadyEndNs <= 0 || r.ceiling <= 0 {
		return
	}
	rate := float64(rep.end.AcceptedAtSteadyEnd) / float64(rep.end.SteadyEndNs) * 1e9
	if !summary.Outdoes(rate, r.ceiling) {
		return
	}
	rep.warn("ceiling-outdone", "%.0f events/s were accepted, more than the null ceiling of %.0f "+
		"events/s: that one is of a busier host, and is dropped: run again for the headroom",
		rate, r.ceiling)
	if n := r.req.Null; n.Dir != "" {
		_ = os.Remove(n.path(n.conditions(r.req.Scenario))) // another run may have done it
	}
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
