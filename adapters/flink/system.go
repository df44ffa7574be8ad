package flink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/chaos"
)

const (
	// longestSubmission bounds how long a job may take until all its tasks run.
	longestSubmission = 3 * time.Minute
	// longestEnd bounds how long it may take to end when it is cancelled.
	longestEnd = time.Minute
)

// system is a job on a cluster.
type system struct {
	job      adapters.Job
	host     *host
	settings settings
	alone    bool // the cluster goes with the job
	jar, id  string
	progress *kafka.Progress
	watch    *watch
	once     sync.Once
	closed   error
}

// Deploy submits a job and returns once all its tasks run.
func (h *host) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := (Adapter{}).Supports(job); err != nil {
		return nil, err
	}
	s := &system{job: job, host: h}
	if err := s.deploy(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if h.deployment != nil {
		return counted{s}, nil
	}
	return s, nil
}

// counted is a system whose nodes are in containers: their engine knows what they use.
type counted struct{ *system }

// Used sums over the containers since they were started, which may be before the job was.
func (c counted) Used(ctx context.Context) (adapters.Usage, error) {
	return c.host.deployment.Used(ctx)
}

func inner(s adapters.System) *system {
	if c, ok := s.(counted); ok {
		return c.system
	}
	return s.(*system)
}

func (s *system) deploy(ctx context.Context) (err error) {
	if s.settings, err = newSettings(s.job); err != nil {
		return err
	}
	if err := s.host.fits(s.job, s.settings); err != nil {
		return err
	}
	if s.progress, err = kafka.NewProgress(ctx, s.job, group(s.job)); err != nil {
		return err
	}
	name, jar, err := s.host.program(ctx, s.job)
	if err != nil {
		return unready{fmt.Errorf("read jar: %w", err)}
	}
	c := s.host.client
	if s.jar, err = c.upload(ctx, name, jar); err != nil {
		return s.orDeath(ctx, fmt.Errorf("upload jar: %w", err))
	}
	how, err := s.submission()
	if err != nil {
		return err
	}
	if s.id, err = c.run(ctx, s.jar, how); err != nil {
		return s.orDeath(ctx, fmt.Errorf("submit job: %w", err))
	}
	if err := s.awaitTasks(ctx); err != nil {
		return err
	}
	if err := s.checkJob(ctx); err != nil {
		return err
	}
	s.watch = newWatch(s)
	return nil
}

// group is the consumer group under which a job tells how far it has read.
func group(job adapters.Job) string { return job.RunID + ".flink" }

// submission is how a job is run: the generic program takes a plan, a jar of the user's the same in
// single arguments.
func (s *system) submission() (submission, error) {
	job := s.job
	if s.host.at != "" && job.Topics != nil {
		// A cluster elsewhere is not on the network of our containers.
		topics := *job.Topics
		topics.Inside, topics.Network = nil, ""
		job.Topics = &topics
	}
	how := submission{
		EntryClass: mainClass, Parallelism: job.Workers * job.WorkerCPUs,
		Settings: s.settings.forJob(job),
	}
	if job.Own.Jar != "" {
		how.EntryClass, how.Arguments = job.Own.Main, adapters.OwnArguments(job, group(job), "")
		return how, nil
	}
	plan, err := java.Plan(job)
	how.Arguments = []string{string(plan)}
	return how, err
}

// awaitTasks waits until all tasks run.
func (s *system) awaitTasks(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestSubmission,
		fmt.Errorf("not all tasks run after %s", longestSubmission))
	defer cancel()
	for {
		var state jobState
		err := s.host.client.get(ctx, "/jobs/"+s.id, &state)
		switch {
		case err != nil && ctx.Err() == nil:
			return s.orDeath(ctx, fmt.Errorf("wait for tasks: %w", err))
		case state.terminal(), len(state.Vertices) > 0 && state.State == stateFailing:
			return fmt.Errorf("wait for tasks: the job has failed: %s",
				s.host.client.whyFailed(ctx, s.id))
		case state.works():
			return nil
		}
		if err := s.givenUp(ctx, state); err != nil {
			return err
		}
		if dead := s.host.alive(ctx); dead != nil {
			return dead
		}
		select {
		case <-time.After(lookEvery / 2):
		case <-ctx.Done():
			return fmt.Errorf("wait for tasks: %w%s", context.Cause(ctx), s.troubles())
		}
	}
}

