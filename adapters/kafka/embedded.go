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
)

// A process of this binary whose environment says so is a broker and nothing else.
const (
	roleVariable = "STREAMBENCH_ROLE"
	brokerRole   = "broker"
)

// longestStart bounds how long the broker's process may take to listen.
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

// serve runs a broker until the other end of stdin is gone, as it is when the tool that started it
// has died, however it did.
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
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// errDied is why nothing goes on where the embedded broker was.
var errDied = errors.New("the process of the embedded broker has died")

// embedded is a broker in a process of its own.
type embedded struct {
	cmd   *exec.Cmd
	stdin io.Closer
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
	e := &embedded{cmd: cmd, stdin: stdin, dead: make(chan struct{})}
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- strings.TrimSpace(text)
		_ = cmd.Wait() // how it ended is told by whoever misses it
		close(e.dead)
	}()
	timer := time.NewTimer(longestStart)
	defer timer.Stop()
	select {
	case text := <-line:
		if text != "" {
			e.at = strings.Split(text, ",")
			return e, nil
		}
		err = errors.New("it ended before it listened")
	case <-timer.C:
		err = fmt.Errorf("it did not listen within %s", longestStart)
	case <-ctx.Done():
		err = ctx.Err()
	}
	e.close()
	return nil, fmt.Errorf("start embedded broker: %w", err)
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
