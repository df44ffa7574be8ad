package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// What a prober can be asked, one JSON document a line.
const (
	askLook  = "look"  // at View: the first line
	askWatch = "watch" // Process, of Node
	askSee   = "see"   // Expect: does it hold now?
)

// proberRequest is a line to the prober. Times are CLOCK_MONOTONIC in ns.
type proberRequest struct {
	Ask     string      `json:"ask"`
	View    view        `json:"view,omitzero"`
	Node    string      `json:"node,omitempty"`
	Process Process     `json:"process,omitzero"`
	Expect  Expectation `json:"expect,omitzero"`
}

// proberReply is the line it answers with.
type proberReply struct {
	Error   string         `json:"error,omitempty"`
	Witness record.Witness `json:"witness,omitzero"`
}

// view is what a prober has to look at.
type view struct {
	Plane  string    `json:"plane"`
	Relay  string    `json:"relay,omitempty"`  // where it is asked for the ends of connections
	Feet   []viewed  `json:"feet,omitempty"`   // of nodes with a namespace
	Router string    `json:"router,omitempty"` // the namespace between them
	Edges  []toProbe `json:"edges,omitempty"`
}

// viewed is a node with a namespace.
type viewed struct {
	Node      string `json:"node"`
	Namespace string `json:"namespace"`
	Address   string `json:"address"` // HOST:PORT that probes arrive at
}

// toProbe is an edge and where probes of it are sent to.
type toProbe struct {
	Edge    Edge   `json:"edge"`
	Address string `json:"address"`
}

// eye is a prober's process.
type eye struct {
	view    view
	trails  []*trail
	byEdge  map[Edge]*trail
	endings func() ([]endings, error) // FIN and RST that have passed, by edge

	mu      sync.Mutex
	watched map[int]*watched     // by number
	running map[*trail]time.Time // when the last train of an edge was sent
}

func newEye() *eye {
	return &eye{
		byEdge: map[Edge]*trail{}, watched: map[int]*watched{}, running: map[*trail]time.Time{},
	}
}

// serveProber is the prober's process.
func serveProber(stdin io.Reader, stdout io.Writer) error {
	y := newEye()
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, longestLine)
	out := json.NewEncoder(stdout)
	for lines.Scan() {
		reply, err := y.obey(lines.Bytes())
		if err != nil {
			reply.Error = err.Error()
		}
		if err := out.Encode(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (y *eye) obey(line []byte) (proberReply, error) {
	var r proberRequest
	if err := json.Unmarshal(line, &r); err != nil {
		return proberReply{}, err
	}
	switch r.Ask {
	case askLook:
		return proberReply{}, y.look(r.View)
	case askWatch:
		return proberReply{}, y.watch(r.Node, r.Process)
	case askSee:
		return proberReply{Witness: y.judge(r.Expect, monotonic())}, nil
	}
	return proberReply{}, fmt.Errorf("%q is nothing a prober does", r.Ask)
}

// look takes up its posts and begins to probe.
func (y *eye) look(v view) error {
	if y.view.Plane != "" {
		return fmt.Errorf("it looks at a %s already", y.view.Plane)
	}
	feet, err := y.stand(v)
	if err != nil {
		return err
	}
	for _, e := range v.Edges {
		to, err := netip.ParseAddrPort(e.Address)
		if err != nil {
			return fmt.Errorf("probe %s: %w", e.Edge, err)
		}
		f := feet[e.Edge.From]
		if f == nil {
			f = feet[""]
		}
		if f == nil {
			return fmt.Errorf("probe %s: nothing stands at %s", e.Edge, e.Edge.From)
		}
		t := &trail{
			sight: &sight{edge: e.Edge}, foot: f, to: to, index: uint32(len(y.trails)),
		}
		y.trails, y.byEdge[e.Edge] = append(y.trails, t), t
	}
	y.view = v
	for _, f := range feet {
		go f.receive(y.trails)
	}
	go pulse(y.trails)
	for _, t := range y.trails {
		if t.foot.namespace == "" {
			go t.knock()
			continue
		}
		go inside(t.foot.namespace, func() error { t.knock(); return nil })
	}
	return nil
}

// stand makes the feet, by node; that of all nodes is called "".
func (y *eye) stand(v view) (map[string]*foot, error) {
	if len(v.Feet) > 0 {
		return y.standApart(v)
	}
	from := net.UDPAddrFromAddrPort(netip.AddrPortFrom(probeAddress, 0))
	packets, err := net.ListenUDP("udp4", from)
	if err != nil {
		return nil, fmt.Errorf("send probes: %w", err)
	}
	_ = packets.SetReadBuffer(2 << 20) // a smaller one loses some on a busy host, no more
	y.endings = func() ([]endings, error) {
		if v.Relay == "" {
			return nil, fmt.Errorf("nobody counts the ends of connections")
		}
		reply, err := askRelay(context.Background(), v.Relay, relayRequest{Ask: askEnds})
		return reply.Ends, err
	}
	local := &net.TCPAddr{IP: probeAddress.AsSlice()}
	return map[string]*foot{"": {packets: packets, dialer: net.Dialer{LocalAddr: local}}}, nil
}

// watch looks at a process, unless it does already.
func (y *eye) watch(node string, p Process) error {
	if p.PID <= 0 {
		return fmt.Errorf("watch %s: process %d", node, p.PID)
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if w := y.watched[p.PID]; w != nil && w.process.Start == p.Start {
		return nil
	}
	w := &watched{process: p, node: node}
	y.watched[p.PID] = w
	go w.watch()
	return nil
}

// of is what is seen of a process, which is watched from now on if it was not.
func (y *eye) of(p Process) *watched {
	if err := y.watch("", p); err != nil {
		return &watched{process: p}
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.watched[p.PID]
}
