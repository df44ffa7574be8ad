package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// presence is the mark a run leaves on the host while it lasts, so that runs at the same time see
// each other. It is a locked file of its own in the folder for temporary files: the kernel drops
// the lock with the process, so that a run that was killed leaves no false mark.
type presence struct {
	file *os.File
	glob string
}

// markGlob matches the marks of all runs.
const markGlob = "streambench-run-*.lock"

// announce leaves the mark of this run in dir.
func announce(dir string) (*presence, error) {
	name := fmt.Sprintf("streambench-run-%d-*.lock", os.Getpid())
	f, err := os.CreateTemp(dir, name)
	if err != nil {
		return nil, fmt.Errorf("mark the host as busy: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return &presence{file: f, glob: filepath.Join(dir, markGlob)}, nil
}

// others are the processes of other runs on this host now. Marks nobody holds are removed.
func (p *presence) others() []string {
	var pids []string
	for _, name := range marks(p.glob) {
		switch {
		case name == p.file.Name():
		case held(name):
			pids = append(pids, pidOf(name))
		default:
			os.Remove(name)
		}
	}
	return pids
}

// StaleMarks are the files of marks in dir that runs left which were killed.
func StaleMarks(dir string) []string {
	return slices.DeleteFunc(marks(filepath.Join(dir, markGlob)), held)
}

func marks(glob string) []string {
	names, err := filepath.Glob(glob)
	if err != nil {
		panic("BUG: glob " + glob + ": " + err.Error())
	}
	return names
}

// held reports whether a live run holds a mark.
func held(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil
}

func pidOf(name string) string {
	pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), "streambench-run-"), "-")
	if _, err := strconv.Atoi(pid); err != nil {
		return "unknown"
	}
	return pid
}

// withdraw takes the mark away.
func (p *presence) withdraw() {
	os.Remove(p.file.Name())
	p.file.Close()
}
