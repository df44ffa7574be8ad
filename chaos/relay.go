package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// relayed is the plane on which every edge passes a process that can hold, delay and pace it.
//
//	worker-1 --127.0.0.1:E12--> relay --127.0.0.1:P2--> worker-2
//
// A cut stops reading and writing and closes nothing, so that neither side sees the connection end;
// attempts to connect are not answered. What the relay holds it passes on when the edge is mended.
// Packets cannot be lost: it moves streams.
type relayed struct {
	ports *ports
	child *child
	at    string // where the relay is asked
	mu    sync.Mutex
	ways  map[Edge]string
}

func newRelayed(ctx context.Context, lease Lease) (Plane, error) {
	c, err := startChild(ctx, relayRole, nil, lease)
	if err != nil {
		return nil, err
	}
	at, err := c.line(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start relay: %w", err), c.close())
	}
	return &relayed{ports: newPorts(), child: c, at: at, ways: map[Edge]string{}}, nil
}

// Plane implements Network.
func (*relayed) Plane() string { return PlaneRelay }

// Listen implements Network.
func (r *relayed) Listen(node string) (string, error) { return r.ports.of(node) }

// Dial implements Network. What comes from the tool or goes to it does not pass the relay.
func (r *relayed) Dial(from, to string) (string, error) {
	at, err := r.ports.of(to)
	if err != nil || from == "" || to == "" || from == to {
		return at, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := Edge{From: from, To: to}
	if way, ok := r.ways[e]; ok {
		return way, nil
	}
	open := relayRequest{Ask: askOpen, Edges: []Edge{e}, Address: at}
	reply, err := r.ask(context.Background(), open)
	if err != nil {
		return "", err
	}
	r.ways[e] = reply.Address
	return reply.Address, nil
}

// Prepare implements Network.
func (*relayed) Prepare(string, *exec.Cmd) error { return nil }

// Cut implements Cutter.
func (r *relayed) Cut(ctx context.Context, edges []Edge) error {
	_, err := r.ask(ctx, relayRequest{Ask: askCut, Edges: edges})
	return err
}

// Shape implements Cutter.
func (r *relayed) Shape(ctx context.Context, edges []Edge, s Shape) error {
	if err := s.relayed(); err != nil {
		return err
	}
	_, err := r.ask(ctx, relayRequest{Ask: askShape, Edges: edges, Shape: s})
	return err
}

// Mend implements Cutter.
func (r *relayed) Mend(ctx context.Context, edges []Edge) error {
	_, err := r.ask(ctx, relayRequest{Ask: askMend, Edges: edges})
	return err
}

// Undos implements Mender.
func (r *relayed) Undos(edges []Edge) []Undo {
	return []Undo{{Op: OpRelay, Address: r.at, Edges: edges}}
}

// Close ends the relay and every connection through it; twice is harmless.
func (r *relayed) Close() error { return errors.Join(r.child.close(), r.ports.close()) }

func (r *relayed) ask(ctx context.Context, request relayRequest) (relayReply, error) {
	reply, err := askRelay(ctx, r.at, request)
	if err != nil && !r.child.alive() {
		err = fmt.Errorf("%s edges: %w", request.Ask, errors.Join(errRelayDied, err))
	}
	return reply, err
}

// errRelayDied is why no node reaches another one any more.
var errRelayDied = errors.New("the process of the relay has died")

// longestAnswer bounds how long a relay may take to do what it is asked.
const longestAnswer = 5 * time.Second

// askRelay has the relay at an address do something.
func askRelay(ctx context.Context, at string, request relayRequest) (relayReply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longestAnswer,
		fmt.Errorf("no answer within %s", longestAnswer))
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", at)
	if err != nil {
		return relayReply{}, fmt.Errorf("ask the relay to %s: %w", request.Ask, err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var reply relayReply
	err = json.NewEncoder(c).Encode(request)
	if err == nil {
		err = json.NewDecoder(bufio.NewReader(c)).Decode(&reply)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil && reply.Error != "" {
		err = errors.New(reply.Error)
	}
	if err != nil {
		return reply, fmt.Errorf("ask the relay to %s: %w", request.Ask, err)
	}
	return reply, nil
}

// mendAt mends edges of the relay at an address. One that is gone holds nothing any more.
func mendAt(ctx context.Context, at string, edges []Edge) error {
	_, err := askRelay(ctx, at, relayRequest{Ask: askMend, Edges: edges})
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil
	}
	return err
}
