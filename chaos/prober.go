package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// Probing is what a prober looks at.
type Probing struct {
	Network Network
	Nodes   []Node
	Now     func() int64 // since T0, in ns: the clock of the times it is asked about and answers with
	Lease   Lease        // nil: nobody heals what a killed tool left
}

// ProberProcess is a Prober: a process with a foot at every node. Along every edge it sends a
// datagram each 5 ms and sets up a connection each 100 ms, by the ways that nodes take themselves;
// it holds the processes by their pidfds and looks at their states each 10 ms.
type ProberProcess struct {
	now   func() int64
	child *child
	mu    sync.Mutex // of one question and its answer
}

// seen is a Network whose edges can be probed.
type seen interface {
	view(nodes []Node) (view, error)
}

// NewProber starts the process that sees what faults do. It probes edges of networks that can be
// cut.
func NewProber(ctx context.Context, p Probing) (*ProberProcess, error) {
	v := view{Plane: PlaneDirect}
	if n, ok := p.Network.(seen); ok {
		var err error
		if v, err = n.view(p.Nodes); err != nil {
			return nil, fmt.Errorf("start prober: %w", err)
		}
	}
	if p.Lease == nil {
		p.Lease = noLease{}
	}
	c, err := startChild(ctx, proberRole, nil, p.Lease)
	if err != nil {
		return nil, err
	}
	prober := &ProberProcess{now: p.Now, child: c}
	if _, err := prober.ask(ctx, proberRequest{Ask: askLook, View: v}); err != nil {
		return nil, errors.Join(fmt.Errorf("start prober: %w", err), c.close())
	}
	return prober, nil
}

// ask puts one question.
func (p *ProberProcess) ask(ctx context.Context, r proberRequest) (proberReply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(r)
	if err != nil {
		return proberReply{}, err
	}
	if _, err := p.child.stdin.Write(append(line, '\n')); err != nil {
		return proberReply{}, fmt.Errorf("ask the prober: %w", err)
	}
	// An answer that nobody waited for would be taken for that of the next question.
	text, err := p.child.line(context.WithoutCancel(ctx))
	if err != nil {
		return proberReply{}, fmt.Errorf("ask the prober: %w", err)
	}
	var reply proberReply
	err = json.Unmarshal([]byte(text), &reply)
	if err == nil && reply.Error != "" {
		err = errors.New(reply.Error)
	}
	if err != nil {
		return reply, fmt.Errorf("ask the prober: %w", err)
	}
	return reply, nil
}

// Watch implements Prober.
func (p *ProberProcess) Watch(node string, process Process) error {
	_, err := p.ask(context.Background(), proberRequest{Ask: askWatch, Node: node, Process: process})
	return err
}

// seeEvery is how often the prober is asked by somebody who waits for what it will see.
const seeEvery = 10 * time.Millisecond

// Await implements Prober.
func (p *ProberProcess) Await(ctx context.Context, e Expectation) record.Witness {
	tick := time.NewTicker(seeEvery)
	defer tick.Stop()
	for {
		offset := monotonic() - p.now()
		asked := e
		asked.SinceNs += offset
		reply, err := p.ask(ctx, proberRequest{Ask: askSee, Expect: asked})
		if err != nil {
			return record.Witness{Missing: err.Error()}
		}
		if w := reply.Witness; w.Holds {
			w.AtNs -= offset
			return w
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return reply.Witness
		}
	}
}

// Close ends the process; twice is harmless.
func (p *ProberProcess) Close() error { return p.child.close() }

// view implements seen: every edge is probed by the port by which nodes use it.
func (r *relayed) view(nodes []Node) (view, error) {
	v := view{Plane: PlaneRelay, Relay: r.at}
	for _, from := range nodes {
		for _, to := range nodes {
			if from.Name == to.Name {
				continue
			}
			at, err := r.Dial(from.Name, to.Name)
			if err != nil {
				return v, err
			}
			v.Edges = append(v.Edges, toProbe{Edge: Edge{From: from.Name, To: to.Name}, Address: at})
		}
	}
	return v, nil
}
