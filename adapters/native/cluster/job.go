package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/workloads"
)

// The guarantees a job is run under.
const (
	atMostOnce  = "at-most-once"
	exactlyOnce = "exactly-once"
)

// job is what the nodes are told of an adapters.Job: all of it is data, so that any process can
// make the same stream, the same query and the same schedule of it.
type job struct {
	RunID      string              `json:"runID"`
	Workload   workloads.Spec      `json:"workload"`
	Pacer      workloads.PacerSpec `json:"pacer"`
	Format     string              `json:"format"`
	Guarantee  string              `json:"guarantee"`
	Checkpoint time.Duration       `json:"checkpoint"`
	Workers    []string            `json:"workers"` // that have slots at first
	Spares     []string            `json:"spares"`  // that have none
	CPUs       int                 `json:"cpus"`    // slots of a worker
	MemoryB    uint64              `json:"memoryB"` // of a worker
	Store      string              `json:"store"`   // folder of checkpoints
	Kept       string              `json:"kept"`    // folder of results that are not visible yet
	Topics     *adapters.Topics    `json:"topics,omitempty"`
	Settings   settings            `json:"settings"`
	// Address is how the node that is told reaches each other one.
	Address  map[string]string `json:"address"`
	Schedule schedule          `json:"schedule"`
	Plant    string            `json:"plant,omitempty"`
}

// slots of the whole job.
func (j *job) slots() int { return len(j.Workers) * j.CPUs }

// replays reports whether a shard goes back to the last checkpoint when a node was lost.
func (j *job) replays() bool { return j.Guarantee != atMostOnce }

// holds reports whether results stay out of sight until their epoch is committed.
func (j *job) holds() bool { return j.Guarantee == exactlyOnce }

// shards of the load, where the workers drive it.
func (j *job) shards() int {
	if j.Topics != nil {
		return 1
	}
	return j.slots()
}

// standby reports whether a spare reads checkpoints as they complete: the first ones do.
func (j *job) standby(name string) bool {
	for i, s := range j.Spares {
		if s == name {
			return i < j.Settings.Standbys
		}
	}
	return false
}

// adapt is the job as the sources of a node know it.
func (j *job) adapt(load *adapters.Load) (adapters.Job, error) {
	w, err := j.Workload.Bind()
	if err != nil {
		return adapters.Job{}, fmt.Errorf("bind workload: %w", err)
	}
	transport := adapters.Embedded
	switch {
	case j.Topics == nil:
	case j.Topics.Folder != "":
		transport = adapters.Log
	default:
		transport = adapters.Kafka
	}
	return adapters.Job{
		RunID: j.RunID, Workload: w, Transport: transport, Topics: j.Topics, Format: j.Format,
		Guarantee: j.Guarantee, Checkpoint: j.Checkpoint, Workers: len(j.Workers),
		WorkerCPUs: j.CPUs, MemoryB: j.MemoryB, Load: load,
	}, nil
}

// plantVariable names a mistake that the tests plant in the protocol, to see it convicted.
const plantVariable = "STREAMBENCH_PLANT"

// The mistakes.
const (
	plantCommitBeforeFlush = "commit-before-flush"
	plantUnfenced          = "unfenced-zombie"
	plantLostRewind        = "lost-rewind"
	plantDoubleRestore     = "double-restore"
	plantEarlyBarrier      = "early-barrier"
	plantReplayedEpoch     = "replayed-epoch"
	// The first coordinator dies of these, at a moment a signal would rarely meet.
	plantDiesBeforeComplete = "dies-before-complete"
	plantDiesBeforeCommit   = "dies-before-commit"
	plantDiesBeforeEnd      = "dies-before-end"
	plantDiesBeforeFinal    = "dies-before-final"
)

func planted() string { return os.Getenv(plantVariable) }

// nodeConfig is what the process of a node is started with, on its stdin. The job follows by the
// control connection.
type nodeConfig struct {
	RunID  string `json:"runID"`
	Name   string `json:"name"`
	Role   string `json:"role"`
	Listen string `json:"listen"`
	Dir    string `json:"dir"`    // the node's own
	Shared string `json:"shared"` // on storage that outlives every node: checkpoints, the ledger
}

const coordinatorName = "coordinator"

func workerName(i int) string { return fmt.Sprintf("worker-%d", i+1) }

// Folders of the shared storage.
func sharedDir(stateDir string) string { return filepath.Join(stateDir, "shared") }

// keptDir is where results wait to become visible: over a log transport they do by a new name, and
// so lie where the collector looks.
func keptDir(job adapters.Job) string {
	if job.Topics != nil && job.Topics.Folder != "" {
		return log.Committed(job.Topics)
	}
	return filepath.Join(sharedDir(job.StateDir), "results")
}

func storeDir(stateDir string) string { return filepath.Join(sharedDir(stateDir), "checkpoints") }
