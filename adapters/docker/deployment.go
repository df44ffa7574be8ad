package docker

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
)

// longestRemoval bounds how long the removal of one thing may take.
const longestRemoval = time.Minute

// DeploymentConfig is what the containers of a deployment have in common.
type DeploymentConfig struct {
	RunID   string
	Network string      // that they join; "" for one of their own
	LogDir  string      // takes their logs when the deployment closes; "" for nowhere
	Lease   chaos.Lease // nil where nobody keeps one
}

// Deployment is a set of containers that reach each other by their names.
type Deployment struct {
	engine *Engine
	cfg    DeploymentConfig

	network string
	subnet  netip.Prefix
	made    *made // the network, where it is of this deployment

	mu         sync.Mutex
	containers []*Container
	once       sync.Once
	closed     error
}

// made is something that has to be removed, with its undo in the lease.
type made struct {
	id   string
	undo int
}

// NewDeployment makes the network, or looks it up.
func (e *Engine) NewDeployment(ctx context.Context, cfg DeploymentConfig) (*Deployment, error) {
	d := &Deployment{engine: e, cfg: cfg, network: cfg.Network}
	var err error
	if cfg.Network == "" {
		err = d.makeNetwork(ctx)
	} else {
		d.subnet, err = e.subnetOf(ctx, cfg.Network)
	}
	if err != nil {
		return nil, fmt.Errorf("deploy containers of %s: %w: %w", cfg.RunID, adapters.ErrNotReady, err)
	}
	return d, nil
}

// Network is the name of the network the containers are on.
func (d *Deployment) Network() string { return d.network }

// Close keeps the logs and removes the containers, and the network if it was made here. Twice is
// harmless.
func (d *Deployment) Close() error {
	d.once.Do(func() { d.closed = d.remove() })
	return d.closed
}

func (d *Deployment) remove() error {
	d.mu.Lock()
	all := d.containers
	d.mu.Unlock()
	errs := make([]error, len(all), len(all)+1)
	var removals sync.WaitGroup
	for i, c := range all {
		removals.Go(func() { errs[i] = c.remove() })
	}
	removals.Wait()
	if d.made != nil {
		errs = append(errs, d.removeNetwork())
	}
	return errors.Join(errs...)
}

// labels are those of everything made here.
func (d *Deployment) labels() map[string]string {
	all := map[string]string{labelRun: d.cfg.RunID, labelOwner: owner()}
	return all
}
