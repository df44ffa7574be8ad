package scenarios

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/streambench/streambench/adapters"
)

// maxBrokers bounds the brokers that are started: nobody has more of them in one place.
const maxBrokers = 9

// leastBrokerMemory is what a broker in a container needs to start at all.
const leastBrokerMemory = 384 << 20

// brokers checks what is said of brokers against where they are, and whether systems reach them.
func (c *checker) brokers() {
	r, at := c.s.Resources, c.s.Load.Broker.At
	for _, key := range []string{"brokers", "broker"} {
		if path := "resources/" + key; c.has(path) && c.s.Load.Transport != adapters.Kafka {
			c.failKey(path, key+" without brokers: the transport is "+c.s.Load.Transport,
				"write load.transport: kafka or leave the key out")
		}
	}
	if c.s.Load.Transport != adapters.Kafka || !c.sound("load/broker") {
		return
	}
	if at != atContainer {
		c.reach(at)
		return
	}
	if n := r.Brokers; (n < 1 || n > maxBrokers) && c.sound("resources/brokers") {
		c.fail("resources/brokers", fmt.Sprintf("resources.brokers is %d", n),
			fmt.Sprintf("write 1, 3 or up to %d", maxBrokers))
	}
	if m := uint64(r.Broker.Memory); m < leastBrokerMemory && c.sound("resources/broker") {
		c.fail("resources/broker/memory", "memory of a broker is "+formatSize(m),
			"write at least "+formatSize(leastBrokerMemory))
	}
}

// reach refuses brokers that are this host's alone where a system is not: in a container the
// loopback address is the container's own.
func (c *checker) reach(at string) {
	if at != atEmbedded && !onlyLoopback(at) {
		return
	}
	for i, sys := range c.s.Systems {
		path := fmt.Sprintf("systems/%d", i)
		if sys.Name == native || (sys.At != "" && loopbackURL(sys.At)) || !c.sound(path) {
			continue
		}
		where, broker := "runs in containers", "an embedded broker"
		if sys.At != "" {
			where = "is at " + clip(sys.At)
		}
		if at != atEmbedded {
			broker = "brokers at " + clip(at)
		}
		c.fail("load/broker", fmt.Sprintf("%s %s and does not reach %s", clip(sys.Label()), where,
			broker), "write load.broker: container, or an address of the brokers that other hosts reach")
		return
	}
}

// onlyLoopback reports whether none of some addresses is one that other hosts reach.
func onlyLoopback(at string) bool {
	for one := range strings.SplitSeq(at, ",") {
		host, _, err := net.SplitHostPort(one)
		if err != nil || !loopback(host) {
			return false
		}
	}
	return true
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || ip.IsUnspecified())
}

func loopbackURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && loopback(u.Hostname())
}
