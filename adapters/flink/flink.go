// Package flink runs a job on Apache Flink: a session cluster in containers, one JobManager and
// some TaskManagers, or one that runs already. What a job is to do is a plan (package java), which
// the program in job/ translates into operators of Flink's own when it is submitted.
//
//	Open --> jobmanager, taskmanager-1 … N
//	Deploy: plan --POST /jars/:id/run--> JobManager --tasks--> TaskManagers
//	                 input topic --> source | operators | sinks --> topics of the outputs
package flink

import (
	"context"
	"errors"

	"github.com/streambench/streambench/adapters"
)

// Adapter deploys Flink. Its zero value is ready.
type Adapter struct {
	// program is a jar of the generic program that tests have built apart; "" for that of the image.
	program string
}

// exactlyOnce is the guarantee under which results travel in transactions.
const exactlyOnce = "exactly-once"

// Open starts a session cluster, or looks whether the one that Own.At names is there.
func (a Adapter) Open(ctx context.Context, job adapters.Job) (adapters.Host, error) {
	s, err := newSettings(job)
	if err != nil {
		return nil, err
	}
	h := &host{settings: s, apart: a.program}
	if job.Own.At != "" {
		err = h.join(ctx, job)
	} else {
		err = h.start(ctx, job)
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Deploy starts a cluster for one job, and goes with it.
func (a Adapter) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if err := a.Supports(job); err != nil {
		return nil, err
	}
	h, err := a.Open(ctx, job)
	if err != nil {
		return nil, err
	}
	s, err := h.Deploy(ctx, job)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	inner(s).alone = true
	return s, nil
}

// unready is an error that says nothing about Flink: it wraps adapters.ErrNotReady without a word
// of it.
type unready struct{ err error }

func (e unready) Error() string   { return e.err.Error() }
func (e unready) Unwrap() []error { return []error{e.err, adapters.ErrNotReady} }
