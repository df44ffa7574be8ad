package chaos

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// dialRole is a node of tests: it connects to where it is told, says hello, and listens for ever.
const dialRole = "test-dialer"

func init() {
	roles[dialRole] = func(stdin io.Reader, _ io.Writer) error {
		c, err := net.Dial("tcp", os.Getenv("STREAMBENCH_DIAL"))
		if err != nil {
			return err
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, stdin)
		return err
	}
}

// dialer is a node that has a connection to an address.
func dialer(t *testing.T, n Network, node, at string) *exec.Cmd {
	t.Helper()
	cmd, err := helper(dialRole)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "STREAMBENCH_DIAL="+at)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Prepare(node, cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	return cmd
}

func processOf(t *testing.T, pid int) Process {
	t.Helper()
	p, err := ProcessOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestUnrelayedFindsWhoGoesPastTheRelay(t *testing.T) {
	n := newTestRelay(t)
	at := address(t, func() (string, error) { return n.Listen("worker-2") })
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	way := address(t, func() (string, error) { return n.Dial("worker-1", "worker-2") })
	good := dialer(t, n, "worker-1", way)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	hear(t, c, "hello")
	nodes := map[string]Process{
		"worker-1": processOf(t, good.Process.Pid), "worker-2": processOf(t, os.Getpid()),
	}
	// The tests' process started worker-1 and would be taken for the same node.
	found, err := pastRelayOf(nodes)
	if err != nil || len(found) != 0 {
		t.Errorf("through the relay: %q, %v", found, err)
	}
	bad := dialer(t, n, "worker-1", at)
	d, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	hear(t, d, "hello")
	nodes["worker-1"] = processOf(t, bad.Process.Pid)
	found, err = pastRelayOf(nodes)
	if err != nil || len(found) == 0 || !strings.Contains(fmt.Sprint(found), "past the relay") {
		t.Errorf("past the relay: %q, %v", found, err)
	}
}

// pastRelayOf looks at the processes alone, without what they have started.
func pastRelayOf(nodes map[string]Process) ([]string, error) {
	members := map[string][]Process{}
	for node, p := range nodes {
		members[node] = []Process{p}
	}
	return pastRelay(members)
}

func TestUnrelayedFindsWhoIsOutOfItsNamespace(t *testing.T) {
	n := newTestNetns(t)
	at := address(t, func() (string, error) { return n.Listen("") })
	l, err := net.Listen("tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	in, out := dialer(t, n, "worker-1", at), dialer(t, newDirect(), "worker-2", at)
	address(t, func() (string, error) { return n.Listen("worker-2") })
	for range 2 { // which also shows that both reach the tool
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		hear(t, c, "hello")
	}
	found, err := Unrelayed(n, map[string]Process{
		"worker-1": processOf(t, in.Process.Pid), "worker-2": processOf(t, out.Process.Pid),
	})
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "worker-2") {
		t.Errorf("found %q, %v", found, err)
	}
}
