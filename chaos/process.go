package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// vital is what the kernel says of a process: enough to tell it from another that was given its
// number later, and to see whether it stands still.
type vital struct {
	State  byte   // R, S, D, T (stopped), Z (ended and not waited for), …
	Parent int    // its number
	Group  int    // its process group
	Ticks  uint64 // clock ticks of processor time used
	Start  uint64 // clock ticks since boot
}

// ended reports whether the process does nothing any more.
func (v vital) ended() bool { return v.State == 'Z' || v.State == 'X' }

// errGone says that a process is not there, or that its number is another's by now.
var errGone = errors.New("the process is gone")

// ProcessOf names the process that has a number now.
func ProcessOf(pid int) (Process, error) {
	v, err := readVital(pid)
	if err != nil {
		return Process{}, fmt.Errorf("look up process %d: %w", pid, err)
	}
	return Process{PID: pid, Start: v.Start}, nil
}

// vitals are what the kernel says of this very process; errGone where it is not there any more.
func (p Process) vitals() (vital, error) {
	v, err := readVital(p.PID)
	if err == nil && v.Start != p.Start {
		err = errGone
	}
	return v, err
}

// Alive reports whether the process is there and has not ended.
func (p Process) Alive() bool {
	v, err := p.vitals()
	return err == nil && !v.ended()
}

func readVital(pid int) (vital, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return vital{}, errGone
	}
	if err != nil {
		return vital{}, err
	}
	return parseVital(text)
}

// parseVital reads /proc/PID/stat. The name in parentheses may hold anything, parentheses too.
func parseVital(text []byte) (vital, error) {
	i := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[i+1:]))
	if i < 0 || len(fields) < 20 || len(fields[0]) != 1 {
		return vital{}, fmt.Errorf("state of a process %q: not as the kernel writes it", text)
	}
	var numbers [20]uint64
	for j := 1; j < 20; j++ {
		// Some of the fields are negative; none of those is read.
		numbers[j], _ = strconv.ParseUint(fields[j], 10, 64)
	}
	return vital{
		State: fields[0][0], Parent: int(numbers[1]), Group: int(numbers[2]),
		Ticks: numbers[11] + numbers[12], Start: numbers[19],
	}, nil
}

// processes are all processes of this host that have not ended, with what the kernel says of them.
func processes() (map[int]vital, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all := map[int]vital{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if v, err := readVital(pid); err == nil && !v.ended() {
			all[pid] = v
		}
	}
	return all, nil
}

// family are a process, those it started, those they started, and, where it leads a process group,
// the others of the group: the first is the process itself. To kill a wrapper alone would leave
// alive what it wraps.
func family(p Process) ([]Process, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	if v, ok := all[p.PID]; !ok || v.Start != p.Start {
		return nil, fmt.Errorf("process %d: %w", p.PID, errGone)
	}
	members := []Process{p}
	in := map[int]bool{p.PID: true}
	for grown := true; grown; {
		grown = false
		for pid, v := range all {
			if !in[pid] && (in[v.Parent] || v.Group == p.PID) {
				in[pid], grown = true, true
				members = append(members, Process{PID: pid, Start: v.Start})
			}
		}
	}
	slices.SortFunc(members[1:], func(a, b Process) int { return a.PID - b.PID })
	return members, nil
}

// labelled are the processes whose environment has an entry, as it was when they were started.
// This process is none of them.
func labelled(label string) ([]Process, error) {
	if !labels(label) {
		return nil, fmt.Errorf("find processes by label: %q is the label of no run", label)
	}
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var found []Process
	for pid, v := range all {
		if pid != os.Getpid() && carries(pid, label) {
			found = append(found, Process{PID: pid, Start: v.Start})
		}
	}
	slices.SortFunc(found, func(a, b Process) int { return a.PID - b.PID })
	return found, nil
}

// carries reports whether the environment of a process has an entry. That of other users cannot be
// read, and nothing of theirs is ours.
func carries(pid int, label string) bool {
	if !labels(label) {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && slices.Contains(strings.Split(string(text), "\x00"), label)
}

// commandOf is how a process was called, for people.
func commandOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(text) == 0 {
		return "?"
	}
	words := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
	words[0] = filepath.Base(words[0])
	return strings.Join(words[:min(len(words), 4)], " ")
}
