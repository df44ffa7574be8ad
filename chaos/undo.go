package chaos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What an Undo does. Each of them may be carried out twice, by different processes at once, and
// each refuses to touch what does not belong to the run it is of.
const (
	OpKill     = "kill"     // Process and, without one, every process that carries the run's label
	OpContinue = "continue" // Process, which was stopped
	OpRemove   = "remove"   // Path: a file or folder below a folder named after the run, or that one
	OpRule     = "rule"     // Args: a command that takes away a rule of a firewall or a shaper
	OpLink     = "link"     // Args: a command that takes away a namespace or a device
	OpCgroup   = "cgroup"   // Path: a control group named after the run; processes go to its parent
	OpRelay    = "relay"    // Edges, mended by the relay that listens at Address
	// Of a container engine at Address, what is called as the only one of Args, and carries the run
	// of the lease as its label LeaseLabel.
	OpContainer = "container"
	OpVolume    = "volume"
	OpNetwork   = "network"
)

// LeaseLabel is the label of containers, volumes and networks that names the lease they belong to:
// its value is what Label of the lease has behind the "=".
const LeaseLabel = "streambench.lease"

// longestUndo bounds how long one undo may take.
const longestUndo = 5 * time.Second

// labelVariable names the run that a process was started for, in its environment.
const labelVariable = "STREAMBENCH_RUN"

// ours is the first word in the name of every file, folder, namespace and control group made for a
// run. The label of the run is in the name too.
const ours = "streambench-"

// NameFor names a folder, a namespace or a control group of a run: an undo takes away nothing that
// is not called like this. The label is that of the run's Lease.
func NameFor(label, what string) string { return ours + what + "-" + runOf(label) }

// labels reports whether a label names a run. One that does not is carried by everybody.
func labels(label string) bool {
	return strings.HasPrefix(label, labelVariable+"=") && leaseName.MatchString(runOf(label))
}

// runOf is the value of a label.
func runOf(label string) string { return strings.TrimPrefix(label, labelVariable+"=") }

// undo carries out one undo of the run that has a label. What is gone already is undone.
func undo(ctx context.Context, label string, u Undo) error {
	longest := longestUndo
	if _, ok := engineKinds[u.Op]; ok {
		longest = longestEngineUndo
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longest,
		fmt.Errorf("not done within %s", longest))
	defer cancel()
	if !labels(label) {
		return fmt.Errorf("undo %s: %q is the label of no run", u, label)
	}
	if err := undoOne(ctx, label, u); err != nil {
		return fmt.Errorf("undo %s: %w", u, err)
	}
	return nil
}

func undoOne(ctx context.Context, label string, u Undo) error {
	switch {
	case u.Op == OpKill && u.Process == nil:
		return killLabelled(ctx, label)
	case u.Op == OpKill:
		return signalOwn(ctx, label, *u.Process, syscall.SIGKILL)
	case u.Op == OpContinue && u.Process != nil:
		return signalOwn(ctx, label, *u.Process, syscall.SIGCONT)
	case u.Op == OpRemove:
		return removeOwn(label, u.Path)
	case u.Op == OpCgroup:
		return removeCgroup(ctx, label, u.Path)
	case u.Op == OpRule || u.Op == OpLink:
		return runOwn(ctx, label, u.Args)
	case u.Op == OpRelay:
		return mendAt(ctx, u.Address, u.Edges)
	case len(u.Args) == 1 && engineKinds[u.Op] != "":
		return removeFromEngine(ctx, label, u)
	}
	return fmt.Errorf("no such act")
}

// String is what an undo does, for people.
func (u Undo) String() string {
	switch {
	case u.Process != nil:
		return fmt.Sprintf("%s process %d", u.Op, u.Process.PID)
	case u.Op == OpKill:
		return "kill every process of the run"
	case u.Path != "":
		return u.Op + " " + u.Path
	case engineKinds[u.Op] != "":
		return "remove " + u.Op + " " + strings.Join(u.Args, " ")
	case len(u.Args) > 0:
		return u.Op + ": " + strings.Join(u.Args, " ")
	case u.Address != "":
		return fmt.Sprintf("mend %d edges at %s", len(u.Edges), u.Address)
	}
	return u.Op
}

// signalOwn signals one process of the run. One that is gone needs no signal.
func signalOwn(ctx context.Context, label string, p Process, s syscall.Signal) error {
	h, err := hold(p)
	if errors.Is(err, errGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer h.close()
	if !carries(p.PID, label) {
		// One that is ending has no environment any more, and is gone soon.
		if commandOf(p.PID) == "?" && h.ended(longestUndo/2) {
			return nil
		}
		return fmt.Errorf("process %d (%s) is not of this run", p.PID, commandOf(p.PID))
	}
	if err := h.signal(s); err != nil || s != syscall.SIGKILL {
		return err
	}
	return h.wait(ctx)
}

// killLabelled kills every process of the run, until there is none: one may just have started
// another.
func killLabelled(ctx context.Context, label string) error {
	for {
		all, err := labelled(label)
		if err != nil || len(all) == 0 {
			return err
		}
		for _, p := range all {
			if err := signalOwn(ctx, label, p, syscall.SIGKILL); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// ownPart is the first element of a path that is named after the run, with what leads to it; ""
// where none is.
func ownPart(label, path string) (own string) {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return ""
	}
	parts := strings.Split(path, string(filepath.Separator))
	for i, part := range parts {
		if namedAfter(label, part) {
			return strings.Join(parts[:i+1], string(filepath.Separator))
		}
	}
	return ""
}

// namedAfter reports whether a name is one that NameFor gives.
func namedAfter(label, name string) bool {
	rest, ok := strings.CutPrefix(name, ours)
	return ok && labels(label) && strings.HasSuffix(rest, "-"+runOf(label))
}

// removeOwn removes a file or folder in a folder named after the run. It follows no link on the
// way.
func removeOwn(label, path string) error {
	own := ownPart(label, path)
	if own == "" {
		return fmt.Errorf("the path is not in a folder named after the run")
	}
	root, err := os.OpenRoot(filepath.Dir(own))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	inside, err := filepath.Rel(filepath.Dir(own), path)
	if err != nil {
		return err
	}
	// A link in place of the folder would lead RemoveAll elsewhere within the root.
	if info, err := root.Lstat(filepath.Base(own)); err == nil && inside != filepath.Base(own) &&
		info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a link", own)
	}
	return root.RemoveAll(inside)
}

// commands are the only ones an undo may run.
var commands = []string{"ip", "iptables", "ip6tables", "tc", "nsenter", "conntrack"}

// gone are what these commands say of something that is not there.
var gone = []string{
	"No such file", "does not exist", "Cannot find", "No chain/target/match", "Bad rule",
	"No such process", "Cannot delete qdisc", "doesn't exist",
}

// runOwn runs a command that names the run, as in the comment of a rule.
func runOwn(ctx context.Context, label string, args []string) error {
	switch {
	case len(args) == 0 || !slices.Contains(commands, args[0]):
		return fmt.Errorf("the command is none of %s", strings.Join(commands, ", "))
	case !slices.ContainsFunc(args[1:], func(s string) bool {
		return strings.Contains(s, runOf(label))
	}):
		return fmt.Errorf("the command does not name the run")
	}
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err == nil || slices.ContainsFunc(gone, func(s string) bool {
		return strings.Contains(said, s)
	}) {
		return nil
	}
	return fmt.Errorf("%w: %s", err, said)
}
