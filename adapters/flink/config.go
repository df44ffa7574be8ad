package flink

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters"
)

// inForce reads the settings a JobManager was started with.
func (h *host) inForce(ctx context.Context) (map[string]string, error) {
	var all []struct{ Key, Value string }
	if err := h.client.get(ctx, "/jobmanager/config", &all); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	m := map[string]string{}
	for _, s := range all {
		m[s.Key] = s.Value
	}
	return m, nil
}

// checkCluster refuses a cluster whose settings are not those declared.
func (h *host) checkCluster(ctx context.Context) error {
	inForce, err := h.inForce(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(h.settings.cluster)) {
		want := h.settings.cluster[name]
		if got, ok := inForce[name]; !ok || !same(got, want) {
			return fmt.Errorf("setting %s is %q in the running cluster, not %q", name, got, want)
		}
	}
	return h.checkWorkers(ctx)
}

// taskManagers are those registered.
type taskManagers struct {
	TaskManagers []struct {
		ID       string
		Slots    int `json:"slotsNumber"`
		Hardware struct {
			CPUs      int    `json:"cpuCores"`
			PhysicalB uint64 `json:"physicalMemory"`
		}
		Memory struct {
			HeapB    uint64 `json:"taskHeap"`
			NetworkB uint64 `json:"networkMemory"`
			ManagedB uint64 `json:"managedMemory"`
		} `json:"memoryConfiguration"`
	}
}

// checkWorkers refuses TaskManagers that have other slots than they were to have.
func (h *host) checkWorkers(ctx context.Context) error {
	var all taskManagers
	if err := h.client.get(ctx, "/taskmanagers", &all); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	for _, w := range all.TaskManagers {
		if w.Slots != h.slots {
			return fmt.Errorf("setting taskmanager.numberOfTaskSlots of %s is %d, not %d", w.ID,
				w.Slots, h.slots)
		}
	}
	return nil
}

// same compares values as Flink writes them: durations may be written in several ways.
func same(a, b string) bool {
	if a == b || strings.EqualFold(a, b) {
		return true
	}
	x, errX := duration(a)
	y, errY := duration(b)
	return errX == nil && errY == nil && x == y
}

// duration reads a duration as Flink writes it: 10 s, 1 min, 500 ms.
func duration(s string) (time.Duration, error) {
	s = strings.ReplaceAll(s, " ", "")
	s = strings.Replace(s, "min", "m", 1)
	return time.ParseDuration(s)
}

// jobSettings are what a job has in force.
type jobSettings struct {
	// of /checkpoints/config
	Mode       string
	IntervalMs int64  `json:"interval"`
	TimeoutMs  int64  `json:"timeout"`
	Backend    string `json:"state_backend"`
	Storage    string `json:"checkpoint_storage"`
	Unaligned  bool   `json:"unaligned_checkpoints"`
	// of /config
	Execution struct {
		Parallelism int    `json:"job-parallelism"`
		ObjectReuse bool   `json:"object-reuse-mode"`
		Restart     string `json:"restart-strategy"`
	} `json:"execution-config"`
}

func (s *system) jobSettings(ctx context.Context) (j jobSettings, err error) {
	if err = s.host.client.get(ctx, "/jobs/"+s.id+"/checkpoints/config", &j); err == nil {
		err = s.host.client.get(ctx, "/jobs/"+s.id+"/config", &j)
	}
	if err != nil {
		return j, fmt.Errorf("read settings of the job: %w", err)
	}
	return j, nil
}

