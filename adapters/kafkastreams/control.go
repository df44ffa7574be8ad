package kafkastreams

import (
	"context"
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters/java"
)

const (
	// longestStart bounds how long an application may take to have its partitions, which the worker
	// bounds itself, and longestStop how long it may take to leave.
	longestStart = 2 * time.Minute
	longestStop  = 30 * time.Second
	// oneLook bounds how long a worker may take to say how it is: its processors may be busy.
	oneLook = 10 * time.Second
)

func (w worker) control() java.Control { return java.Control{URL: w.url} }

// begin hands a worker a plan and returns once its application has joined the others.
func (w worker) begin(ctx context.Context, plan []byte) error {
	ctx, cancel := context.WithTimeout(ctx, longestStart)
	defer cancel()
	if err := w.control().Start(ctx, plan); err != nil {
		return fmt.Errorf("start the job on %s: %w", w.name, w.orDeath(err))
	}
	return nil
}

// look asks a worker how its job is.
func (w worker) look(ctx context.Context) (java.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, oneLook)
	defer cancel()
	s, err := w.control().Status(ctx)
	if err != nil {
		return s, fmt.Errorf("look at %s: %w", w.name, err)
	}
	return s, nil
}

// end stops the job of a worker, if it lives.
func (w worker) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), longestStop)
	defer cancel()
	if err := w.control().Stop(ctx); err != nil && w.orDeath(nil) == nil {
		return fmt.Errorf("stop the job on %s: %w", w.name, err)
	}
	return nil
}

// orDeath is why a worker has died if it has, else the error.
func (w worker) orDeath(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), oneLook)
	defer cancel()
	if died := w.running(ctx); died != nil {
		return died
	}
	return err
}
