package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/streambench/streambench/chaos"
)

// Nodes are the coordinator and the workers.
func (s *System) Nodes() []chaos.Node {
	var nodes []chaos.Node
	for _, name := range s.order {
		role := chaos.Worker
		if s.nodes[name].role == coordinatorRole {
			role = chaos.Coordinator
		}
		nodes = append(nodes, chaos.Node{Name: name, Role: role})
	}
	return nodes
}

// Process is the process of a node; false while it has none.
func (s *System) Process(node string) (chaos.Process, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[node]
	if n == nil || n.proc == nil || !n.proc.alive() {
		return chaos.Process{}, false
	}
	return n.proc.id, true
}

// Pids are the processes of nodes.
func (s *System) Pids() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := map[string]int{}
	for name, n := range s.nodes {
		if n.proc != nil && n.proc.alive() {
			pids[name] = n.proc.id.PID
		}
	}
	return pids
}

// Slots are the key ranges a node owns.
func (s *System) Slots(node string) (slots []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for slot, owner := range s.owners {
		if owner == node {
			slots = append(slots, slot)
		}
	}
	return slots
}

// reapLimit is how long a process that was killed may take until its end is known.
const reapLimit = 2 * time.Second

// Restart starts the process of a node again; with wipe without what it had on its own disk.
// Checkpoints are on storage all workers share, and stay.
func (s *System) Restart(ctx context.Context, node string, wipe bool) error {
	s.mu.Lock()
	n := s.nodes[node]
	s.mu.Unlock()
	if n == nil {
		return fmt.Errorf("restart %s: no such node", node)
	}
	select {
	case <-n.proc.dead: // it was seen to die before this process was told of it
	case <-time.After(reapLimit):
		return fmt.Errorf("restart %s: it is still there", node)
	case <-ctx.Done():
		return fmt.Errorf("restart %s: %w", node, ctx.Err())
	}
	if wipe {
		if err := os.RemoveAll(s.dirOf(node)); err != nil {
			return fmt.Errorf("restart %s: %w", node, err)
		}
	}
	return s.launch(ctx, node)
}

// SetDisk gives a worker a bad disk, or a good one.
func (s *System) SetDisk(ctx context.Context, node string, d chaos.Disk) error {
	n, err := s.worker(node)
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, n, kindDisk, message(kindDisk, diskSetting{d}))
	return err
}

// TryDisk has a worker write and sync where it writes checkpoints.
func (s *System) TryDisk(ctx context.Context, node string) (time.Duration, error) {
	n, err := s.worker(node)
	if err != nil {
		return 0, err
	}
	body, err := s.ask(ctx, n, kindTried, message(kindTryDisk, struct{}{}))
	if err != nil {
		return 0, err
	}
	t, err := decode[tried](body)
	if err == nil && t.Error != "" {
		err = errors.New(t.Error)
	}
	return time.Duration(t.TookNs), err
}

func (s *System) worker(node string) (*peer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[node]
	if n == nil || n.role != workerRole {
		return nil, fmt.Errorf("disk of %s: only workers write checkpoints: %w", node,
			errors.ErrUnsupported)
	}
	return n, nil
}
