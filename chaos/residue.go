package chaos

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Residue is what the host still has of the run whose lease had a label: processes and those of
// them that stand still, control groups, namespaces, rules, containers with their volumes and
// networks, temporary files, leases. It must be empty once the lease is closed.
func Residue(ctx context.Context, label string) ([]string, error) {
	if !labels(label) {
		return nil, fmt.Errorf("look for residue: %q is the label of no run", label)
	}
	run := runOf(label)
	all, err := labelled(label)
	if err != nil {
		return nil, fmt.Errorf("look for residue: %w", err)
	}
	var left []string
	for _, p := range all {
		v, err := p.vitals()
		switch {
		case err != nil || v.ended(): // it went just now
		case v.State == 'T':
			left = append(left, fmt.Sprintf("stopped process %d (%s)", p.PID, commandOf(p.PID)))
		default:
			left = append(left, fmt.Sprintf("process %d (%s)", p.PID, commandOf(p.PID)))
		}
	}
	for _, place := range []struct{ what, dir string }{
		{"control group", "/sys/fs/cgroup"}, {"namespace", "/run/netns"},
	} {
		for _, path := range namedBelow(place.dir, label) {
			left = append(left, place.what+" "+path)
		}
	}
	left = append(left, rulesOf(ctx, run)...)
	contained, err := engineLeft(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("look for residue: %w", err)
	}
	left = append(left, contained...)
	files, err := filesOf(label)
	if err != nil {
		return nil, fmt.Errorf("look for residue: %w", err)
	}
	return append(left, files...), nil
}

// namedBelow are the folders and files below a folder that are named after a run.
func namedBelow(dir, label string) (found []string) {
	// What cannot be read is not this user's, and what goes while it is listed is no residue.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && namedAfter(label, d.Name()) {
			found = append(found, path)
			if d.IsDir() {
				return fs.SkipDir
			}
		}
		return nil
	})
	return found
}

// rulesOf are the rules of this host's firewall that name a run. Those of a namespace go with it.
func rulesOf(ctx context.Context, run string) (rules []string) {
	for _, command := range []string{"iptables-save", "ip6tables-save"} {
		// Where there is no such command, or no right to use it, there are no rules of ours.
		out, err := exec.CommandContext(ctx, command).Output()
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, run) {
				rules = append(rules, "rule "+strings.TrimSpace(line))
			}
		}
	}
	return rules
}

// filesOf are the temporary files and folders of a run, its lease among them.
func filesOf(label string) (left []string, err error) {
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if namedAfter(label, e.Name()) {
			left = append(left, filepath.Join(os.TempDir(), e.Name()))
		}
	}
	leases, err := listLeases()
	if err != nil {
		return nil, err
	}
	for _, path := range leases {
		name := strings.TrimPrefix(filepath.Base(path), ".")
		if strings.HasPrefix(name, runOf(label)+leaseEnding) {
			left = append(left, path)
		}
	}
	return left, nil
}

// Leftover is the lease of a run whose tool is gone.
type Leftover struct {
	Run   string   `json:"run"`
	Undos []string `json:"undos"` // what there is to undo, or what was undone, in its order
	path  string
}

// Leftovers are the leases that nobody keeps any more: neither a tool nor a reaper, which is
// quicker than this as long as it lives. What cannot be read is in the error, beside the others.
func Leftovers() (all []Leftover, err error) {
	paths, err := listLeases()
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	var unread error
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, ".") || !strings.Contains(name, leaseEnding) {
			continue
		}
		s, err := readLease(path)
		if err != nil {
			if ignoreGone(err) != nil {
				unread = err
			}
			continue
		}
		if s.alive() && !strings.HasSuffix(path, takenEnding) {
			continue
		}
		l := Leftover{Run: s.Run, path: path}
		for _, u := range slices.Backward(s.Undos) {
			l.Undos = append(l.Undos, u.String())
		}
		all = append(all, l)
	}
	return all, unread
}

// Clean carries out the undos of a lease that was left behind, and removes it. A lease whose undos
// fail stays.
func (l Leftover) Clean(ctx context.Context) (Leftover, error) {
	done, err := undoAll(ctx, l.path)
	if err != nil {
		return l, fmt.Errorf("clean what run %s left (%s): %w", l.Run, filepath.Dir(l.path), err)
	}
	l.Undos = done
	return l, nil
}
