package scenarios

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/streambench/streambench/adapters"
)

const (
	// keptCheckpoints are those on disk at a time: the last complete one, the one before it, and the
	// one being written.
	keptCheckpoints = 3
	// stateOfKeyB is what a key takes in a checkpoint with what its window holds, generously.
	stateOfKeyB = 128
	// leastStateB is what the checkpoints of a system take whatever it keeps.
	leastStateB = 16 << 20
)

// checkpointB is about how much the checkpoints of a system take on disk at a time: that of every
// key in every window that is open at once, bounded by the memory its workers have; 0 where it
// takes none.
func (s *Scenario) checkpointB(job adapters.Job) uint64 {
	if !s.distributed() || job.Guarantee == "at-most-once" {
		return 0
	}
	keys := uint64(job.Workload.Settings.Values["keys"].Int)
	windows := uint64(1)
	if w := job.Workload.Query.Window; w.SlideMs > 0 {
		windows = uint64(w.SizeMs/w.SlideMs) + 1
	}
	state := max(leastStateB, keys*windows*stateOfKeyB)
	if all := job.MemoryB * uint64(job.Workers); all > 0 {
		state = min(state, all)
	}
	return keptCheckpoints * state
}

// room says why the output folder is too small for the checkpoints of a job: a run would fail with
// a full disk when it is well under way.
func (r *run) room(job adapters.Job) error {
	need := r.req.Scenario.checkpointB(job)
	if need == 0 {
		return nil
	}
	dir := r.req.Dir
	for dir != "" && dir != "/" && dir != "." { // it is made when the run begins
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	free := r.req.free
	if free == nil {
		free = freeOn
	}
	has, err := free(filepath.Clean(dir))
	if err != nil || has >= need {
		return nil // a folder that cannot be looked at fails where it is made
	}
	return fmt.Errorf("checkpoints of %s take about %s on disk, %s has %s free: free some, choose "+
		"another folder with --dir, or lower params.keys", job.Workload.Name, formatSize(need), dir,
		formatSize(has))
}

func freeOn(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
