package chaos

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// netns is the plane on which every node has a network namespace, with a router between them that
// drops packets. It needs the rights of root.
//
//	worker-1 eth0 --- n0 +--------+ n1 --- eth0 worker-2
//	                     | router |
//	    tool sbXXXX --- h0 +--------+ shape0: packets of slowed edges, held by a process
//
// A cut is a rule of the router that sends packets from one address to another into a black hole:
// no answer, no ICMP, and, as nothing in the router tracks connections, none to forget. A slowed
// edge is routed through a tun device, where a process delays, paces and loses its packets.
type netns struct {
	lease  Lease
	suffix string // of the names of namespaces: the run
	tag    string // tells a second network of the same run from the first
	subnet string // first three numbers of all addresses
	ports  *ports // of the tool

	mu     sync.Mutex
	nodes  map[string]int // their numbers, from 0
	shaped map[Edge]Shape
	cut    map[Edge]bool
	shaper *child
	undos  []int
	closed bool
}

const (
	routerName  = "router"
	nodePort    = 7000 // of every node, at its own address
	probePort   = 7001
	mostNodes   = 64
	firstNode   = 10 // last number of the address of the first one
	shapedTable = "83"
	cutBase     = 1000 // preferences of rules: a cut goes before a shape
	shapeBase   = 10000
)

func newNetns(ctx context.Context, runID string, lease Lease) (Plane, error) {
	if err := CanNetns(); err != nil {
		return nil, fmt.Errorf("make namespaces: %w", err)
	}
	suffix := runOf(lease.Label())
	if suffix == "" {
		suffix = fmt.Sprintf("%s-%08x", safe(runID), rand.Uint32())
	}
	n := &netns{
		lease: lease, suffix: suffix, nodes: map[string]int{},
		shaped: map[Edge]Shape{}, cut: map[Edge]bool{},
	}
	var err error
	if n.subnet, err = freeSubnet(); err != nil {
		return nil, fmt.Errorf("make namespaces: %w", err)
	}
	if _, err := os.Stat(namespacePath(n.router())); err == nil {
		n.tag = fmt.Sprintf("-%04x", rand.Uint32()&0xffff)
	}
	n.ports = newPorts()
	n.ports.host = n.subnet + ".1"
	if err := n.makeRouter(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("make router: %w", err), n.Close())
	}
	return n, nil
}

var unsafe = regexp.MustCompile(`[^a-zA-Z0-9-]+`)

// safe is a name with nothing in it that a file or a command would take for something else.
func safe(name string) string { return unsafe.ReplaceAllString(name, "_") }

// freeSubnet is one of the networks set aside for benchmarks that this host does not use.
func freeSubnet() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for range 100 {
		subnet := fmt.Sprintf("198.%d.%d", 18+rand.IntN(2), rand.IntN(256))
		used := slices.ContainsFunc(addresses, func(a net.Addr) bool {
			return strings.HasPrefix(a.String(), subnet+".")
		})
		if !used {
			return subnet, nil
		}
	}
	return "", errors.New("this host uses all networks set aside for benchmarks")
}

func (n *netns) namespace(what string) string { return ours + what + n.tag + "-" + n.suffix }

func (n *netns) router() string { return n.namespace(routerName) }

