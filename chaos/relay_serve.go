package chaos

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
)

// What a relay can be asked, one JSON document a line.
const (
	askOpen  = "open"  // the way of Edges[0], to the node that listens at Address
	askCut   = "cut"   // Edges
	askShape = "shape" // Edges, to Shape
	askMend  = "mend"  // Edges
	askEnds  = "ends"  // FIN and RST that passed
)

// relayRequest is a line to the relay.
type relayRequest struct {
	Ask     string `json:"ask"`
	Edges   []Edge `json:"edges,omitempty"`
	Shape   Shape  `json:"shape,omitzero"`
	Address string `json:"address,omitempty"`
}

// relayReply is the line it answers with.
type relayReply struct {
	Error   string    `json:"error,omitempty"`
	Address string    `json:"address,omitempty"`
	Ends    []endings `json:"ends,omitempty"`
}

// endings are the FIN and RST that left along an edge.
type endings struct {
	Edge   Edge   `json:"edge"`
	Count  uint64 `json:"count"`
	LastNs int64  `json:"lastNs"` // CLOCK_MONOTONIC
}

// longestLine bounds a request: one with all edges between 64 nodes fits.
const longestLine = 4 << 20

// serveRelay is the relay's process. It writes where it is to be asked, and lives until the other
// end of stdin is gone.
func serveRelay(stdin io.Reader, stdout io.Writer) error {
	at := fmt.Sprintf("@streambench-relay-%d-%016x", os.Getpid(), rand.Uint64())
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
	if err != nil {
		return fmt.Errorf("listen for requests: %w", err)
	}
	defer l.Close()
	s := newSwitchboard()
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if sameUser(c) {
					answer(c, s.obey)
				}
			}()
		}
	}()
	if _, err := fmt.Fprintln(stdout, at); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// answer obeys requests until the other end is gone or does not speak the language.
func answer(c io.ReadWriter, obey func(relayRequest) (relayReply, error)) {
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, longestLine)
	out := json.NewEncoder(c)
	for lines.Scan() {
		var request relayRequest
		var reply relayReply
		err := json.Unmarshal(lines.Bytes(), &request)
		if err == nil {
			reply, err = obey(request)
		}
		if err != nil {
			reply.Error = err.Error()
		}
		if out.Encode(reply) != nil {
			return
		}
	}
}

// obey does what a request says.
func (s *switchboard) obey(r relayRequest) (relayReply, error) {
	for _, e := range r.Edges {
		if e.From == "" || e.To == "" || e.From == e.To {
			return relayReply{}, fmt.Errorf("%s %q to %q: no edge between two nodes", r.Ask, e.From, e.To)
		}
	}
	switch r.Ask {
	case askOpen:
		if len(r.Edges) != 1 {
			return relayReply{}, fmt.Errorf("open %d ways: one at a time", len(r.Edges))
		}
		at, err := s.open(r.Edges[0], r.Address)
		return relayReply{Address: at}, err
	case askCut:
		return relayReply{}, s.change(r.Edges, func(g *gate) { g.cut = true })
	case askShape:
		if err := r.Shape.relayed(); err != nil {
			return relayReply{}, err
		}
		return relayReply{}, s.change(r.Edges, func(g *gate) { g.shape = r.Shape })
	case askMend:
		return relayReply{}, s.change(r.Edges, func(g *gate) { g.cut, g.shape = false, Shape{} })
	case askEnds:
		return relayReply{Ends: s.ends()}, nil
	}
	return relayReply{}, fmt.Errorf("%q is nothing a relay does", r.Ask)
}

// errLoss is why a relay drops nothing.
var errLoss = fmt.Errorf("loss drops packets, and through the relay travel streams, of which no "+
	"part may be missing: it needs the netns plane: %w", errors.ErrUnsupported)

// relayed says what of a shape a relay cannot do.
func (s Shape) relayed() error {
	switch {
	case s.Loss != 0:
		return errLoss
	case s.Delay < 0 || s.Jitter < 0:
		return fmt.Errorf("shape an edge: a delay of %s ± %s", s.Delay, s.Jitter)
	}
	return nil
}

func (s *switchboard) ends() []endings {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []endings
	for e, g := range s.gates {
		all = append(all, endings{Edge: e, Count: g.ends, LastNs: g.lastEndNs})
	}
	return all
}
