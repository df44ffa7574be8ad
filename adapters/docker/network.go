package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// makeNetwork makes a network with a subnet of its own: only such a one has pinned addresses.
func (d *Deployment) makeNetwork(ctx context.Context) error {
	name := "streambench-" + d.cfg.RunID
	taken, err := d.engine.takenSubnets(ctx)
	if err != nil {
		return err
	}
	for n := range 256 {
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 213, byte(n), 0}), 24)
		if overlaps(subnet, taken) {
			continue
		}
		answer, err := d.engine.cli.NetworkCreate(ctx, name, client.NetworkCreateOptions{
			Driver: "bridge", Labels: d.labels(),
			IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}},
		})
		if err != nil && strings.Contains(err.Error(), "overlaps") {
			continue // another tool was quicker
		}
		if err != nil {
			return fmt.Errorf("make network %s: %w", name, err)
		}
		d.network, d.subnet, d.made = name, subnet, &made{id: answer.ID}
		return nil
	}
	return errors.New("make network: no subnet of 10.213.0.0/16 is free")
}

// takenSubnets are those of the engine's networks and of this host.
func (e *Engine) takenSubnets(ctx context.Context) ([]netip.Prefix, error) {
	all, err := e.cli.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var taken []netip.Prefix
	for _, n := range all.Items {
		for _, c := range n.IPAM.Config {
			taken = append(taken, c.Subnet)
		}
	}
	return append(taken, hostSubnets()...), nil
}

func hostSubnets() (all []netip.Prefix) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Masked())
		}
	}
	return all
}

func overlaps(p netip.Prefix, all []netip.Prefix) bool {
	for _, other := range all {
		if other.IsValid() && other.Overlaps(p) {
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
	return netip.Prefix{}, fmt.Errorf("look up network %s: it has no subnet", name)
}

// freeAddress is one that no container of the network has or will have once it runs again.
func (d *Deployment) freeAddress(ctx context.Context) (netip.Addr, error) {
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
	d.mu.Lock()
	for _, c := range d.containers {
		taken[c.address] = true
	}
	d.mu.Unlock()
	first := d.subnet.Masked().Addr().As4()
	for last := 11; last < 250; last++ {
		first[3] = byte(last)
		if a := netip.AddrFrom4(first); !taken[a] && d.subnet.Contains(a) {
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("network %s has no free address", d.network)
}

func (d *Deployment) removeNetwork() error {
	ctx, cancel := context.WithTimeout(context.Background(), longestRemoval)
	defer cancel()
	for {
		_, err := d.engine.cli.NetworkRemove(ctx, d.made.id, client.NetworkRemoveOptions{})
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		// The last container may be leaving it just now.
		if !strings.Contains(err.Error(), "active endpoints") || ctx.Err() != nil {
			return fmt.Errorf("remove network %s: %w", d.network, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
