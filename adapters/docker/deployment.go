package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
)

// longestRemoval bounds how long the removal of one thing may take.
const longestRemoval = time.Minute

// DeploymentConfig is what the containers of a deployment have in common.
type DeploymentConfig struct {
	RunID   string
	Network string      // that they join; "" for one of their own
	LogDir  string      // takes their logs when they are removed; "" for nowhere
	Lease   chaos.Lease // nil where nobody keeps one
}

// Deployment is a set of containers that reach each other by their names.
type Deployment struct {
	engine *Engine
	cfg    DeploymentConfig

	network string
	subnet  netip.Prefix
	made    func() error // removes the network; nil where it is of others

	alive    context.Context // until it is closed
	end      context.CancelFunc
	starting sync.WaitGroup

	mu         sync.Mutex
	containers []*Container
	volume     string       // "" until somebody asks for it
	unshare    func() error // removes the volume
	stopMeter  func()
	once       sync.Once
	closed     error
}

// DeploymentOf is where the nodes of a job go: on the network of its brokers, or on one of its own
// where those are on none.
func (e *Engine) DeploymentOf(ctx context.Context, job adapters.Job) (*Deployment, error) {
	cfg := DeploymentConfig{RunID: job.RunID, LogDir: job.LogDir, Lease: job.Lease}
	if job.Topics != nil {
		cfg.Network = job.Topics.Network
	}
	return e.NewDeployment(ctx, cfg)
}

// NewDeployment makes the network, or looks it up. The first one of a process removes what dead
// tools left on the engine. The error wraps adapters.ErrNotReady.
func (e *Engine) NewDeployment(ctx context.Context, cfg DeploymentConfig) (*Deployment, error) {
	cfg.RunID = safeName(cfg.RunID)
	d := &Deployment{engine: e, cfg: cfg, network: cfg.Network}
	err := e.prepare(ctx)
	switch {
	case err != nil:
	case cfg.Network == "":
		err = d.makeNetwork(ctx)
	default:
		d.subnet, err = e.subnetOf(ctx, cfg.Network)
	}
	if err != nil {
		return nil, unready("deploy containers of "+cfg.RunID, err, remedyFor(err))
	}
	d.alive, d.end = context.WithCancel(context.Background())
	d.stopMeter = d.meter()
	return d, nil
}

// unsafe is what names of containers must not have.
var unsafe = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`)

// safeName leaves of a run id what may stand in the name of a container.
func safeName(run string) string {
	name := unsafe.ReplaceAllString(run, "_")
	return name[:min(len(name), 120)]
}

// prepared makes what a process does once, once.
var prepared sync.Mutex
var swept = map[string]bool{} // by host

// prepare sweeps the engine and settles who watches over testcontainers.
func (e *Engine) prepare(ctx context.Context) error {
	prepared.Lock()
	defer prepared.Unlock()
	if swept[e.host] {
		return nil
	}
	if err := e.settleReaper(ctx); err != nil {
		return err
	}
	// What cannot be removed, as a network of theirs that others use, is in nobody's way: clean
	// tells it.
	_, _ = e.Sweep(ctx, false)
	swept[e.host] = true
	return nil
}

// Network is the name of the network the containers are on.
func (d *Deployment) Network() string { return d.network }

// Close keeps the logs and removes the containers, what they shared, and the network if it was made
// here. It ends starts that are on. Twice is harmless.
func (d *Deployment) Close() error {
	d.once.Do(func() {
		d.mu.Lock()
		d.end()
		d.mu.Unlock()
		d.starting.Wait()
		d.closed = d.remove()
	})
	return d.closed
}

func (d *Deployment) remove() error {
	d.stopMeter()
	errs := make([]error, len(d.containers))
	var removals sync.WaitGroup
	for i, c := range d.containers {
		removals.Go(func() { errs[i] = c.remove() })
	}
	removals.Wait()
	for _, remove := range []func() error{d.unshare, d.made} {
		if remove != nil {
			errs = append(errs, remove())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove containers of %s: %w", d.cfg.RunID, err)
	}
	return nil
}

// labels are those of everything made here.
func (d *Deployment) labels() map[string]string {
	all := testcontainers.GenericLabels() // by these Ryuk knows it
	maps.Copy(all, map[string]string{
		labelRun: d.cfg.RunID, labelOwner: owner(), labelHome: home(),
	})
	if d.cfg.Lease != nil {
		_, run, _ := strings.Cut(d.cfg.Lease.Label(), "=")
		all[chaos.LeaseLabel] = run
	}
	return all
}

// leased tells the lease of something that is about to be made. What it returns is to be called
// once that is gone.
func (d *Deployment) leased(op, name string) (gone func() error, err error) {
	at := d.engine.undoable()
	if d.cfg.Lease == nil || at == "" {
		return func() error { return nil }, nil
	}
	id, err := d.cfg.Lease.Add(chaos.Undo{Op: op, Address: at, Args: []string{name}})
	if err != nil {
		return nil, err
	}
	return func() error { return d.cfg.Lease.Drop(id) }, nil
}

// share is the volume of the deployment, made when somebody first asks for it.
func (d *Deployment) share(ctx context.Context) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.volume != "" {
		return d.volume, nil
	}
	name := "streambench-" + d.cfg.RunID + "-shared-" + strings.ToLower(rand.Text()[:8])
	gone, err := d.leased(chaos.OpVolume, name)
	if err != nil {
		return "", err
	}
	_, err = d.engine.cli.VolumeCreate(ctx, client.VolumeCreateOptions{
		Name: name, Labels: d.labels(),
	})
	if err != nil {
		return "", fmt.Errorf("make volume %s: %w", name, err)
	}
	d.volume = name
	d.unshare = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), longestRemoval)
		defer cancel()
		o := client.VolumeRemoveOptions{Force: true}
		_, err := d.engine.cli.VolumeRemove(ctx, name, o)
		if err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove volume %s: %w", name, err)
		}
		return gone()
	}
	return name, nil
}
