package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// leaseState is what a lease holds on disk. When it was renewed last is the time of the file's last
// change: to write that much is one call that waits for no disk, as the act of renewing must not.
type leaseState struct {
	Run   string       `json:"run"`  // unique on this host
	Tool  Process      `json:"tool"` // that keeps it
	Boot  string       `json:"boot"` // of the host; a process of another one is gone
	Undos []leasedUndo `json:"undos"`
}

type leasedUndo struct {
	ID int `json:"id"`
	Undo
}

const (
	leaseEnding = ".json"
	takenEnding = ".undoing" // follows once somebody carries out the undos
	// longestLease bounds a lease file: a schedule has at most some hundred undos at once.
	longestLease = 4 << 20
)

var leaseName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// leaseFolder is where the leases of this user are. Nobody else may write there: undos are acts
// that whoever finds them carries out.
func leaseFolder() (string, error) {
	dir := leaseFolderName()
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, trusted(dir)
}

func leaseFolderName() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("%sleases-%d", ours, os.Getuid()))
}

// listLeases are the files in the folder of leases, which nobody may have made yet.
func listLeases() (paths []string, err error) {
	dir := leaseFolderName()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, ignoreGone(err)
	}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths, trusted(dir)
}

// trusted refuses a folder that somebody else owns or may write to.
func trusted(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a folder that only this user may write to", dir)
	}
	return nil
}

func leasePath(dir, name string) string { return filepath.Join(dir, name+leaseEnding) }

// taken reports whether a lease's undos are being carried out, or have been.
func taken(path string) bool {
	_, kept := os.Lstat(path)
	_, undoing := os.Lstat(path + takenEnding)
	return kept != nil || undoing == nil
}

// write replaces the lease; it is whole on disk when this returns.
func (s leaseState) write(path string) error {
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return fmt.Errorf("write lease: %w", err)
	}
	if len(text) > longestLease {
		return fmt.Errorf("write lease: %d bytes, more than %d", len(text), longestLease)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write lease: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write lease: %w", errors.Join(err, ignoreGone(os.Remove(f.Name()))))
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// readLease reads a lease file.
func readLease(path string) (leaseState, error) {
	f, err := os.Open(path)
	if err != nil {
		return leaseState{}, fmt.Errorf("read lease: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longestLease+1))
	if err != nil {
		return leaseState{}, fmt.Errorf("read lease: %w", err)
	}
	s, err := decodeLease(text)
	if err != nil {
		return leaseState{}, fmt.Errorf("read lease %s: %w", path, err)
	}
	return s, nil
}

// decodeLease reads what write has written, and nothing that could not be carried out.
func decodeLease(text []byte) (leaseState, error) {
	var s leaseState
	if len(text) > longestLease {
		return s, fmt.Errorf("more than %d bytes", longestLease)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, err
	}
	switch {
	case d.More():
		return s, errors.New("goes on behind its end")
	case !leaseName.MatchString(s.Run):
		return s, fmt.Errorf("no run is called %q", s.Run)
	case s.Tool.PID <= 0:
		return s, errors.New("names no tool")
	}
	for _, u := range s.Undos {
		if p := u.Process; p != nil && (p.PID <= 1 || p.Start == 0) {
			return s, fmt.Errorf("undo %d names no process", u.ID)
		}
	}
	return s, nil
}

// alive reports whether the tool that keeps the lease is still there.
func (s leaseState) alive() bool { return s.Boot == bootID() && s.Tool.Alive() }

// bootID tells one run of the host's kernel from another; "" where it says none.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
