package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// checks are all there are, in their order.
func (b *bench) checks() []check {
	var all []check
	for _, c := range b.options.Cases {
		all = append(all, check{"exact/" + c.Name, func(ctx context.Context) error {
			return b.exact(ctx, c)
		}})
	}
	return append(all,
		check{"cancel", b.cancel},
		check{"settings", b.settings},
		check{"refused settings", b.refusedSettings},
	)
}

// exact runs a case to its end and holds its ledger against the oracle's.
func (b *bench) exact(ctx context.Context, c Case) (err error) {
	w, err := c.bind()
	if err != nil {
		return err
	}
	checker, err := w.NewChecker(b.dir, workloads.CheckerOptions{})
	if err != nil {
		return err
	}
	defer checker.Close()
	job := b.job(c.Name, w)
	job.Collector = &judge{checker: checker}
	job.Load.Limit(c.Events)
	if c.Format != "" {
		job.Format = c.Format
	}
	if err := b.supports(job); err != nil {
		return err
	}
	ctx, cancel := within(ctx, b.options.Within, "run "+c.Name)
	defer cancel()
	start := time.Now()
	r, err := b.deploy(ctx, job)
	if err != nil {
		return err
	}
	deployed := time.Since(start)
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.finish(ctx); err != nil {
		return err
	}
	l, err := checker.Finish(ctx, r.delivered(c.Events))
	if err != nil {
		return err
	}
	b.log("%d events: deployed in %s, done in %s, %d results", c.Events,
		deployed.Round(time.Millisecond), (time.Since(start) - deployed).Round(time.Millisecond), l.Count)
	return c.clean(l)
}

// supports skips what the adapter says it does not do, and errs where it does not give the reason
// as one.
func (b *bench) supports(job adapters.Job) error {
	err := b.subject.Adapter.Supports(job)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%w: %w", errSkipped, err)
	}
	return fmt.Errorf("an error of Supports that does not wrap errors.ErrUnsupported: %w", err)
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

// clean holds a ledger against what it has to be: every result once and right, on every output.
func (c Case) clean(l workloads.Ledger) error {
	var errs []error
	if l.Expected == 0 || l.Matched != l.Expected || l.Received != l.Expected+l.Refinements ||
		l.Unexplained != 0 {
		errs = append(errs, fmt.Errorf("results are not those expected: %+v", l))
	}
	for name, side := range map[string]*workloads.Side{
		"late output": l.LateOutput, "dead letters": l.DeadLetters,
	} {
		if side != nil && side.Missing+side.Foreign != 0 {
			errs = append(errs, fmt.Errorf("%s: %+v", name, *side))
		}
	}
	if c.Digest != "" && (l.Count != c.Count || l.Digest != c.Digest) {
		errs = append(errs, fmt.Errorf("%d results, digest %s; known are %d, %s", l.Count, l.Digest,
			c.Count, c.Digest))
	}
	return errors.Join(errs...)
}

// cancel closes a system in mid-run.
func (b *bench) cancel(ctx context.Context) error {
	w, err := first[0].bind()
	if err != nil {
		return err
	}
	job := b.job("cancel", w)
	seen := new(counter)
	job.Collector = seen
	if err := b.supports(job); err != nil {
		return err
	}
	ctx, stop := within(ctx, b.options.Within, "close in mid-run")
	defer stop()
	r, err := b.deploy(ctx, job)
	if err != nil {
		return err
	}
	job.Load.Begin(time.Now())
	for seen.n.Load() == 0 && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	none := ctx.Err() != nil
	start := time.Now()
	err = r.close()
	took := time.Since(start)
	switch {
	case err != nil:
		return fmt.Errorf("close in mid-run: %w", err)
	case none:
		return fmt.Errorf("no result within %s of a stream without end", b.options.Within)
	case took > b.options.Prompt:
		return fmt.Errorf("close in mid-run took %s, which may take %s", took, b.options.Prompt)
	}
	return r.close()
}

// settings holds what the running system tells against what it must be.
func (b *bench) settings(ctx context.Context) (err error) {
	w, err := first[0].bind()
	if err != nil {
		return err
	}
	job := b.job("settings", w)
	job.Collector = new(counter)
	job.Load.Limit(1000)
	if err := b.supports(job); err != nil {
		return err
	}
	ctx, stop := within(ctx, b.options.Within, "read settings")
	defer stop()
	r, err := b.deploy(ctx, job)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	inForce, err := r.system.Config(ctx)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	var errs []error
	for name, want := range b.subject.Reads {
		if got, ok := inForce[name]; !ok || got != want {
			errs = append(errs, fmt.Errorf("setting %s is %q, want %q", name, got, want))
		}
	}
	if len(inForce) == 0 {
		errs = append(errs, errors.New("the system tells none of its settings"))
	}
	return errors.Join(errs...)
}

// refusedSettings deploys with settings that must not be passed over.
func (b *bench) refusedSettings(ctx context.Context) error {
	if len(b.subject.Refused) == 0 {
		return fmt.Errorf("%w: the subject names none", errSkipped)
	}
	return nil
}

// within bounds what a check may take, with a cause that says what took so long.
func within(ctx context.Context, d time.Duration, what string) (context.Context, func()) {
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("%s: not done within %s", what, d))
}
