package spark

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/workloads"
)

// Supports says why a job cannot be run exactly.
func (a Adapter) Supports(job adapters.Job) error {
	name := job.Workload.Name
	switch {
	case job.Transport != adapters.Kafka:
		return unsupported("run %s on spark over transport %s: it reads and writes topics of Kafka: "+
			"set load.transport: kafka", name, job.Transport)
	case job.Guarantee != exactlyOnce && job.Guarantee != atLeastOnce:
		return unsupported("run %s on spark %s: its query goes back to the last batch after a fault, "+
			"and its sink delivers at least once", name, job.Guarantee)
	}
	if a.start == nil {
		if err := kafka.ReachedInside(job.Broker); err != nil {
			return fmt.Errorf("run %s on spark: %w", name, err)
		}
	}
	if _, err := settingsOf(job); err != nil {
		return err
	}
	if at := job.Own.At; at != "" && (!strings.HasPrefix(at, "spark://") ||
		job.Settings[checkpoints] == "") {
		return unsupported("run %s on spark at %s: a cluster is named by its master, spark://HOST:7077, "+
			"and config %s by a folder that it shares with the driver", name, at, checkpoints)
	}
	if job.Own.Jar != "" {
		return nil // whatever it answers is between the user and the oracle
	}
	if job.Workload.Spoil != nil && job.Format != workloads.JSONForm {
		return unsupported("run %s on spark in the form %q: it damages events of the form json", name,
			job.Format)
	}
	if why := beyond(job.Workload.Query); why != "" {
		return unsupported("run %s on spark: %s", name, why)
	}
	if why := beyondRealTime(job); why != "" {
		return unsupported("run %s on spark with trigger %s: %s", name, job.Settings[trigger], why)
	}
	return nil
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, errors.ErrUnsupported)...)
}

// processes are the state machines there are in Java.
var processes = []string{"fraud", "cqrs", "shuffle"}

// beyond says what of a query the translation does not answer exactly; empty if nothing.
func beyond(q workloads.Query) string {
	win := q.Window
	windowed := win.Kind == workloads.Tumbling || win.Kind == workloads.Hopping
	switch {
	case q.Process != nil && !slices.Contains(processes, q.Process.Name):
		return "the process " + q.Process.Name + " is not written in Java"
	case q.Rank != nil && q.LatenessMs > 0:
		return "a rank that late events change: Spark's aggregation answers a window once"
	case q.Rank != nil && !windowed:
		return "a rank without windows"
	case q.Rank != nil && !foldable(q):
		return "a rank by what Spark's own aggregation does not fold"
	case win.Processing:
		return "windows of processing time: the time of a batch is that of its trigger"
	case q.Join != nil && q.Join.Kind == workloads.WindowJoin && q.LatenessMs > 0:
		return "a join of windows that late events change"
	case win.Kind == workloads.Session && q.LatenessMs > 0 && !q.Retracts:
		return "sessions that late events change and that are not taken back"
	case win.Kind == workloads.Sliding && q.LatenessMs > 0:
		return "sliding windows with lateness"
	}
	return ""
}

// foldable reports whether Spark's own aggregation computes all aggregates of a query.
func foldable(q workloads.Query) bool {
	return !slices.ContainsFunc(q.Aggregates, func(a workloads.Aggregate) bool {
		switch a.Func {
		case workloads.Distinct, workloads.TopK, workloads.First, workloads.Last:
			return true
		}
		return false
	})
}

// beyondRealTime says what real-time mode does not run; empty if nothing, or it was not asked for.
func beyondRealTime(job adapters.Job) string {
	switch slots := job.Workers * job.WorkerCPUs; {
	case !isRealTime(job):
		return ""
	case !job.Workload.Query.PerEvent():
		return "real-time mode of Spark " + version + " allows no aggregation, and no shuffle"
	case !isLocal(job) && slots < job.Partitions:
		return fmt.Sprintf("real-time mode runs a task for each partition all the time, and there are "+
			"%d partitions and %d slots", job.Partitions, slots)
	}
	return ""
}

// isRealTime reports whether a job asks for real-time mode.
func isRealTime(job adapters.Job) bool {
	return strings.HasPrefix(job.Settings[trigger], "realtime")
}