// checkJob refuses a job whose settings are not those declared, and a cluster that is not ours and
// was started with others than those asked for.
func (s *system) checkJob(ctx context.Context) error {
	j, err := s.jobSettings(ctx)
	if err != nil {
		return err
	}
	declared := s.settings.cluster
	for _, c := range []struct{ name, got, want string }{
		{"execution.checkpointing.interval", milliseconds(j.IntervalMs),
			milliseconds(s.job.Checkpoint.Milliseconds())},
		{"execution.checkpointing.mode", j.Mode, declared["execution.checkpointing.mode"]},
		{"execution.checkpointing.timeout", milliseconds(j.TimeoutMs),
			declared["execution.checkpointing.timeout"]},
		{"execution.checkpointing.unaligned.enabled", strconv.FormatBool(j.Unaligned),
			declared["execution.checkpointing.unaligned.enabled"]},
		{"state.backend.type", backend(j.Backend), declared["state.backend.type"]},
	} {
		if !same(c.got, c.want) {
			return fmt.Errorf("setting %s of the running job is %q, not %q", c.name, c.got, c.want)
		}
	}
	if s.job.Own.Jar == "" {
		if got, want := j.Execution.Parallelism, s.job.Workers*s.job.WorkerCPUs; got != want {
			return fmt.Errorf("parallelism of the running job is %d, not %d", got, want)
		}
	}
	if s.host.at == "" {
		return nil
	}
	return s.checkForeign(ctx)
}

// checkForeign compares what was chosen of a cluster's settings with what it has. One it does not
// tell has Flink's own value.
func (s *system) checkForeign(ctx context.Context) error {
	inForce, err := s.host.inForce(ctx)
	if err != nil {
		return err
	}
	for _, name := range s.settings.chosen {
		want, ok := s.settings.cluster[name]
		if !ok || hasBeginning(name, ofJob) {
			continue
		}
		got, told := inForce[name]
		if !told {
			got = profiles["defaults"][name]
		}
		if !same(got, want) {
			return fmt.Errorf("setting %s of the cluster at %s is %q, not %q: have it started so, or "+
				"leave that out", name, s.host.at, got, want)
		}
	}
	return nil
}

func milliseconds(n int64) string { return strconv.FormatInt(n, 10) + " ms" }

// backend is the name of a state backend by that of its class.
func backend(class string) string {
	switch {
	case strings.Contains(class, "RocksDB"):
		return "rocksdb"
	case strings.Contains(class, "HashMap"):
		return "hashmap"
	}
	return class
}

// Config are the settings in force, read back from the cluster and the job.
func (s *system) Config(ctx context.Context) (map[string]string, error) {
	all, err := s.host.inForce(ctx)
	if err != nil {
		return nil, err
	}
	j, err := s.jobSettings(ctx)
	if err != nil {
		return nil, err
	}
	var workers taskManagers
	if err := s.host.client.get(ctx, "/taskmanagers", &workers); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	for name := range all {
		if secret(name) || strings.HasPrefix(name, "web.tmpdir") {
			delete(all, name)
		}
	}
	// Those of the job go over those of its cluster.
	maps.Copy(all, s.settings.clients)
	all["engine"] = "Apache Flink " + s.host.version
	all["guarantee"] = s.job.Guarantee
	all["format"] = s.job.Format
	all["parallelism"] = strconv.Itoa(j.Execution.Parallelism)
	all["pipeline.object-reuse"] = strconv.FormatBool(j.Execution.ObjectReuse)
	all["restart-strategy"] = j.Execution.Restart
	all["execution.checkpointing.interval"] = milliseconds(j.IntervalMs)
	all["execution.checkpointing.mode"] = strings.ToUpper(j.Mode)
	all["execution.checkpointing.storage"] = j.Storage
	all["execution.checkpointing.unaligned.enabled"] = strconv.FormatBool(j.Unaligned)
	all["state.backend.type"] = backend(j.Backend)
	all["taskmanagers"] = strconv.Itoa(len(workers.TaskManagers))
	for _, w := range workers.TaskManagers {
		all["taskmanager."+w.ID] = fmt.Sprintf(
			"%d slots, %d cores, heap for tasks %d MiB, network %d MiB, managed %d MiB", w.Slots,
			w.Hardware.CPUs, w.Memory.HeapB/mebi, w.Memory.NetworkB/mebi, w.Memory.ManagedB/mebi)
	}
	if s.host.at == "" {
		all["image"] = s.host.image
	} else {
		all["at"] = s.host.at
	}
	if s.job.Own.Jar != "" {
		all["jar"] = s.job.Own.Jar
	}
	return all, nil
}

// secret reports whether a setting may hold one.
func secret(name string) bool {
	for _, word := range []string{"password", "secret", "token", "apikey", "credential"} {
		if strings.Contains(strings.ToLower(name), word) {
			return true
		}
	}
	return false
}

var _ adapters.Hosting = Adapter{}
