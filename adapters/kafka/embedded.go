package kafka

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A process of this binary whose environment says so is a broker and nothing else.
const (
	roleVariable = "STREAMBENCH_ROLE"
	brokerRole   = "broker"
)

// longestStart bounds how long the broker's process may take to listen, or to do as it is told.
const longestStart = 20 * time.Second

// Enter becomes the embedded broker if this process was started as one, and then does not return.
// main calls it first, and so does the TestMain of every test binary that starts a broker.
func Enter() {
	if os.Getenv(roleVariable) != brokerRole {
		return
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "embedded broker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Lines that the broker's process obeys and then writes back.
const (
	stallLine  = "stall"  // answer nobody
	resumeLine = "resume" // answer again, what was asked meanwhile first
)

// serve runs a broker until the other end of stdin is gone, as it is when the tool that started it
// has died, however it did, a stall or not.
func serve(stdin io.Reader, stdout io.Writer) error {
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.ClusterID("streambench-embedded"),
		kfake.BrokerConfigs(map[string]string{
			"message.max.bytes": "4194304",
			// The log is kept in memory, where a segment grows by copying itself.
			"log.segment.bytes": "16777216",
		}),
	)
	if err != nil {
		return err
	}
	// It is never closed: its log is in memory and goes with the process, at once.
	if _, err := fmt.Fprintln(stdout, strings.Join(cluster.ListenAddrs(), ",")); err != nil {
		return err
	}
	resume := make(chan struct{})
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		switch lines.Text() {
		case stallLine:
			resume = stall(cluster)
		case resumeLine:
			close(resume)
		}
		if _, err := fmt.Fprintln(stdout, lines.Text()); err != nil {
			return err
		}
	}
	return nil
}

// stall has a cluster answer nobody until the channel is closed.
func stall(cluster *kfake.Cluster) (resume chan struct{}) {
	resume = make(chan struct{})
	cluster.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		<-resume
		cluster.DropControl()
		return nil, nil, false
	})
	return resume
}

// errDied is why nothing goes on where the embedded broker was.
var errDied = errors.New("the process of the embedded broker has died")

// embedded is a broker in a process of its own.
type embedded struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // that it writes
	at    []string
	dead  chan struct{} // closed when the process has ended

	once sync.Once
}

// startEmbedded starts a broker and waits until it listens.
func startEmbedded(ctx context.Context) (*embedded, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(withoutSecrets(os.Environ()), roleVariable+"="+brokerRole)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start embedded broker: %w", err)
	}
	e := &embedded{
		cmd: cmd, stdin: stdin, dead: make(chan struct{}), lines: make(chan string, 1),
	}
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			e.lines <- lines.Text()
		}
		_ = cmd.Wait() // how it ended is told by whoever misses it
		close(e.dead)
	}()
	text, err := e.line(ctx)
	if err != nil {
		e.close()
		return nil, fmt.Errorf("start embedded broker: wait until it listens: %w", err)
	}
	e.at = strings.Split(text, ",")
	return e, nil
}

// line waits for the next line of the process.
func (e *embedded) line(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longestStart,
		fmt.Errorf("nothing within %s", longestStart))
	defer cancel()
	select {
	case text := <-e.lines:
		return text, nil
	case <-e.dead:
		return "", errDied
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// obey has the process do what a line says, and returns when it has.
func (e *embedded) obey(line string) error {
	_, err := fmt.Fprintln(e.stdin, line)
	if err == nil {
		_, err = e.line(context.Background())
	}
	if err != nil {
		return fmt.Errorf("have the embedded broker %s: %w", line, err)
	}
	return nil
}

// withoutSecrets leaves the credentials for other brokers out of an environment.
func withoutSecrets(env []string) []string {
	return slices.DeleteFunc(env, func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return name == userVariable || name == passwordVariable
	})
}

// close ends the process and waits until it is gone; twice is harmless.
func (e *embedded) close() {
	e.once.Do(func() {
		e.stdin.Close()
		select {
		case <-e.dead:
		case <-time.After(2 * time.Second):
			_ = e.cmd.Process.Kill() // it may have ended just now
			<-e.dead
		}
	})
}

// alive reports whether the process has not ended.
func (e *embedded) alive() bool {
	select {
	case <-e.dead:
		return false
	default:
		return true
	}
}