// mostFailures is how often a job may fail before its tasks have run once.
const mostFailures = 3

// givenUp is why a job has failed so often that it will not get better.
func (s *system) givenUp(ctx context.Context, state jobState) error {
	if state.Timestamps["RESTARTING"] == 0 {
		return nil
	}
	var e exceptions
	err := s.host.client.get(ctx, fmt.Sprintf("/jobs/%s/exceptions?maxExceptions=%d", s.id,
		mostFailures), &e)
	all := e.ExceptionHistory.Entries
	if err != nil || len(all) < mostFailures {
		return nil
	}
	return fmt.Errorf("wait for tasks: the job has failed %d times: %s", len(all),
		rootCause(all[0].Stacktrace))
}

// troubles are the failures a job has gone through, for an error that knows no other reason.
func (s *system) troubles() string {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	var e exceptions
	err := s.host.client.get(ctx, "/jobs/"+s.id+"/exceptions?maxExceptions=1", &e)
	if err != nil || len(e.ExceptionHistory.Entries) == 0 {
		return ""
	}
	return ": it fails again and again: " + rootCause(e.ExceptionHistory.Entries[0].Stacktrace)
}

// orDeath is why a node does not run any more, or else the error.
func (s *system) orDeath(ctx context.Context, err error) error {
	if dead := s.host.alive(ctx); dead != nil {
		return dead
	}
	return err
}

// Nodes are the containers of the cluster.
func (s *system) Nodes() []chaos.Node { return s.host.nodes() }

// Wait returns once the input was read to its end and what came of it is committed.
func (s *system) Wait(ctx context.Context) error {
	if err := s.wait(ctx); err != nil {
		return fmt.Errorf("run flink: %w", err)
	}
	return nil
}

func (s *system) wait(ctx context.Context) error {
	look := time.NewTicker(lookEvery / 2)
	defer look.Stop()
	read, after := false, uint64(0)
	for {
		seen, err := s.watch.state()
		if err != nil {
			return err
		}
		switch {
		case !read:
			if read, err = s.progress.Done(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			// Barriers may overtake what is on its way, so the checkpoint that tells of the end need
			// not hold all results.
			after = seen.completed
		case seen.completed > after || seen.finished:
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close cancels the job and removes its jar.
func (s *system) Close() error {
	s.once.Do(func() {
		var errs []error
		if s.watch != nil {
			s.watch.end()
		}
		if s.progress != nil {
			s.progress.Close()
		}
		ctx, cancel := context.WithTimeout(context.Background(), longestEnd)
		defer cancel()
		if !s.alone || s.host.at != "" {
			errs = append(errs, s.cancel(ctx))
		}
		if s.alone {
			errs = append(errs, s.host.Close())
		}
		s.closed = errors.Join(errs...)
	})
	return s.closed
}

// cancel ends the job, if it has not ended by itself, and waits until it has.
func (s *system) cancel(ctx context.Context) error {
	var errs []error
	if s.id != "" {
		errs = append(errs, s.end(ctx))
	}
	if s.jar != "" {
		err := s.host.client.do(ctx, request{method: "DELETE", path: "/jars/" + s.jar}, nil)
		if err != nil && !isGone(err) {
			errs = append(errs, s.unlessDead(ctx, fmt.Errorf("remove jar: %w", err)))
		}
	}
	return errors.Join(errs...)
}

func (s *system) end(ctx context.Context) error {
	asked := false
	for {
		var state jobState
		err := s.host.client.get(ctx, "/jobs/"+s.id, &state)
		if err == nil && state.terminal() || isGone(err) {
			return nil
		}
		if err == nil && !asked {
			cancel := request{method: "PATCH", path: "/jobs/" + s.id + "?mode=cancel"}
			err = s.host.client.do(ctx, cancel, nil)
			asked = err == nil
		}
		if err != nil {
			return s.unlessDead(ctx, fmt.Errorf("cancel job: %w", err))
		}
		select {
		case <-time.After(lookEvery / 4):
		case <-ctx.Done():
			return fmt.Errorf("cancel job: wait for it to end: %w", ctx.Err())
		}
	}
}

// unlessDead drops an error where the cluster has died, and its jobs with it.
func (s *system) unlessDead(ctx context.Context, err error) error {
	if s.host.alive(ctx) != nil {
		return nil
	}
	return err
}
