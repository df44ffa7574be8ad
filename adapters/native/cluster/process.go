package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/streambench/streambench/chaos"
)

// process is a node's process, as the runner has started it.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	id    chaos.Process
	log   string        // file of what it prints
	dead  chan struct{} // closed when it has ended
	err   error         // how; read after dead
	once  sync.Once
}

// launch is what every node's process is started with.
type launch struct {
	role    string
	label   string // NAME=value of its environment that tells the run
	network chaos.Network
	logDir  string
}

// start starts a node's process in a process group of its own.
func (l launch) start(c nodeConfig) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p := &process{
		cmd: exec.Command(self), log: filepath.Join(l.logDir, c.Name+".log"),
		dead: make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+l.role)
	if l.label != "" {
		p.cmd.Env = append(p.cmd.Env, l.label)
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer log.Close()
	p.cmd.Stderr = log
	ownGroup(p.cmd)
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := l.network.Prepare(c.Name, p.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p.id = chaos.Process{PID: p.cmd.Process.Pid, Start: startTime(p.cmd.Process.Pid), Dir: c.Dir}
	go func() {
		p.err = p.cmd.Wait()
		close(p.dead)
	}()
	line, err := json.Marshal(c)
	if err == nil {
		_, err = p.stdin.Write(append(line, '\n'))
	}
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return p, nil
}

func (p *process) alive() bool {
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

// kill ends the process, stopped or not, and waits until it is gone.
func (p *process) kill() {
	p.once.Do(func() {
		killGroup(p.cmd)
		_ = p.stdin.Close()
	})
	<-p.dead
}

// lastWords are the last lines a node has printed.
func (p *process) lastWords() string {
	body, err := os.ReadFile(p.log)
	if err != nil || len(body) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// greet calls a node as the runner and waits until it takes the call.
func greet(ctx context.Context, address string, p *process) (*conn, error) {
	quit := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { close(quit) })
	defer stop()
	type called struct {
		c   *conn
		err error
	}
	done := make(chan called, 1)
	go func() {
		c, err := dial(address, startLimit, quit)
		done <- called{c, err}
	}()
	select {
	case r := <-done:
		if r.err == nil {
			r.c.send(kindHello, hello{})
		}
		return r.c, r.err
	case <-p.dead:
		return nil, errors.Join(fmt.Errorf("it died at its start: %w", p.err),
			errors.New(p.lastWords()))
	}
}

// startLimit is how long a node's process may take to listen.
const startLimit = 20 * time.Second
