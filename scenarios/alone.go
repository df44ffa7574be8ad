package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/streambench/streambench/chaos"
)

// presence is the mark a run leaves on the host while it lasts, so that runs at the same time see
// each other. It is a locked file of its own in the folder for temporary files: the kernel drops
// the lock with the process, so that a run that was killed leaves no false mark.
type presence struct {
	file *os.File
	path string // by now
	glob string
}

const (
	markPrefix = "streambench-mark-"
	// markGlob matches the marks of all runs.
	markGlob = markPrefix + "*"
)

// announce leaves the mark of this run in dir.
func announce(dir string) (*presence, error) {
	f, err := os.CreateTemp(dir, fmt.Sprintf("%s%d-*", markPrefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("mark the host as busy: %w: set TMPDIR to a folder that this user may "+
			"write to", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return &presence{file: f, path: f.Name(), glob: filepath.Join(dir, markGlob)}, nil
}

// hand gives the mark the name of what a lease may remove, so that nothing is left of it where the
// tool is killed. The lock stays: it is of the file, whatever its name.
func (p *presence) hand(l chaos.Lease) error {
	to := filepath.Join(filepath.Dir(p.path),
		chaos.NameFor(l.Label(), fmt.Sprintf("mark-%d", os.Getpid())))
	if _, err := l.Add(chaos.Undo{Op: chaos.OpRemove, Path: to}); err != nil {
		return err
	}
	if err := os.Rename(p.path, to); err != nil {
		return fmt.Errorf("mark the host as busy: %w", err)
	}
	p.path = to
	return nil
}

// takeBack gives the mark the name again that it had before it was handed to a lease.
func (p *presence) takeBack() {
	// One that a lease has removed meanwhile is gone: the run is told of that by the lease.
	if p.path != p.file.Name() && os.Rename(p.path, p.file.Name()) == nil {
		p.path = p.file.Name()
	}
}

// others are the processes of other runs on this host now. Marks nobody holds are removed.
func (p *presence) others() []string {
	var pids []string
	for _, name := range marks(p.glob) {
		switch {
		case name == p.path:
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
	pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), markPrefix), "-")
	if _, err := strconv.Atoi(pid); err != nil {
		return "unknown"
	}
	return pid
}

// withdraw takes the mark away.
func (p *presence) withdraw() {
	os.Remove(p.path)
	p.file.Close()
}
