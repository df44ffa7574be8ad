package adaptertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// bench is what stays up from check to check.
type bench struct {
	subject Subject
	options Options
	dir     string
	log     func(format string, args ...any)

	carrier adapters.Transport // nil where the transport is embedded
	host    adapters.Host
	closers []func() error
	jobs    int
	before  inventory
}

func newBench(s Subject, o Options, dir string) *bench {
	o.Within = cmp.Or(o.Within, usualWithin)
	o.Prompt = cmp.Or(o.Prompt, usualPrompt)
	j := &s.Job
	j.Format = cmp.Or(j.Format, workloads.BinaryForm)
	j.Guarantee = cmp.Or(j.Guarantee, "exactly-once")
	j.Checkpoint = cmp.Or(j.Checkpoint, 200*time.Millisecond)
	j.Workers = cmp.Or(j.Workers, 1)
	j.WorkerCPUs = cmp.Or(j.WorkerCPUs, 1)
	j.MemoryB = cmp.Or(j.MemoryB, 1<<30)
	j.Profile = cmp.Or(j.Profile, "defaults")
	j.Transport = adapters.Embedded
	if s.Transport != nil {
		j.Transport = adapters.Kafka
		j.Partitions = cmp.Or(j.Partitions, 2)
		j.Broker.At = cmp.Or(j.Broker.At, "embedded")
	}
	return &bench{subject: s, options: o, dir: dir, log: func(string, ...any) {}}
}

// open starts brokers and host, where there are any that serve several jobs.
func (b *bench) open(ctx context.Context) (err error) {
	if b.before, err = b.takeInventory(ctx); err != nil {
		return err
	}
	job := b.subject.Job
	job.RunID = b.name("host")
	job.Workload, err = Case{Name: "open", Workload: "iot-telemetry", Rate: 10_000}.bind()
	if err != nil {
		return err
	}
	b.carrier = b.subject.Transport
	if t, ok := b.subject.Transport.(adapters.Carrying); ok {
		c, err := t.Open(ctx, job)
		if err != nil {
			return fmt.Errorf("open brokers: %w", err)
		}
		b.carrier = c
		b.closers = append(b.closers, c.Close)
	}
	a, ok := b.subject.Adapter.(adapters.Hosting)
	if !ok || job.Own.Jar != "" { // which may be all there is in a process
		b.host = unhosted{b.subject.Adapter}
		return nil
	}
	if job.Topics, err = b.whereabouts(ctx, job); err != nil {
		return err
	}
	h, err := a.Open(ctx, job)
	if err != nil {
		return fmt.Errorf("open host: %w", err)
	}
	b.host = h
	b.closers = append(b.closers, h.Close)
	return nil
}

// whereabouts are the brokers' addresses and network, which a host joins before it has a job: those
// of a job that is carried for nothing.
func (b *bench) whereabouts(ctx context.Context, job adapters.Job) (*adapters.Topics, error) {
	if b.carrier == nil {
		return nil, nil
	}
	job.Load = adapters.NewLoad(nil, 1)
	job.Load.Limit(0)
	job.Collector = new(counter)
	ch, err := b.carrier.Deploy(ctx, job)
	if err != nil {
		return nil, fmt.Errorf("ask brokers for their network: %w", err)
	}
	topics := *ch.Topics()
	return &topics, ch.Close()
}

// unhosted deploys each job by itself.
type unhosted struct{ adapters.Adapter }

// Close has nothing to remove.
func (unhosted) Close() error { return nil }

// name is a run id that no other kit has, whatever runs beside this one.
func (b *bench) name(what string) string {
	b.jobs++
	what = strings.NewReplacer(" ", "-", "/", "-").Replace(what)
	return fmt.Sprintf("kit-%d-%d-%s", os.Getpid(), b.jobs, what)
}

// job is a job of the kit for a workload, with a load that is still to be limited.
func (b *bench) job(what string, w *workloads.Workload) adapters.Job {
	job := b.subject.Job
	job.RunID, job.Workload = b.name(what), w
	shards := job.Workers * job.WorkerCPUs
	if b.carrier != nil {
		shards = 1
	}
	job.Load = adapters.NewLoad(nil, shards)
	return job
}

// running is a job under way.
type running struct {
	channel adapters.Channel // nil where the transport is embedded
	system  adapters.System
	job     adapters.Job
}

// deploy starts a job. What it started of it is closed where it fails.
func (b *bench) deploy(ctx context.Context, job adapters.Job) (*running, error) {
	dir, err := os.MkdirTemp(b.dir, "job")
	if err != nil {
		return nil, err
	}
	job.StateDir = dir
	r := &running{job: job}
	if b.carrier != nil {
		if r.channel, err = b.carrier.Deploy(ctx, job); err != nil {
			return nil, fmt.Errorf("deploy transport: %w", err)
		}
		r.job.Topics = r.channel.Topics()
	}
	if r.system, err = b.host.Deploy(ctx, r.job); err != nil {
		return nil, errors.Join(fmt.Errorf("deploy system: %w", err), r.close())
	}
	return r, nil
}

// close ends system and transport.
func (r *running) close() error {
	var errs []error
	if r.system != nil {
		errs = append(errs, r.system.Close())
	}
	if r.channel != nil {
		errs = append(errs, r.channel.Close())
	}
	return errors.Join(errs...)
}

// finish waits until the input was read and every result was collected. The first part that fails
// ends the waiting for the other.
func (r *running) finish(ctx context.Context) error {
	r.job.Load.Begin(time.Now())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var both sync.WaitGroup
	wait := func(what string, s adapters.System) {
		both.Go(func() {
			if err := s.Wait(ctx); err != nil {
				cancel(fmt.Errorf("wait for %s: %w", what, err))
			}
		})
	}
	wait("system", r.system)
	if r.channel != nil {
		wait("transport", r.channel)
	}
	both.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if r.channel == nil {
		return nil
	}
	if err := r.channel.Seal(ctx); err != nil {
		return fmt.Errorf("seal results: %w", err)
	}
	return nil
}

// delivered is what the oracle has to know of a system that has ended.
func (r *running) delivered(events uint64) workloads.Delivered {
	d := workloads.Delivered{Events: events, TooLate: -1}
	d.Strict = r.job.Workers*r.job.WorkerCPUs == 1 && (r.channel == nil || r.job.Partitions == 1)
	if m, ok := r.system.(adapters.Metered); ok {
		d.TooLate = int64(m.Meter().Late)
	}
	return d
}

// close ends what stayed up and looks for what is left.
func (b *bench) close(ctx context.Context) error {
	var errs []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		errs = append(errs, b.closers[i](), b.closers[i]())
	}
	b.closers = nil
	return errors.Join(append(errs, b.nothingLeft(ctx))...)
}
