package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	tcnet "github.com/testcontainers/testcontainers-go/network"

	"github.com/streambench/streambench/chaos"
)

const (
	// usualWithin is how long a container may take to be ready where its Spec does not say.
	usualWithin = 2 * time.Minute
	// longestCreation bounds how long the engine may take to make and start a container.
	longestCreation = 2 * time.Minute
	readyEvery      = 200 * time.Millisecond
	// startTries is how often a start is tried with other ports and addresses, where those chosen
	// were taken in between.
	startTries = 5
)

// errEnded says that the deployment was closed.
var errEnded = errors.New("the deployment is closed")

// Start starts a container and waits until it is ready. One that is not is removed again; the
// error has the last lines of its log. It wraps adapters.ErrNotReady where the engine is to blame,
// not what runs in the container.
func (d *Deployment) Start(ctx context.Context, s Spec) (*Container, error) {
	d.mu.Lock()
	if d.alive.Err() != nil {
		d.mu.Unlock()
		return nil, fmt.Errorf("start %s: %w", s.Name, errEnded)
	}
	d.starting.Add(1)
	d.mu.Unlock()
	defer d.starting.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(d.alive, func() { cancel(errEnded) })()
	c, err := d.start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	return c, nil
}

func (d *Deployment) start(ctx context.Context, s Spec) (*Container, error) {
	if err := d.engine.need(ctx, s.Image); err != nil {
		return nil, err
	}
	var c *Container
	var err error
	for range startTries {
		c, err = d.create(ctx, s)
		if err == nil || !takenMeanwhile(err) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, unready("have the engine start it", err, remedyFor(err))
	}
	if err := c.await(ctx); err != nil {
		return nil, errors.Join(err, c.remove())
	}
	return c, nil
}

func takenMeanwhile(err error) bool {
	for _, said := range []string{"port is already allocated", "ddress already in use"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}

// create makes a container and starts it. Where it cannot, nothing is left of it.
func (d *Deployment) create(ctx context.Context, s Spec) (*Container, error) {
	c := &Container{
		d: d, spec: s, name: "streambench-" + d.cfg.RunID + "-" + s.Name, ports: map[int]int{},
	}
	var err error
	if c.address, err = d.takeAddress(ctx); err != nil {
		return nil, err
	}
	for _, port := range s.Publish {
		if c.ports[port], err = takePort(); err != nil {
			return nil, err
		}
	}
	if s.Shared != "" {
		if c.volume, err = d.share(ctx); err != nil {
			return nil, err
		}
	}
	if c.gone, err = d.leased(chaos.OpContainer, c.name); err != nil {
		return nil, err
	}
	// The engine goes on with what it was asked for when nobody waits for the answer any more: what
	// it makes then would stay.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), longestCreation,
		fmt.Errorf("the engine has not done it within %s", longestCreation))
	defer cancel()
	_, err = testcontainers.Run(ctx, s.Image, c.options()...)
	if err == nil {
		err = c.look(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.remove())
	}
	d.mu.Lock()
	d.containers = append(d.containers, c)
	d.mu.Unlock()
	return c, nil
}

// ports are those given out by this process.
var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

// Published ports are outside of those that Linux gives to connections: a container that is killed
// is to find its port free when it starts again.
const firstPort, portsEnd = 20000, 32000

// takePort is a port that nobody listens at now. It is to be given back.
func takePort() (int, error) {
	ports.Lock()
	defer ports.Unlock()
	var last error
	for range 200 {
		port := firstPort + rand.IntN(portsEnd-firstPort)
		if ports.given[port] {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		ports.given[port] = true
		return port, l.Close()
	}
	return 0, fmt.Errorf("find a free port from %d to %d: %w", firstPort, portsEnd-1, last)
}

func givePort(port int) {
	ports.Lock()
	defer ports.Unlock()
	delete(ports.given, port)
}

// options are the container in the words of testcontainers. It waits for nothing: its waits end at
// 60 s whatever they are told, and go on when the container has died.
func (c *Container) options() []testcontainers.ContainerCustomizer {
	s := c.spec
	all := []testcontainers.ContainerCustomizer{
		testcontainers.WithName(c.name),
		testcontainers.WithLabels(c.d.labels()),
		testcontainers.WithEnv(s.Env),
		tcnet.WithNetworkName([]string{s.Name}, c.d.network),
		testcontainers.WithEndpointSettingsModifier(c.pin),
		testcontainers.WithConfigModifier(func(o *container.Config) { o.Hostname = s.Name }),
		testcontainers.WithHostConfigModifier(c.limit),
	}
	if s.EnvOf != nil {
		all = append(all, testcontainers.WithEnv(s.EnvOf(c)))
	}
	if len(s.Cmd) > 0 {
		all = append(all, testcontainers.WithCmd(s.Cmd...))
	}
	for _, port := range s.Publish {
		all = append(all, testcontainers.WithExposedPorts(strconv.Itoa(port)+"/tcp"))
	}
	for _, f := range s.Files {
		mode := f.Mode
		if mode == 0 {
			mode = 0o644
		}
		all = append(all, testcontainers.WithFiles(testcontainers.ContainerFile{
			Reader: bytes.NewReader(f.Body), ContainerFilePath: f.Path, FileMode: mode,
		}))
	}
	return all
}

func (c *Container) pin(all map[string]*network.EndpointSettings) {
	for _, e := range all {
		e.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: c.address}
	}
}

func (c *Container) limit(h *container.HostConfig) {
	h.NanoCPUs = int64(c.spec.CPUs * 1e9)
	h.CpusetCpus = c.spec.Cpuset
	h.Memory = int64(c.spec.MemoryB)
	h.MemorySwap = int64(c.spec.MemoryB)
	h.PortBindings = network.PortMap{}
	for inside, port := range c.ports {
		at := network.MustParsePort(strconv.Itoa(inside) + "/tcp")
		h.PortBindings[at] = []network.PortBinding{{
			HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(port),
		}}
	}
	if c.volume != "" {
		h.Mounts = append(h.Mounts, mount.Mount{
			Type: mount.TypeVolume, Source: c.volume, Target: c.spec.Shared,
		})
	}
	// A container that writes without end is not to fill the disk.
	h.LogConfig = container.LogConfig{Type: "json-file", Config: map[string]string{
		"max-size": "64m", "max-file": "2",
	}}
}

// await waits until the container is ready, and no longer than it lives.
func (c *Container) await(ctx context.Context) error {
	within := c.spec.Within
	if within == 0 {
		within = usualWithin
	}
	outer := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not ready within %s", within))
	defer cancel()
	var last error
	for {
		if err := c.running(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if c.spec.Ready == nil {
			return nil
		}
		err := c.spec.Ready(ctx, c)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if outer.Err() != nil {
				return context.Cause(outer)
			}
			return fmt.Errorf("%w: %w%s", context.Cause(ctx), last, c.lastLines())
		case <-time.After(readyEvery):
		}
	}
}
