package flink

import (
	"strconv"
	"strings"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// ownArguments are what a jar of the user's is started with: "--name value" pairs. An output the
// query does not have is left out.
func ownArguments(job adapters.Job) []string {
	t := job.Topics
	at := t.Inside
	if len(at) == 0 {
		at = t.Bootstrap
	}
	all := []string{
		"--run-id", job.RunID,
		"--bootstrap", strings.Join(at, ","),
		"--group", group(job),
		"--input", t.Input,
	}
	for _, o := range []struct {
		name   string
		stream workloads.Stream
	}{
		{"--results", workloads.Answers}, {"--late", workloads.LateEvents},
		{"--dlq", workloads.DeadLetters},
	} {
		if topic := t.Output(o.stream); topic != "" {
			all = append(all, o.name, topic)
		}
	}
	return append(all,
		"--format", job.Format,
		"--guarantee", job.Guarantee,
		"--checkpoint-ms", strconv.FormatInt(job.Checkpoint.Milliseconds(), 10),
		"--partitions", strconv.Itoa(t.Partitions),
		"--parallelism", strconv.Itoa(job.Workers*job.WorkerCPUs),
	)
}
