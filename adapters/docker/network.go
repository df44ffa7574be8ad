package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/streambench/streambench/chaos"
)

// allSubnets are the /24 networks that are made here.
var allSubnets = netip.MustParsePrefix("10.213.0.0/16")

// turns counts the networks that this process has made or tried to.
var turns atomic.Int32

// makeNetwork makes a network with a subnet of its own: only such a one has pinned addresses.
func (d *Deployment) makeNetwork(ctx context.Context) error {
	taken, err := d.engine.takenSubnets(ctx)
	if err != nil {
		return err
	}
	at := allSubnets.Addr().As4()
	// Tools that start at once begin at different ones, and none begins at one that it has just
	// given back, of which connections and rules may still be known.
	first := os.Getpid() + int(turns.Add(1))
	for i := range 256 {
		at[2] = byte(first + i)
		subnet := netip.PrefixFrom(netip.AddrFrom4(at), 24)
		if overlaps(subnet, taken) {
			continue
		}
		err := d.makeSubnet(ctx, subnet)
		if err != nil && strings.Contains(err.Error(), "overlaps") {
			continue // another tool was quicker
		}
		return err
	}
	return errors.New("make network: no subnet of " + allSubnets.String() + " is free")
}

func (d *Deployment) makeSubnet(ctx context.Context, subnet netip.Prefix) error {
	// An engine takes two networks of one name; the subnet tells them apart.
	name := fmt.Sprintf("streambench-%s-%d", d.cfg.RunID, subnet.Addr().As4()[2])
	gone, err := d.leased(chaos.OpNetwork, name)
	if err != nil {
		return err
	}
	made, err := d.engine.cli.NetworkCreate(ctx, name, client.NetworkCreateOptions{
		Driver: "bridge", Labels: d.labels(),
		IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}},
	})
	if err != nil {
		return errors.Join(fmt.Errorf("make network %s: %w", name, err), gone())
	}
	d.network, d.subnet = name, subnet
	d.made = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), longestRemoval)
		defer cancel()
		if err := d.engine.removeNetwork(ctx, made.ID); err != nil {
			return fmt.Errorf("remove network %s: %w", name, err)
		}
		return gone()
	}
	return nil
}

// takenSubnets are those of the engine's networks and of this host.
func (e *Engine) takenSubnets(ctx context.Context) ([]netip.Prefix, error) {
	all, err := e.cli.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	taken := hostSubnets()
	for _, n := range all.Items {
		for _, c := range n.IPAM.Config {
			taken = append(taken, c.Subnet)
		}
	}
	return append(taken, routes(lineOf("/proc/net/route"))...), nil
}

// hostSubnets are those of the host's interfaces.
func hostSubnets() (all []netip.Prefix) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil // the engine refuses what overlaps, too
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Masked())
		}
	}
	return all
}

// overlaps leaves out default routes and the like: they overlap with everything.
func overlaps(p netip.Prefix, all []netip.Prefix) bool {
	for _, other := range all {
		if other.IsValid() && other.Bits() > 4 && other.Overlaps(p) {
			return true
		}
	}
	return false
}

// subnetOf is the subnet of a network that is there.
func (e *Engine) subnetOf(ctx context.Context, name string) (netip.Prefix, error) {
	n, err := e.cli.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("look up network %s: %w", name, err)
	}
	for _, c := range n.Network.IPAM.Config {
		if c.Subnet.Addr().Is4() {
			return c.Subnet, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("look up network %s: it has no IPv4 subnet", name)
}

// given are the addresses that containers of this process have or will have, by network.
var given = struct {
	sync.Mutex
	by map[string]map[netip.Addr]bool
}{by: map[string]map[netip.Addr]bool{}}

// takeAddress is one that no container of the network has, or will have once it runs again. It is
// to be given back.
func (d *Deployment) takeAddress(ctx context.Context) (netip.Addr, error) {
	all, err := d.engine.cli.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("network", d.network),
	})
	if err != nil {
		return netip.Addr{}, fmt.Errorf("list containers of network %s: %w", d.network, err)
	}
	taken := map[netip.Addr]bool{}
	for _, c := range all.Items {
		if c.NetworkSettings == nil || c.NetworkSettings.Networks[d.network] == nil {
			continue
		}
		s := c.NetworkSettings.Networks[d.network]
		taken[s.IPAddress] = true
		if s.IPAMConfig != nil {
			taken[s.IPAMConfig.IPv4Address] = true
		}
	}
	given.Lock()
	defer given.Unlock()
	if given.by[d.network] == nil {
		given.by[d.network] = map[netip.Addr]bool{}
	}
	a := d.subnet.Masked().Addr()
	for n := 0; d.subnet.Contains(a) && n < 250; n++ {
		// The first ten are the gateway's and whoever else's.
		if n > 10 && !taken[a] && !given.by[d.network][a] {
			given.by[d.network][a] = true
			return a, nil
		}
		a = a.Next()
	}
	return netip.Addr{}, fmt.Errorf("network %s has no free address", d.network)
}

func (d *Deployment) giveBack(a netip.Addr) {
	given.Lock()
	defer given.Unlock()
	delete(given.by[d.network], a)
	if len(given.by[d.network]) == 0 {
		delete(given.by, d.network)
	}
}

func (e *Engine) removeNetwork(ctx context.Context, id string) error {
	for {
		_, err := e.cli.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		// The last container may be leaving it just now.
		if !strings.Contains(err.Error(), "active endpoints") || ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}