// run runs one line for each command of ip in a namespace, all in one process; "" is that of the
// tool.
func (n *netns) run(ctx context.Context, namespace string, lines ...string) error {
	args := []string{"-batch", "-"}
	if namespace != "" {
		args = append([]string{"-n", namespace}, args...)
	}
	cmd := exec.CommandContext(ctx, "ip", args...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(lines, "; "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// promise has the lease take something away, before it is there.
func (n *netns) promise(args ...string) error {
	id, err := n.lease.Add(Undo{Op: OpLink, Args: args})
	if err == nil {
		n.undos = append(n.undos, id)
	}
	return err
}

// makeNamespace makes a namespace and says so in the lease.
func (n *netns) makeNamespace(ctx context.Context, name string) error {
	if err := n.promise("ip", "netns", "del", name); err != nil {
		return err
	}
	if err := n.run(ctx, "", "netns add "+name); err != nil {
		return err
	}
	return n.run(ctx, name, "link set lo up")
}

// makeRouter makes the router and the tool's connection to it.
func (n *netns) makeRouter(ctx context.Context) error {
	if err := n.makeNamespace(ctx, n.router()); err != nil {
		return err
	}
	if err := n.promise("ip", "-n", n.router(), "link", "del", "h0"); err != nil {
		return err
	}
	h := fnv.New32a()
	h.Write([]byte(n.suffix + n.tag))
	device := fmt.Sprintf("sb%08x", h.Sum32())
	err := n.run(ctx, "", "link add "+device+" type veth peer name h0 netns "+n.router())
	if err != nil {
		return err
	}
	err = errors.Join(
		n.run(ctx, n.router(),
			"addr add "+n.subnet+".2/32 dev h0", "link set h0 up",
			"route add "+n.subnet+".1/32 dev h0"),
		n.run(ctx, "",
			"addr add "+n.subnet+".1/32 dev "+device, "link set "+device+" up",
			"route add "+n.subnet+".2/32 dev "+device,
			"route add "+n.subnet+".0/24 via "+n.subnet+".2 dev "+device),
	)
	if err != nil {
		return err
	}
	return inside(n.router(), func() error { return writeSysctl("net/ipv4/ip_forward", "1") })
}

// Plane implements Network.
func (*netns) Plane() string { return PlaneNetns }

// Listen implements Network. The tool itself, "", listens where nodes reach it.
func (n *netns) Listen(node string) (string, error) {
	if node == "" {
		return n.ports.of("")
	}
	ip, err := n.ensure(node)
	return fmt.Sprintf("%s:%d", ip, nodePort), err
}

// Dial implements Network: a node has one address for all.
func (n *netns) Dial(from, to string) (string, error) {
	if from != "" {
		if _, err := n.ensure(from); err != nil {
			return "", err
		}
	}
	return n.Listen(to)
}

// ensure makes the namespace of a node and returns its address.
func (n *netns) ensure(node string) (ip string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i, ok := n.nodes[node]
	if !ok {
		i = len(n.nodes)
		if i == mostNodes {
			return "", fmt.Errorf("make a namespace for %s: there are %d nodes already", node, i)
		}
		if err := n.makeNode(context.Background(), node, i); err != nil {
			return "", fmt.Errorf("make a namespace for %s: %w", node, err)
		}
		n.nodes[node] = i
	}
	return n.ip(i), nil
}

func (n *netns) ip(i int) string { return fmt.Sprintf("%s.%d", n.subnet, firstNode+i) }

func (n *netns) makeNode(ctx context.Context, node string, i int) error {
	name := n.namespace(safe(node))
	if err := n.makeNamespace(ctx, name); err != nil {
		return err
	}
	port := fmt.Sprintf("n%d", i)
	err := n.run(ctx, "", fmt.Sprintf("link add %s netns %s type veth peer name eth0 netns %s",
		port, n.router(), name))
	if err != nil {
		return err
	}
	return errors.Join(
		n.run(ctx, name,
			"addr add "+n.ip(i)+"/32 dev eth0", "link set eth0 up",
			"route add "+n.subnet+".2/32 dev eth0",
			"route add default via "+n.subnet+".2 dev eth0"),
		n.run(ctx, n.router(),
			"addr add "+n.subnet+".2/32 dev "+port, "link set "+port+" up",
			"route add "+n.ip(i)+"/32 dev "+port),
	)
}

// Prepare implements Network: nsenter becomes the node's process, under the same number.
func (n *netns) Prepare(node string, cmd *exec.Cmd) error {
	if _, err := n.ensure(node); err != nil {
		return err
	}
	return enterNamespace(n.namespace(safe(node)), cmd)
}

func enterNamespace(name string, cmd *exec.Cmd) error {
	if cmd.Err != nil {
		return cmd.Err
	}
	tool, err := exec.LookPath("nsenter")
	if err != nil {
		return fmt.Errorf("enter namespace: %w", err)
	}
	args := []string{tool, "--net=" + namespacePath(name), "--", cmd.Path}
	cmd.Args = append(args, cmd.Args[min(1, len(cmd.Args)):]...)
	cmd.Path = tool
	return nil
}

func namespacePath(name string) string { return "/run/netns/" + name }

// Close implements Plane. What a namespace holds goes with it.
func (n *netns) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	var errs []error
	if n.shaper != nil {
		errs = append(errs, n.shaper.close())
	}
	for node := range n.nodes {
		errs = append(errs, n.remove(n.namespace(safe(node))))
	}
	errs = append(errs, n.remove(n.router()), n.ports.close())
	for _, id := range n.undos {
		errs = append(errs, n.lease.Drop(id))
	}
	return errors.Join(errs...)
}

// remove takes a namespace away. The router's connection to the tool goes first, since the rest may
// take the kernel a while.
func (n *netns) remove(name string) error {
	ctx := context.Background()
	if name == n.router() {
		// It may not have come so far.
		_ = n.run(ctx, name, "link del h0")
	}
	err := n.run(ctx, "", "netns del "+name)
	if err != nil && slices.ContainsFunc(gone, func(s string) bool {
		return strings.Contains(err.Error(), s)
	}) {
		return nil
	}
	return err
}
