package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
)

// Drivers are processes, on this host or others, that offer the load of a run in its place.
//
//	run --drivers DIR --start T            driver --shard 0/2 --start T, driver --shard 1/2 …
//	makes topics, deploys the system       wait for the topics
//	T: the schedule begins, everywhere at once
//	follows what comes, ends the stream    offer their slots, leave a record each
//	waits for the records in DIR, merges them
type Drivers struct {
	Dir   string    // where their records are to be found when they have ended
	Start time.Time // T0, by everybody's clock
}

// recordsEvery is how often somebody looks whether the records of all drivers are there.
const recordsEvery = 200 * time.Millisecond

// fit says why a scenario cannot be offered by drivers elsewhere; nil if it can, or is not to be.
func (d *Drivers) fit(s *Scenario, transport adapters.Transport) error {
	if d == nil {
		return nil
	}
	switch p := NewPlan(s); {
	case len(p.Order) != 1 || p.Probes+p.Drains > 0:
		return notReady("share the load: drivers offer one repetition of one system, and the plan has " +
			"more: --on one system, --repeat 1, --set load.rate=250k/s, no faults")
	case s.Mode.Name != "":
		return notReady("share the load: mode %s needs a driver of its own: leave mode out", s.Mode.Name)
	}
	if _, ok := transport.(adapters.Sharing); !ok {
		return notReady("share the load: nobody else can write to transport %s: "+
			"--set load.transport=kafka", s.Load.Transport)
	}
	return s.shareable()
}

// shareable says why the load of a scenario cannot be shared.
func (s *Scenario) shareable() error {
	switch {
	case s.Load.Rate.Max || s.Load.Rate.searches() || s.Load.Rate.Legs != nil:
		return notReady("share the load: its rate has no schedule: --set load.rate=250k/s")
	case s.Load.Warmup.Auto:
		return notReady("share the load: nobody knows beforehand where it ends: --set load.warmup=10s")
	case s.Load.Transport != adapters.Kafka || s.Load.Broker.kind() != "address":
		return notReady("share the load: drivers need brokers that all of them reach: " +
			"--set load.transport=kafka --set load.broker=HOST:PORT")
	}
	return nil
}

// driverConditions are what the drivers of a repetition must have in common with it.
func (r *run) driverConditions(rep *repetition) record.DriverConditions {
	return conditionsOf(r.req.Scenario, r.bound.Digest(), rep.timing)
}

func conditionsOf(s *Scenario, digest string, t timing) record.DriverConditions {
	t.steadyFrom = int64(t.warmup)
	return record.DriverConditions{
		StreamDigest: digest, Rate: s.Load.Rate.String(),
		Events:     t.slots(groupsOf(s)),
		Partitions: s.Load.Partitions, Format: s.Load.Format,
	}
}

func groupsOf(s *Scenario) uint64 { return s.mustBind().Timeline.Groups }

// elsewhere is what a repetition knows of the drivers that offer its load; all of it may be nil.
type elsewhere struct {
	drivers    *Drivers
	conditions record.DriverConditions
	clock      adapters.ClockSpan // of the brokers, ahead of this process
	records    []record.Driver
}

// await reads the clock and waits for T0.
func (e *elsewhere) await(ctx context.Context, r *repetition) error {
	if e == nil {
		return nil
	}
	var err error
	if e.clock, err = e.read(ctx, r); err != nil {
		return err
	}
	left := time.Until(e.drivers.Start)
	if left < 0 {
		return fmt.Errorf("start at %s: the system was ready %s later: start later, or have it "+
			"deployed faster: %w", e.drivers.Start.Format(time.RFC3339),
			formatDuration((-left).Round(time.Millisecond)), adapters.ErrNotReady)
	}
	select {
	case <-time.After(left):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ended:
		return r.endedEarly()
	}
}

// read reads the clock of the brokers.
func (e *elsewhere) read(ctx context.Context, r *repetition) (adapters.ClockSpan, error) {
	clocked, ok := r.channel.(adapters.Clocked)
	if !ok {
		return adapters.ClockSpan{}, fmt.Errorf("read the clock of the brokers: %w",
			errors.ErrUnsupported)
	}
	now := time.Now()
	return clocked.Clock(ctx, now.Add(e.drivers.Start.Sub(now)))
}

