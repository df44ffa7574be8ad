package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
	tcnet "github.com/testcontainers/testcontainers-go/network"
)

// usualWithin is how long a container may take to be ready where its Spec does not say.
const usualWithin = 2 * time.Minute

// startTries is how often a start is tried with other ports and addresses, where those chosen were
// taken in between.
const startTries = 5

// Start starts a container and waits until it is ready. One that is not is removed again; the
// error has the last lines of its log.
func (d *Deployment) Start(ctx context.Context, s Spec) (*Container, error) {
	var err error
	for range startTries {
		var c *Container
		if c, err = d.startOnce(ctx, s); err == nil {
			if err = c.await(ctx); err == nil {
				return c, nil
			}
			break
		}
		if !takenMeanwhile(err) {
			break
		}
	}
	return nil, fmt.Errorf("start %s: %w", s.Name, err)
}

func takenMeanwhile(err error) bool {
	for _, said := range []string{"port is already allocated", "address already in use",
		"Address already in use"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}

func (d *Deployment) startOnce(ctx context.Context, s Spec) (*Container, error) {
	c := &Container{d: d, spec: s, ports: map[int]int{}}
	var err error
	if c.address, err = d.freeAddress(ctx); err != nil {
		return nil, err
	}
	for _, port := range s.Publish {
		if c.ports[port], err = freePort(); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	d.containers = append(d.containers, c)
	d.mu.Unlock()
	started, err := testcontainers.Run(ctx, s.Image, c.options()...)
	if started != nil {
		c.id = started.GetContainerID()
	}
	if err != nil {
		return nil, errors.Join(err, c.remove())
	}
	return c, nil
}

// freePort is one that nobody listens at now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// options are the container in the words of testcontainers.
func (c *Container) options() []testcontainers.ContainerCustomizer {
	s := c.spec
	all := []testcontainers.ContainerCustomizer{
		quiet(),
		testcontainers.WithName("streambench-" + c.d.cfg.RunID + "-" + s.Name),
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

// quiet keeps testcontainers from telling on stderr what it does.
func quiet() testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Logger = tclog.NewNoopLogger()
		return nil
	}
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
}

// await waits until the container is ready, and no longer than it lives.
func (c *Container) await(ctx context.Context) error {
	within := c.spec.Within
	if within == 0 {
		within = usualWithin
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not ready within %s", within))
	defer cancel()
	for {
		if err := c.Running(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if c.spec.Ready == nil {
			return nil
		}
		err := c.spec.Ready(ctx, c)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
