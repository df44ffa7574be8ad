//go:build linux

package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const testLabel = labelVariable + "=undo-test-7f3a"

// labelledSleep is a process with an environment of its own.
func labelledSleep(t *testing.T, env ...string) Process {
	t.Helper()
	cmd := exec.Command("sleep", "120")
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	p, err := ProcessOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	// Until the program is there, the process has the environment of this one.
	eventually(t, "the program", func() bool { return strings.Contains(commandOf(p.PID), "sleep") })
	return p
}

func TestAnUndoTouchesNothingOfOthers(t *testing.T) {
	dir := t.TempDir()
	foreign := labelledSleep(t, labelVariable+"=another-run")
	unlabelled := labelledSleep(t)
	own := filepath.Join(dir, NameFor(testLabel, "state"))
	elsewhere := filepath.Join(dir, "precious")
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, own); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(elsewhere, "data"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, u := range map[string]Undo{
		"a process of another run":           {Op: OpKill, Process: &foreign},
		"a process of nobody's run":          {Op: OpKill, Process: &unlabelled},
		"to go on, of another run":           {Op: OpContinue, Process: &foreign},
		"nothing to go on":                   {Op: OpContinue},
		"the folder around":                  {Op: OpRemove, Path: dir},
		"a folder of another name":           {Op: OpRemove, Path: elsewhere},
		"a folder of another run":            {Op: OpRemove, Path: filepath.Join(dir, "streambench-state-x")},
		"a folder out of the run's":          {Op: OpRemove, Path: own + "/../precious"},
		"what a link in its place leads to":  {Op: OpRemove, Path: filepath.Join(own, "data")},
		"a relative path":                    {Op: OpRemove, Path: NameFor(testLabel, "state")},
		"the root":                           {Op: OpRemove, Path: "/"},
		"no path":                            {Op: OpRemove},
		"a control group of others":          {Op: OpCgroup, Path: "/sys/fs/cgroup/cpu/system.slice"},
		"a control group inside that of run": {Op: OpCgroup, Path: filepath.Join(own, "x")},
		"a command of another kind":          {Op: OpRule, Args: []string{"rm", runOf(testLabel)}},
		"a rule of others":                   {Op: OpRule, Args: []string{"iptables", "-F"}},
		"a namespace of others":              {Op: OpLink, Args: []string{"ip", "netns", "del", "prod"}},
		"no command":                         {Op: OpLink},
		"an act that is none":                {Op: "format"},
	} {
		if err := undo(t.Context(), testLabel, u); err == nil {
			t.Errorf("%s: %s is carried out", name, u)
		}
	}
	for _, p := range []Process{foreign, unlabelled} {
		if !p.Alive() {
			t.Error("a process of somebody else is gone")
		}
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "data")); err != nil {
		t.Error(err)
	}
}

func TestALabelWithoutARunIsNobodys(t *testing.T) {
	for _, label := range []string{"", labelVariable, labelVariable + "=", "X=run", "/", "=a"} {
		if carries(os.Getpid(), label) {
			t.Errorf("this process carries %q", label)
		}
		if all, err := labelled(label); err == nil {
			t.Errorf("%q labels %v", label, all)
		}
		// What is undone here would be harmless.
		u := Undo{Op: OpRemove, Path: filepath.Join(t.TempDir(), "streambench-x-")}
		if err := undo(t.Context(), label, u); err == nil {
			t.Errorf("%s is carried out for %q", u, label)
		}
	}
}

func TestEveryUndoIsHarmlessTwice(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, NameFor(testLabel, "state"))
	if err := os.MkdirAll(filepath.Join(own, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(dir, "outside")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(own, "a", "link")); err != nil {
		t.Fatal(err)
	}
	one, other, third := labelledSleep(t, testLabel), labelledSleep(t, testLabel), labelledSleep(t, testLabel)
	for _, u := range []Undo{
		{Op: OpContinue, Process: &one},
		{Op: OpKill, Process: &one},
		{Op: OpKill},
		{Op: OpRemove, Path: filepath.Join(own, "a")},
		{Op: OpRemove, Path: own},
		{Op: OpCgroup, Path: filepath.Join("/sys/fs/cgroup", NameFor(testLabel, "cpu"))},
	} {
		for range 2 {
			if err := undo(t.Context(), testLabel, u); err != nil {
				t.Error(err)
			}
		}
	}
	for _, p := range []Process{one, other, third} {
		if p.Alive() {
			t.Errorf("process %d is still there", p.PID)
		}
	}
	if _, err := os.Stat(own); err == nil {
		t.Error("the folder is still there")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

// TestANumberThatWasGivenAgainIsLeftAlone holds that a process is told by its start, too.
func TestANumberThatWasGivenAgainIsLeftAlone(t *testing.T) {
	p := labelledSleep(t, testLabel)
	before := Process{PID: p.PID, Start: p.Start - 1}
	if err := undo(t.Context(), testLabel, Undo{Op: OpKill, Process: &before}); err != nil {
		t.Error(err)
	}
	if !p.Alive() {
		t.Error("it was killed in place of another")
	}
}
