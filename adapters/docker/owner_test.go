package docker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/chaos"
)

// toy deploys a container, with a lease or without, says so, and waits to be killed.
func toy(part string) {
	time.AfterFunc(3*time.Minute, func() { os.Exit(1) })
	if part == "connect" {
		_, err := Connect(context.Background())
		fmt.Println(err)
		return
	}
	label, err := toyDeploys(part)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println("deployed", label)
	select {}
}

func toyDeploys(part string) (string, error) {
	ctx := context.Background()
	e, err := Connect(ctx)
	if err != nil {
		return "", err
	}
	image, err := e.base(ctx, "")
	if err != nil {
		return "", err
	}
	how, run, _ := strings.Cut(part, " ")
	cfg, label := DeploymentConfig{RunID: run}, "-"
	if how == "leased" {
		lease, err := chaos.OpenLease(ctx, run)
		if err != nil {
			return "", err
		}
		cfg.Lease, label = lease, lease.Label()
	}
	d, err := e.NewDeployment(ctx, cfg)
	if err != nil {
		return "", err
	}
	_, err = d.Start(ctx, Spec{
		Name: "worker-1", Image: image, Cmd: []string{"sleep", "120"}, Shared: "/srv",
	})
	return label, err
}

// startToy returns the label of its lease once it has deployed.
func startToy(t *testing.T, part string) (*exec.Cmd, string) {
	t.Helper()
	tool := exec.Command(os.Args[0])
	tool.Env = append(os.Environ(), toyVariable+"="+part)
	tool.Stderr = os.Stderr
	out, err := tool.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tool.Process.Kill()
		tool.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 2 || words[0] != "deployed" {
		t.Fatalf("%q, %v", line, err)
	}
	return tool, words[1]
}

// TestNothingIsLeftOfAToolThatWasKilled holds that the reaper removes what a tool that was killed
// had in containers.
func TestNothingIsLeftOfAToolThatWasKilled(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	run := runID(t)
	tool, label := startToy(t, "leased "+run)
	left, err := chaos.Residue(t.Context(), label)
	if err != nil || len(left) < 4 {
		t.Fatalf("before: %q, %v", left, err)
	}
	if err := tool.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		left, err := chaos.Residue(t.Context(), label)
		left = append(left, labelled(t, e, labelRun+"="+run)...)
		if err == nil && len(left) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("left behind: %q, %v", left, err)
		}
	}
}

// TestSweepRemovesWhatDeadToolsLeft holds that what nobody watches over any more is removed, and
// what belongs to a tool that lives, or to one of another host, is not.
func TestSweepRemovesWhatDeadToolsLeft(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	run := runID(t)
	tool, _ := startToy(t, "bare "+run)
	if _, err := e.Sweep(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if left := labelled(t, e, labelRun+"="+run); len(left) != 3 {
		t.Fatalf("of a tool that lives there is left %q", left)
	}
	tool.Process.Kill()
	tool.Wait()
	would, err := e.Sweep(t.Context(), true)
	if err != nil || !strings.Contains(strings.Join(would, "\n"), "container streambench-"+run) {
		t.Errorf("it would remove %q, %v", would, err)
	}
	if left := labelled(t, e, labelRun+"="+run); len(left) != 3 {
		t.Fatalf("a sweep that removes nothing leaves %q", left)
	}
	if _, err := e.Sweep(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if left := labelled(t, e, labelRun+"="+run); len(left) != 0 {
		t.Errorf("of a dead tool there is left %q", left)
	}
}

func TestOnlyToolsOfThisHostAreKnownToBeDead(t *testing.T) {
	boot := lineOf("/proc/sys/kernel/random/boot_id")
	if boot == "" {
		t.Skip("not on Linux")
	}
	cases := []struct {
		name, owner, home string
		dead              bool
	}{
		{"this one", owner(), home(), false},
		{"one with a number that is not taken", "4999999:7@" + boot, home(), true},
		{"one with a number that is another's by now", "1:1@" + boot, home(), true},
		{"one before the host was restarted", "1:1@another", home(), true},
		{"one of another host", "4999999:7@" + boot, "another", false},
		{"one that somebody else labelled", "me", home(), false},
		{"nobody", "", "", false},
	}
	for _, c := range cases {
		labels := map[string]string{labelOwner: c.owner, labelHome: c.home}
		if dead(labels) != c.dead {
			t.Errorf("%s is dead: %v", c.name, !c.dead)
		}
	}
}
