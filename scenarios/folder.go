package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// latestLink is the name of the link to the newest run, beside the run folders.
const latestLink = "latest"

// probeB is what an output folder must have room for before a run starts. Windowed results are
// spooled there while the run lasts, so a folder with less would fail later and cost the run.
const probeB = 1 << 20

// NotReadyError says that the environment is not ready for a run: nothing was started.
type NotReadyError struct{ Err error }

// Error is the reason and its remedy.
func (e *NotReadyError) Error() string {
	// That something is not supported is what the error is about.
	return strings.TrimSuffix(e.Err.Error(), ": "+errors.ErrUnsupported.Error())
}

// Unwrap is the reason.
func (e *NotReadyError) Unwrap() error { return e.Err }

func notReady(format string, args ...any) error {
	return &NotReadyError{Err: fmt.Errorf(format, args...)}
}

// makeRunDir makes the folder of a run under dir, which is made too, and proves that it can be
// written to. The folder's name is the run's id.
func makeRunDir(dir, name string, start time.Time) (id string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", notReady("make output folder: %w: choose another with --dir", err)
	}
	base := runName(name, start)
	for n := 1; ; n++ {
		id = base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		err := os.Mkdir(filepath.Join(dir, id), 0o755)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", notReady("make run folder: %w: choose another with --dir", err)
		}
	}
	path := filepath.Join(dir, id)
	if err := probe(path); err != nil {
		os.RemoveAll(path)
		return "", notReady("write to %s: %w: free some space or choose another folder with --dir",
			dir, err)
	}
	return id, nil
}

// runName is the name of a run's folder, unless there is one.
func runName(name string, start time.Time) string {
	return start.UTC().Format("20060102T150405Z") + "-" + fileName(name)
}

// fileName keeps of a name what every file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '-'
	}, name)
}

// probe writes and removes a file of random-free content: file systems count its blocks all the
// same once it is synced.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(bytes.Repeat([]byte{1}, probeB))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// linkLatest points the link beside the run folders to a run, in one step.
func linkLatest(dir, id string) error {
	temp := filepath.Join(dir, "."+latestLink+"-"+id)
	if err := os.Symlink(id, temp); err != nil {
		return fmt.Errorf("link %s: %w", latestLink, err)
	}
	if err := os.Rename(temp, filepath.Join(dir, latestLink)); err != nil {
		os.Remove(temp)
		return fmt.Errorf("link %s: %w", latestLink, err)
	}
	return nil
}
