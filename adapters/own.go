package adapters

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/streambench/streambench/workloads"
)

// OwnArguments are what a job that a user brought along is started with, whatever the framework:
// "--name value", one after the other (docs/own-logic.md). Group is the consumer group by whose
// offsets is known how far it has read, state a folder it may write to; an output the query does
// not have, and a folder that is not there, are left out.
func OwnArguments(job Job, group, state string) []string {
	t := job.Topics
	at := t.Inside
	if len(at) == 0 {
		at = t.Bootstrap
	}
	var all []string
	for _, a := range [...]struct{ name, value string }{
		{"run-id", job.RunID},
		{"bootstrap", strings.Join(at, ",")},
		{"group", cmp.Or(group, job.RunID)},
		{"input", t.Input},
		{"results", t.Output(workloads.Answers)},
		{"late", t.Output(workloads.LateEvents)},
		{"dlq", t.Output(workloads.DeadLetters)},
		{"partitions", strconv.Itoa(t.Partitions)},
		{"format", job.Format},
		{"guarantee", job.Guarantee},
		{"checkpoint-ms", strconv.FormatInt(job.Checkpoint.Milliseconds(), 10)},
		{"parallelism", strconv.Itoa(job.Workers * job.WorkerCPUs)},
		{"threads", strconv.Itoa(job.WorkerCPUs)},
		{"state", state},
	} {
		if a.value != "" {
			all = append(all, "--"+a.name, a.value)
		}
	}
	return all
}
