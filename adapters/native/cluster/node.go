package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// A process of this binary whose environment says so is a node and nothing else.
const roleVariable = "STREAMBENCH_ROLE"

// The roles.
const (
	workerRole      = "native-worker"
	coordinatorRole = "native-coordinator"
)

// node is what every node's process has: a place to listen, and the runner that controls it.
type node struct {
	cfg      nodeConfig
	listener net.Listener

	mu     sync.Mutex
	runner *conn // nil until it has called
}

// role is what a node does with its connections.
type role interface {
	// control takes a frame of the runner's, in their order.
	control(k kind, body []byte) error
	// connected has a connection another node has opened, until it ends.
	connected(h hello, c *conn)
	// run works until the node cannot go on.
	run() error
}

// Enter becomes a node of a cluster if this process was started as one, and then does not return.
func Enter(open Opener) {
	name := os.Getenv(roleVariable)
	if name != workerRole && name != coordinatorRole {
		return
	}
	if err := serve(name, open, os.Stdin); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve is the life of a node: it is over when the other end of stdin is gone, as it is when the
// tool that started it has died, however it did.
func serve(as string, open Opener, stdin io.Reader) error {
	lines := bufio.NewReader(stdin)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read what to be: %w", err)
	}
	n := &node{}
	if err := json.Unmarshal(line, &n.cfg); err != nil {
		return fmt.Errorf("read what to be: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		os.Exit(0)
	}()
	if n.listener, err = listen(n.cfg.Listen); err != nil {
		return err
	}
	var r role
	if as == coordinatorRole {
		r, err = newCoordinator(n)
	} else {
		r, err = newWorker(n, open)
	}
	if err != nil {
		return err
	}
	go n.accept(r)
	return r.run()
}

// listen takes the node's port. One that was just killed may still hold it for a moment.
func listen(address string) (l net.Listener, err error) {
	for range 200 {
		if l, err = net.Listen("tcp", address); err == nil {
			return l, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, fmt.Errorf("listen: %w", err)
}

func (n *node) accept(r role) {
	for {
		c, err := n.listener.Accept()
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: accept: %v\n", n.cfg.Name, err)
			os.Exit(1)
		}
		go n.greet(r, newConn(c))
	}
}

// greet finds out who has called.
func (n *node) greet(r role, c *conn) {
	defer c.close()
	k, body, err := c.read()
	if err != nil || k != kindHello {
		return // a probe, or nobody we know
	}
	h, err := decode[hello](body)
	if err != nil {
		return
	}
	if h.From != "" {
		r.connected(h, c)
		return
	}
	n.mu.Lock()
	n.runner = c
	n.mu.Unlock()
	for {
		k, body, err := c.read()
		if err == nil {
			err = r.control(k, body)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: obey the runner: %v\n", n.cfg.Name, err)
			c.flush(time.Second)
			os.Exit(1)
		}
	}
}

// toolConn is the connection to the runner; nil before it has called.
func (n *node) toolConn() *conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.runner
}

// toRunner sends the runner a message.
func (n *node) toRunner(k kind, v any) {
	if c := n.toolConn(); c != nil {
		c.send(k, v)
	}
}

// tell tells the runner of a milestone.
func (n *node) tell(m record.Milestone) {
	n.toRunner(kindMilestone, told{Milestone: m, MonoNs: monotonicNs()})
}
