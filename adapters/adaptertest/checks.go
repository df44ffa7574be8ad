package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// check is one thing an adapter has to hold.
type check struct {
	name string
	run  func(ctx context.Context) error
}

// The checks around all others.
const (
	openCheck  = "open"
	closeCheck = "close"
)

// checks are all there are, in their order. The exact ones come behind the cancelled jobs, so that
// a host is seen to get over them.
func (b *bench) checks() []check {
	all := []check{
		{openCheck, b.open},
		{"settings", b.settings},
		{"live", b.live},
		{"empty partition", b.emptyPartition},
		{"foreign event", b.foreignEvent},
		{"session boundary", b.boundary},
	}
	for _, c := range b.options.Cases {
		all = append(all, check{"exact/" + c.Name, func(ctx context.Context) error {
			return b.exact(ctx, c)
		}})
	}
	all = append(all,
		check{"again", func(ctx context.Context) error { return b.exact(ctx, simple) }},
		check{"refused settings", b.refusedSettings},
		check{closeCheck, b.close},
	)
	return slices.DeleteFunc(all, func(c check) bool {
		return len(b.options.Only) > 0 && c.name != openCheck && c.name != closeCheck &&
			!slices.Contains(b.options.Only, c.name)
	})
}

// exact runs a case to its end and holds its ledger against the oracle's.
func (b *bench) exact(ctx context.Context, c Case) error {
	l, err := b.answered(ctx, c, nil)
	if err != nil {
		return err
	}
	return c.clean(l)
}

// answered runs a case to its end and returns its ledger. It hands every answer to see as well; nil
// for nobody.
func (b *bench) answered(
	ctx context.Context, c Case, see func(row []int64, receivedNs int64) error,
) (l workloads.Ledger, err error) {
	w, err := c.bind()
	if err != nil {
		return l, err
	}
	checker, err := w.NewChecker(b.dir, workloads.CheckerOptions{})
	if err != nil {
		return l, err
	}
	defer checker.Close()
	job := b.job(c.Name, w)
	job.Collector = &judge{checker: checker}
	job.Load.Limit(c.Events)
	if c.Format != "" {
		job.Format = c.Format
	}
	if err := b.supports(job); err != nil {
		return l, err
	}
	start := time.Now()
	err = b.during(ctx, "run "+c.Name, job, func(ctx context.Context, r *running) error {
		deployed := time.Since(start)
		if err := r.finish(ctx); err != nil {
			return err
		}
		b.log("%d events: deployed in %s, done in %s", c.Events, deployed.Round(time.Millisecond),
			(time.Since(start) - deployed).Round(time.Millisecond))
		l, err = checker.Finish(ctx, r.delivered(c.Events))
		if err == nil && see != nil {
			err = checker.Results(see)
		}
		return err
	})
	return l, err
}

// during runs a job while fn looks at it, closes it twice and sees to it that nothing named after
// it is left on the brokers.
func (b *bench) during(
	ctx context.Context, what string, job adapters.Job, fn func(context.Context, *running) error,
) error {
	ctx, cancel := context.WithTimeoutCause(ctx, b.options.Within,
		fmt.Errorf("%s: not done within %s", what, b.options.Within))
	defer cancel()
	r, err := b.deploy(ctx, job)
	if err != nil {
		return whyEnded(ctx, err)
	}
	err = whyEnded(ctx, fn(ctx, r))
	return errors.Join(err, r.close(), r.close(), b.noTopics(job.RunID, r))
}

// whyEnded adds to an error what a time-out was of.
func whyEnded(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err == nil || cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// supports skips what the adapter or the transport says it does not do, and errs where the adapter
// does not say so as it should.
func (b *bench) supports(job adapters.Job) error {
	if b.carrier != nil {
		if err := b.carrier.Supports(job); err != nil {
			return fmt.Errorf("%w: %w", errSkipped, err)
		}
	}
	err := b.subject.Adapter.Supports(job)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%w: %w", errSkipped, err)
	}
	return fmt.Errorf("an error of Supports that does not wrap errors.ErrUnsupported: %w", err)
}

// clean holds a ledger against what it has to be: every result once and right, on every output.
func (c Case) clean(l workloads.Ledger) error {
	var errs []error
	if l.Expected == 0 || l.Matched != l.Expected || l.Received != l.Expected+l.Refinements ||
		l.Unexplained != 0 {
		errs = append(errs, fmt.Errorf("%d results expected: %d right, %d lost, %d duplicated, "+
			"%d wrong, %d phantom, %d corrupt, %d unexplained", l.Expected, l.Matched, l.Lost,
			l.Duplicated, l.Wrong, l.Phantom, l.Corrupt, l.Unexplained))
		for _, o := range l.Offenders[:min(len(l.Offenders), 5)] {
			errs = append(errs, fmt.Errorf("  %+v", o))
		}
	}
	for _, side := range []struct {
		name string
		of   *workloads.Side
	}{{"late output", l.LateOutput}, {"dead letters", l.DeadLetters}} {
		if side.of != nil && side.of.Missing+side.of.Foreign != 0 {
			errs = append(errs, fmt.Errorf("%s: %+v", side.name, *side.of))
		}
	}
	if c.Digest != "" && (l.Count != c.Count || l.Digest != c.Digest) {
		errs = append(errs, fmt.Errorf("%d results, digest %s; known are %d, %s", l.Count, l.Digest,
			c.Count, c.Digest))
	}
	return errors.Join(errs...)
}