// merge waits for the records of all drivers and takes them over: lag, unknown sends, clocks.
func (e *elsewhere) merge(ctx context.Context, r *repetition) error {
	if e == nil {
		return nil
	}
	after, err := e.read(ctx, r)
	if err != nil {
		return err
	}
	e.clock = e.clock.Hull(after)
	if err := e.collect(ctx, r.timing.drain); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.drainGap = firstOf(r.drainGap, err.Error())
	}
	into, sent, unknown := lag{set: r.series}, uint64(0), uint64(0)
	for _, d := range e.records {
		sent, unknown = sent+d.Sent, unknown+d.Unknown
		apart := e.clock.Bound(adapters.ClockSpan{FromNs: d.ClockFromNs, ToNs: d.ClockToNs})
		r.end.ClockNs = max(r.end.ClockNs, int64(apart))
		for _, l := range d.Lag {
			into.RecordN(r.load.NowNs(), l[0], l[1])
		}
		r.warn("driver", "driver %d/%d on %s sent %d of %d events in %s of processor time, the slowest "+
			"was acknowledged %s after it was due; its clock and this one were apart by at most %s",
			d.Shard, d.Shards, d.Host, d.Sent, d.Due, time.Duration(d.CPUNs).Round(time.Millisecond),
			time.Duration(d.WorstNs).Round(time.Microsecond), apart.Round(time.Microsecond))
	}
	r.end.SendsUnknown += unknown
	if sent != r.events {
		r.drainGap = firstOf(r.drainGap, fmt.Sprintf("the drivers' records tell of %d of %d events", sent,
			r.events))
	}
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// collect reads the records until every shard has left one, or nobody has for too long.
func (e *elsewhere) collect(ctx context.Context, patience time.Duration) (err error) {
	for until := time.Now().Add(patience); ; {
		if e.records, err = e.drivers.records(e.conditions); err == nil {
			return nil
		}
		if errors.Is(err, errOtherRun) || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(recordsEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errOtherRun is wrapped by the error of a record that no waiting mends.
var errOtherRun = errors.New("it is of another load")

// records reads the records of a run that are there, and says which are not, or do not fit.
func (d *Drivers) records(of record.DriverConditions) (all []record.Driver, err error) {
	paths, err := filepath.Glob(filepath.Join(d.Dir, "driver-*.json"))
	if err != nil {
		return nil, fmt.Errorf("find records of drivers: %w", err)
	}
	slices.Sort(paths)
	for _, path := range paths {
		one, err := readDriver(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return all, err
		case !one.Start.Equal(d.Start):
			continue // of another run in the same folder
		case one.Conditions != of:
			return all, fmt.Errorf("read %s: %w: %+v, not %+v", path, errOtherRun, one.Conditions, of)
		case one.Failure != "":
			return all, fmt.Errorf("driver %d/%d: %s", one.Shard, one.Shards, one.Failure)
		}
		all = append(all, one)
	}
	return all, missing(all, d.Dir)
}

// missing names the shards that have left no record.
func missing(all []record.Driver, dir string) error {
	if len(all) == 0 {
		return fmt.Errorf("no driver has left a record of this start in %s", dir)
	}
	n, there := all[0].Shards, map[int]bool{}
	for _, d := range all {
		if d.Shards != n {
			return fmt.Errorf("driver %d/%d and driver %d/%d: %w", all[0].Shard, n, d.Shard, d.Shards,
				errOtherRun)
		}
		there[d.Shard] = true
	}
	var gone []string
	for m := range n {
		if !there[m] {
			gone = append(gone, fmt.Sprintf("%d/%d", m, n))
		}
	}
	if len(gone) > 0 {
		return fmt.Errorf("no record of driver %s in %s", strings.Join(gone, ", "), dir)
	}
	return nil
}

func readDriver(path string) (one record.Driver, err error) {
	body, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(body, &one)
	}
	if err == nil && one.Schema != record.DriverSchema {
		err = fmt.Errorf("its schema is %q, not %s", one.Schema, record.DriverSchema)
	}
	if err != nil {
		return one, fmt.Errorf("read record of driver %s: %w", path, err)
	}
	return one, nil
}

// who names the shards that are missing when the input has not come to its end.
func (e *elsewhere) who(err error) error {
	if e == nil || err == nil {
		return err
	}
	if _, why := e.drivers.records(e.conditions); why != nil {
		return fmt.Errorf("%w (%w)", err, why)
	}
	return err
}

// excuse says that results which are missing or wrong say nothing about the system, where drivers
// were so far apart that events came later than the watermark allows for.
func (e *elsewhere) excuse(l *record.Ledger, r *repetition) {
	if e == nil || !l.Conclusive || l.Matched == l.Expected && l.Received <= l.Expected+l.Refinements {
		return
	}
	apart := r.end.ClockNs
	for _, d := range e.records {
		apart = max(apart, d.WorstNs+r.end.ClockNs)
	}
	tl := r.job.Workload.Timeline
	room := float64(tl.BoundMs-tl.LeadMs) * 1e6
	if speed := r.timing.pacer; speed != nil && tl.EventRate > 0 {
		perSecond := float64(speed.Before(time.Second))
		room *= math.Max(perSecond, 1) / float64(tl.EventRate)
	}
	l.Conclusive = false
	l.Why = fmt.Sprintf("drivers were up to %s apart, and the watermark allows for %s: events may "+
		"have come too late: give params.bound more",
		formatDuration(time.Duration(apart).Round(time.Millisecond)),
		formatDuration(time.Duration(math.Max(room, 0)).Round(time.Millisecond)))
	if float64(apart) <= room {
		l.Conclusive, l.Why = true, ""
	}
}
