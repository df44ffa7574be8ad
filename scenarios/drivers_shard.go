package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
)

// DriveRequest says which shard of a scenario's load to offer, and to what run.
type DriveRequest struct {
	Scenario   *Scenario // sound, with every default
	Transports func(name string) (adapters.Transport, bool)
	// Shard of Shards is offered: the slots i = Shard modulo Shards.
	Shard, Shards int
	Start         time.Time // T0 of the run, which names it
	Version       string
	Dir           string // takes the record
}

// Drive offers one shard of a load to a run that another process carries out, and leaves a record.
// path is where that is; it is there also where the driver has failed after T0.
func Drive(ctx context.Context, req DriveRequest) (of record.Driver, path string, err error) {
	d, err := newShardDriver(req)
	if err != nil {
		return of, "", err
	}
	if err := d.connect(ctx); err != nil {
		return of, "", notReady("%w", err)
	}
	defer d.sharer.Close()
	if err := d.drive(ctx); err != nil {
		d.record.Failure = err.Error()
	}
	path, written := d.write()
	if d.record.Failure != "" {
		return d.record, path, notReady("%s", d.record.Failure)
	}
	return d.record, path, written
}

// shardDriver is a driver under way.
type shardDriver struct {
	req       DriveRequest
	transport adapters.Sharing
	job       adapters.Job
	sharer    adapters.Sharer
	lag       *lagCounts
	t0        time.Time // on the monotonic clock
	used      int64     // processor time before
	record    record.Driver
}

func newShardDriver(req DriveRequest) (*shardDriver, error) {
	s := req.Scenario
	if err := s.shareable(); err != nil {
		return nil, err
	}
	r := run{req: RunRequest{Scenario: s, Transports: req.Transports}}
	transport, err := r.transport()
	if err != nil {
		return nil, err
	}
	sharing, ok := transport.(adapters.Sharing)
	if !ok {
		return nil, notReady("offer shard: transport %s has no shards", s.Load.Transport)
	}
	if r.bound, err = s.Bind(); err != nil {
		return nil, notReady("%w", err)
	}
	if r.pacer, err = s.Pacer(); err != nil {
		return nil, notReady("%w", err)
	}
	t := timing{pacer: r.pacer, warmup: s.Load.Warmup.For, steadyFrom: int64(s.Load.Warmup.For),
		steady: s.Load.Steady, events: uint64(s.Load.Events)}
	d := &shardDriver{req: req, transport: sharing, lag: &lagCounts{}}
	d.job = r.job(s.Systems[0])
	d.job.RunID, d.job.Workload = runName(s.Name, req.Start), r.bound
	d.job.Load = adapters.NewLoad(r.pacer, req.Shards)
	d.job.Load.RecordLag(req.Shard, d.lag)
	d.job.Load.MeasureFrom(t.steadyFrom)
	conditions := conditionsOf(s, r.bound.Digest(), t)
	d.job.Load.Limit(conditions.Events)
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	d.record = record.Driver{
		Schema: record.DriverSchema, Run: d.job.RunID, Shard: req.Shard, Shards: req.Shards,
		Start: req.Start, Host: host, Version: req.Version, Conditions: conditions,
		Due: ownOf(conditions.Events, req.Shard, req.Shards),
	}
	return d, nil
}

// ownOf is how many of n slots a shard has.
func ownOf(n uint64, shard, shards int) uint64 {
	if n <= uint64(shard) {
		return 0
	}
	return (n-uint64(shard)-1)/uint64(shards) + 1
}

// connect waits for the topics of the run until T0: what came after it would be late.
func (d *shardDriver) connect(ctx context.Context) (err error) {
	now := time.Now()
	d.t0 = now.Add(d.req.Start.Sub(now))
	ctx, cancel := context.WithDeadlineCause(ctx, d.t0,
		fmt.Errorf("the run was not there by %s", d.req.Start.Format(time.RFC3339)))
	defer cancel()
	d.sharer, err = d.transport.Share(ctx, d.job, d.req.Shard)
	if err == nil && time.Until(d.t0) < 0 {
		err = fmt.Errorf("it is past %s already: %w", d.req.Start.Format(time.RFC3339),
			adapters.ErrNotReady)
		d.sharer.Close()
	}
	if err != nil {
		return fmt.Errorf("offer shard %d/%d of %s: %w", d.req.Shard, d.req.Shards, d.job.RunID, err)
	}
	return nil
}

// drive offers the shard, with a look at the clock before and after.
func (d *shardDriver) drive(ctx context.Context) error {
	before, err := d.sharer.Clock(ctx, d.t0)
	if err != nil {
		return err
	}
	d.job.Load.Begin(d.t0)
	d.used = readUsage().cpuNs
	ran := d.sharer.Run(ctx)
	d.record.CPUNs = readUsage().cpuNs - d.used
	sent := d.sharer.Sent()
	d.record.Sent, d.record.Unknown, d.record.WorstNs = sent.Events, sent.Unknown, sent.WorstNs
	d.record.Lag = d.lag.counts()
	after, err := d.sharer.Clock(context.WithoutCancel(ctx), d.t0)
	if err == nil {
		after = after.Hull(before)
		d.record.ClockFromNs, d.record.ClockToNs = after.FromNs, after.ToNs
	}
	if ran != nil {
		return ran
	}
	return err
}

// write leaves the record, whole or not at all.
func (d *shardDriver) write() (path string, err error) {
	name := fmt.Sprintf("driver-%d-of-%d.json", d.req.Shard, d.req.Shards)
	path = filepath.Join(d.req.Dir, name)
	body, err := json.Marshal(d.record)
	if err == nil {
		err = os.MkdirAll(d.req.Dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(path+".part", append(body, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return "", notReady("leave record of the driver: %w", err)
	}
	return path, nil
}

// leastLagNs is what smaller lags are counted as: nobody asks for less.
const leastLagNs = 10_000

// lagCounts counts events by their lag, to within 1%.
type lagCounts struct {
	mu sync.Mutex
	by map[int64]int64
}

// RecordN counts n events.
func (l *lagCounts) RecordN(_, lagNs, n int64) {
	lagNs = max(lagNs, leastLagNs)
	if shift := bits.Len64(uint64(lagNs)) - 8; shift > 0 {
		lagNs = (lagNs + 1<<shift - 1) >> shift << shift // never understated
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = map[int64]int64{}
	}
	l.by[lagNs] += n
}

// counts are in ascending order of lag.
func (l *lagCounts) counts() [][2]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([][2]int64, 0, len(l.by))
	for _, ns := range slices.Sorted(maps.Keys(l.by)) {
		all = append(all, [2]int64{ns, l.by[ns]})
	}
	return all
}
