package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
)

const (
	// longestConnect bounds how long a transport may take to be ready.
	longestConnect = 2 * time.Minute
	// stragglers is how long a driver may go on after the system has ended: the acknowledgement of
	// the last events can be slower than their way through the system.
	stragglers = 5 * time.Second
)

// transportError is about brokers, driver or collector, and not about the system.
type transportError struct{ error }

// Unwrap is what went wrong.
func (e transportError) Unwrap() error { return e.error }

// ofTransport says that the transport of a repetition is why something failed; nil stays nil.
func (r *repetition) ofTransport(what string, err error) error {
	if err == nil {
		return nil
	}
	return transportError{fmt.Errorf(what+": %w", r.job.Transport, err)}
}

// connect deploys the transport, if there is one, before the system that it feeds.
//
//	driver --events--> channel --topics--> system --topics--> channel --results--> collector
//	Load ---^                                                                         |
//	watch: the driver has sent everything, the system has ended, the results are sealed
func (r *repetition) connect(ctx context.Context) (err error) {
	if r.transport == nil {
		return nil
	}
	ctx, cancel := within(ctx, longestOf(r.job))
	defer cancel()
	by := r.transport
	if r.footing != nil {
		r.footing.last = r
		if by, err = r.footing.carried(ctx, by, r.job); err != nil {
			return transportError{fmt.Errorf("start brokers: %w", timely(ctx, err))}
		}
	}
	if r.channel, err = by.Deploy(ctx, r.job); err != nil {
		r.channel = nil
		return r.ofTransport("deploy %s transport", timely(ctx, err))
	}
	r.job.Topics = r.channel.Topics()
	return nil
}

// longestOf is how long the transport of a job may take to be ready.
func longestOf(job adapters.Job) time.Duration {
	if inContainers(job) {
		return longestStart
	}
	return longestConnect
}

// within bounds how long something may take to be ready.
func within(ctx context.Context, longest time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, longest,
		fmt.Errorf("not ready within %s: %w", longest, adapters.ErrNotReady))
}

// timely says why ctx ended where that is why something else did.
func timely(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return err
}

// readBack records the settings in force: the system's, and the transport's under its name.
func (r *repetition) readBack(ctx context.Context) error {
	config, err := r.system.Config(ctx)
	if err != nil {
		return fmt.Errorf("read settings of %s: %w", r.plan.System, err)
	}
	if r.channel != nil {
		of, err := r.channel.Config(ctx)
		if err != nil {
			return r.ofTransport("read settings of %s transport", err)
		}
		all := make(map[string]string, len(config)+len(of))
		for k, v := range config {
			all[k] = v
		}
		for k, v := range of {
			all[r.job.Transport+"."+k] = v
		}
		config = all
	}
	r.note(record.Entry{Kind: record.KindConfig, Config: config})
	return nil
}

// watch closes ended once everything offered was answered, or something died.
func (r *repetition) watch(ctx context.Context) {
	ctx, r.unwatch = context.WithCancel(context.WithoutCancel(ctx))
	r.ended = make(chan struct{})
	go func() {
		defer close(r.ended)
		if r.channel == nil {
			r.endErr = r.system.Wait(ctx)
			return
		}
		r.endErr = r.awaitBoth(ctx)
		if errors.Is(r.endErr, adapters.ErrUnsealed) {
			r.unsealed, r.endErr = r.endErr.Error(), nil
		}
	}()
}

// awaitBoth waits for driver and system, and then for the results that are on their way. Whichever
// dies first says why.
func (r *repetition) awaitBoth(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent, ended := make(chan error, 1), make(chan error, 1)
	go func() { sent <- r.channel.Wait(ctx) }()
	go func() { ended <- r.system.Wait(ctx) }()
	var late <-chan time.Time
	for sent != nil || ended != nil {
		select {
		case err := <-sent:
			if err != nil {
				return r.elsewhere.who(r.ofTransport("%s transport", err))
			}
			sent = nil
		case err := <-ended:
			if err != nil {
				return err
			}
			ended, late = nil, time.After(stragglers)
		case <-late:
			late = nil
			if n := r.accepted(); r.load.Has(n) {
				return fmt.Errorf("%s ended after %d events, before its input did", r.plan.System, n)
			}
		}
	}
	if err := r.channel.Seal(ctx); err != nil {
		return r.ofTransport("%s transport: collect the last results", err)
	}
	return nil
}

// disconnect closes the system and then the transport it hangs on, whatever there is of them.
func (r *repetition) disconnect() error {
	if r.unwatch != nil {
		r.unwatch()
	}
	var errs []error
	if r.system != nil {
		if err := r.system.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", r.plan.System, err))
		}
	}
	if r.channel == nil {
		return errors.Join(errs...)
	}
	if d, ok := r.channel.(adapters.Doubtful); ok {
		r.end.SendsUnknown = d.SendsUnknown()
	}
	if err := r.channel.Close(); err != nil {
		errs = append(errs, r.ofTransport("close %s transport", err))
	}
	return errors.Join(errs...)
}
