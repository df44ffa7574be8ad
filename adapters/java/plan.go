package java

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// plan is what a Java job is told. Names are those of the Java side's records.
type plan struct {
	RunID        string            `json:"runId"`
	Bootstrap    string            `json:"bootstrap"`
	Partitions   int               `json:"partitions"`
	Topics       topics            `json:"topics"`
	Form         string            `json:"form"`
	Guarantee    string            `json:"guarantee"`
	CheckpointMs int64             `json:"checkpointMs"`
	Workers      int               `json:"workers"`
	Slots        int               `json:"slots"` // of a worker
	Profile      string            `json:"profile"`
	Settings     map[string]string `json:"settings,omitempty"`
	Workload     string            `json:"workload"`
	Seed         string            `json:"seed"` // of 64 bits, more than a number of JSON holds
	Params       map[string]string `json:"params,omitempty"`
	RouteBy      string            `json:"routeBy,omitempty"`
	Schema       schema            `json:"schema"`
	Query        query             `json:"query"`
}

// topics are names; an output the query does not have is empty.
type topics struct {
	Input       string `json:"input"`
	Results     string `json:"results"`
	Late        string `json:"late,omitempty"`
	DeadLetters string `json:"deadLetters,omitempty"`
}

// Plan writes what a job in Java is to do, as JSON: schema, query and wire form; the topics, and
// the brokers as containers see them (Topics.Inside, else Topics.Bootstrap); guarantee, interval,
// parallelism and settings. A job without Topics has a plan without them, which serves to look at.
func Plan(job adapters.Job) ([]byte, error) {
	p := plan{
		RunID: job.RunID, Form: job.Format, Guarantee: job.Guarantee,
		CheckpointMs: job.Checkpoint.Milliseconds(), Partitions: job.Partitions,
		Workers: job.Workers, Slots: job.WorkerCPUs, Profile: job.Profile, Settings: job.Settings,
		Workload: job.Workload.Name, Seed: fmt.Sprint(job.Workload.Settings.Seed),
		Params: paramsOf(job.Workload), RouteBy: job.Workload.RouteBy,
		Schema: schemaOf(job.Workload.Schema), Query: queryOf(job.Workload.Query),
	}
	if t := job.Topics; t != nil {
		at := t.Inside
		if len(at) == 0 {
			at = t.Bootstrap
		}
		p.Bootstrap, p.Partitions = strings.Join(at, ","), t.Partitions
		p.Topics = topics{
			Input: t.Input, Results: t.Output(workloads.Answers),
			Late: t.Output(workloads.LateEvents), DeadLetters: t.Output(workloads.DeadLetters),
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write plan of %s: %w", job.RunID, err)
	}
	return text, nil
}

// madeFrom are the parameters, besides the seed, that the machines of processes are made from.
var madeFrom = map[string][]string{"shuffle": {"keys"}}

// paramsOf are those of a workload that its process is made from: numbers, milliseconds and flags
// as integers. What else a stream is made from is no business of a system.
func paramsOf(w *workloads.Workload) map[string]string {
	if w.Query.Process == nil {
		return nil
	}
	params := map[string]string{}
	for _, name := range madeFrom[w.Query.Process.Name] {
		params[name] = strconv.FormatInt(w.Settings.Values[name].Int, 10)
	}
	return params
}
