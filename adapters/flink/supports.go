package flink

import (
	"errors"
	"fmt"
	"slices"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// machines are the named processes that are written in Java.
var machines = []string{"fraud", "cqrs", "shuffle"}

// Supports says why a job cannot be run exactly.
func (Adapter) Supports(job adapters.Job) error {
	if why := beyond(job); why != "" {
		return fmt.Errorf("run %s on flink: %s: %w", job.Workload.Name, why, errors.ErrUnsupported)
	}
	if _, err := newSettings(job); err != nil {
		return fmt.Errorf("run %s on flink: %w: %w", job.Workload.Name, err, errors.ErrUnsupported)
	}
	return nil
}

// beyond says what of a job is not written here, or nothing Flink does; empty if all is.
func beyond(job adapters.Job) string {
	switch {
	case job.Transport != adapters.Kafka:
		return "it reads from Kafka and writes to Kafka: write load.transport: kafka"
	case job.Broker.At == "embedded":
		return "its clients ask brokers for more than the embedded one knows: " +
			"write load.broker: container"
	case job.Guarantee != exactlyOnce && job.Guarantee != "at-least-once":
		return "after a failure its source reads again what may have been answered, so " +
			job.Guarantee + " is no guarantee of it"
	case job.Workload.Spoil != nil && job.Format != workloads.JSONForm:
		return "only events of the form json are damaged: write load.format: json"
	case job.Own.Main != "" && job.Own.Jar == "":
		return "there is a main class and no jar it would be in"
	}
	if job.Own.Jar != "" {
		return "" // what that does is its own affair
	}
	q := job.Workload.Query
	switch {
	case q.Process != nil:
		if !slices.Contains(machines, q.Process.Name) {
			return "process " + q.Process.Name + " is not written in Java"
		}
		return ""
	case q.Join != nil:
		return beyondJoin(q)
	case q.Latest != nil:
		return ""
	}
	return beyondWindow(job.Workload)
}

func beyondJoin(q workloads.Query) string {
	switch {
	case q.Join.Kind == workloads.WindowJoin && q.Window.Kind != workloads.Tumbling &&
		q.Window.Kind != workloads.Hopping:
		return "a join of windows that are neither tumbling nor hopping"
	case q.Join.Kind == workloads.BestJoin && !q.Join.WithUnique:
		return "the best of events that several others claim"
	case len(q.Join.Keys) > mostKeys:
		return fmt.Sprintf("a join by more than %d keys", mostKeys)
	case len(q.Aggregates) > 0 && q.Join.Kind != workloads.BestJoin:
		return "an aggregate of the pairs of a join"
	}
	for _, a := range q.Aggregates {
		if !slices.Contains(reversible, a.Func) {
			return "aggregate " + a.As + ", from which nothing can be taken back"
		}
	}
	return ""
}

// mostKeys is how many members a tuple of Flink's has.
const mostKeys = 25

// reversible are the functions from which an event can be taken back.
var reversible = []workloads.Func{
	workloads.Count, workloads.Sum, workloads.Avg, workloads.SumSquares, workloads.Mean,
}

func beyondWindow(w *workloads.Workload) string {
	q := w.Query
	switch {
	case q.Window.Processing && q.Window.Kind != workloads.Tumbling:
		return "windows of processing time that are not tumbling"
	case q.Rank != nil && q.LatenessMs > 0:
		return "a rank that late events change"
	case q.Rank != nil && q.Window.Kind != workloads.Tumbling && q.Window.Kind != workloads.Hopping:
		return "a rank over windows that are neither tumbling nor hopping"
	case q.Retracts && q.Window.Kind != workloads.Session:
		return "results that are taken back, of windows that are no sessions"
	case q.Retracts && q.Late != nil:
		return "results that are taken back beside an output of late events"
	case q.Window.Kind != workloads.NoWindow && q.Key == "" && q.Rank == nil:
		return "an aggregate over all keys"
	}
	if q.Window.Kind != workloads.Sliding {
		return ""
	}
	for _, a := range q.Aggregates {
		if !slices.Contains(reversible, a.Func) || isFloat(w, a.Field) {
			return "aggregate " + a.As + ", from which nothing can be taken back, in a sliding window"
		}
	}
	return ""
}

func isFloat(w *workloads.Workload, field string) bool {
	for _, f := range w.Schema.Variants[w.Query.From].Fields {
		if f.Name == field {
			return f.Kind == workloads.Float
		}
	}
	return false
}
