package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// patience bounds what tests wait for; it says nothing about how long anything should take.
const patience = 30 * time.Second

func newTestRelay(t testing.TB) *relayed {
	t.Helper()
	n, err := NewNetwork(t.Context(), PlaneRelay, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n.(*relayed)
}

func address(t testing.TB, ask func() (string, error)) string {
	t.Helper()
	at, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// pair is a connection from one node to another, both ends.
func pair(t testing.TB, n Network, from, to string) (a, b *net.TCPConn) {
	t.Helper()
	at := address(t, func() (string, error) { return n.Listen(to) })
	var l net.Listener
	as(t, n, to, func() (err error) {
		l, err = net.Listen("tcp4", at)
		return err
	})
	defer l.Close()
	at = address(t, func() (string, error) { return n.Dial(from, to) })
	var c net.Conn
	as(t, n, from, func() (err error) {
		c, err = net.DialTimeout("tcp4", at, patience)
		return err
	})
	d, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); d.Close() })
	for _, c := range []net.Conn{c, d} {
		_ = c.SetDeadline(time.Now().Add(patience))
	}
	return c.(*net.TCPConn), d.(*net.TCPConn)
}

// as does something where a node is: sockets that are made stay there.
func as(t testing.TB, n Network, node string, do func() error) {
	t.Helper()
	err := error(nil)
	if apart, ok := n.(*netns); ok && node != "" {
		err = inside(apart.namespace(node), do)
	} else {
		err = do()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func cutEdges(t *testing.T, c Cutter, edges ...Edge) {
	t.Helper()
	if err := c.Cut(t.Context(), edges); err != nil {
		t.Fatal(err)
	}
}

func mendEdges(t *testing.T, c Cutter, edges ...Edge) {
	t.Helper()
	if err := c.Mend(t.Context(), edges); err != nil {
		t.Fatal(err)
	}
}

var (
	there = Edge{From: "worker-1", To: "worker-2"}
	back  = Edge{From: "worker-2", To: "worker-1"}
)

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("heard %q, %v; want %q", got, err, text)
	}
}

// silent reports an error unless nothing, not even an end, comes out of a connection for a while.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	defer c.SetReadDeadline(time.Now().Add(patience))
	_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	var b [1]byte
	if n, err := c.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d bytes %q, %v; want silence", n, b[:n], err)
	}
}

func TestRelayCarriesBothWays(t *testing.T) {
	n := newTestRelay(t)
	a, b := pair(t, n, "worker-1", "worker-2")
	say(t, a, "ping")
	hear(t, b, "ping")
	say(t, b, "pong")
	hear(t, a, "pong")
	a.CloseWrite()
	if _, err := b.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("half a connection closed: %v", err)
	}
	say(t, b, "still")
	hear(t, a, "still")
	b.Close()
	if _, err := a.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the other half closed: %v", err)
	}
}

func TestACutEdgeCarriesNothingUntilMended(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		a, b := pair(t, n, "worker-1", "worker-2")
		say(t, a, "before")
		hear(t, b, "before")
		cutEdges(t, n, there)
		say(t, a, "during")
		silent(t, b)
		say(t, b, "other way")
		hear(t, a, "other way")
		mendEdges(t, n, there)
		hear(t, b, "during")
	})
}

func TestTheEndOfAConnectionDoesNotCrossACut(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		a, b := pair(t, n, "worker-1", "worker-2")
		cutEdges(t, n, there, back)
		say(t, a, "last words")
		a.Close()
		silent(t, b)
		mendEdges(t, n, there, back)
		hear(t, b, "last words")
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after the last words: %v", err)
		}
	})
}

// TestRelayCutOneWayHoldsBackTheOtherSoon: without acknowledgements a sender goes on for a while.
func TestRelayCutOneWayHoldsBackTheOtherSoon(t *testing.T) {
	n := newTestRelay(t)
	a, b := pair(t, n, "worker-1", "worker-2")
	cutEdges(t, n, there)
	all := make([]byte, 8*unacknowledged)
	go b.Write(all)
	got := make([]byte, unacknowledged)
	if _, err := io.ReadFull(a, got); err != nil {
		t.Fatal(err)
	}
	silent(t, a)
	mendEdges(t, n, there)
	if _, err := io.ReadFull(a, make([]byte, len(all)-len(got))); err != nil {
		t.Fatal(err)
	}
}

func TestRelayHoldsTheEndOfAConnection(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(c *net.TCPConn)
		reset bool
	}{
		{"FIN", func(c *net.TCPConn) { c.Close() }, false},
		{"RST", func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, true},
	} {
		for _, cutBoth := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s both %v", test.name, cutBoth), func(t *testing.T) {
				n := newTestRelay(t)
				a, b := pair(t, n, "worker-1", "worker-2")
				edges := []Edge{there}
				if cutBoth {
					edges = append(edges, back)
				}
				cutEdges(t, n, edges...)
				say(t, a, "last words")
				test.end(a)
				silent(t, b)
				mendEdges(t, n, edges...)
				hear(t, b, "last words")
				_, err := b.Read(make([]byte, 1))
				if err == nil || (!test.reset && err != io.EOF) {
					t.Fatalf("after the last words: %v", err)
				}
			})
		}
	}
}

func TestNoAttemptToConnectCrossesACut(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		var l net.Listener
		at := address(t, func() (string, error) { return n.Listen("worker-2") })
		as(t, n, "worker-2", func() (err error) {
			l, err = net.Listen("tcp4", at)
			return err
		})
		defer l.Close()
		at = address(t, func() (string, error) { return n.Dial("worker-1", "worker-2") })
		for _, e := range []Edge{there, back} { // a handshake needs both directions
			cutEdges(t, n, e)
			var c net.Conn
			as(t, n, "worker-1", func() error {
				_, err := net.DialTimeout("tcp4", at, 200*time.Millisecond)
				if ne := net.Error(nil); !errors.As(err, &ne) || !ne.Timeout() {
					return fmt.Errorf("%s cut: connect: %w, want a time-out", e, err)
				}
				mendEdges(t, n, e)
				c, err = net.DialTimeout("tcp4", at, patience)
				return err
			})
			c.Close()
		}
	})
}

func TestRelayThatDiedIsAnErrorAndNoHang(t *testing.T) {
	n := newTestRelay(t)
	a, _ := pair(t, n, "worker-1", "worker-2")
	if err := n.child.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-n.child.dead
	if _, err := a.Read(make([]byte, 1)); err == nil {
		t.Error("a connection through it lives on")
	}
	for _, act := range []func() error{
		func() error { return n.Cut(t.Context(), []Edge{there}) },
		func() error { return n.Mend(t.Context(), []Edge{there}) },
		func() error { _, err := n.Dial("worker-1", "worker-3"); return err },
	} {
		if err := act(); !errors.Is(err, errRelayDied) {
			t.Errorf("want %v: %v", errRelayDied, err)
		}
	}
	for _, u := range n.Undos([]Edge{there}) {
		if err := mendAt(t.Context(), u.Address, u.Edges); err != nil {
			t.Errorf("nothing is left to mend: %v", err)
		}
	}
}

func TestRelayIsMendedByItsUndos(t *testing.T) {
	n := newTestRelay(t)
	a, b := pair(t, n, "worker-1", "worker-2")
	cutEdges(t, n, there)
	say(t, a, "held")
	for _, u := range n.Undos([]Edge{there}) {
		for range 2 {
			if err := mendAt(t.Context(), u.Address, u.Edges); err != nil {
				t.Fatal(err)
			}
		}
	}
	hear(t, b, "held")
}

func TestRelayDropsNoPartOfAStream(t *testing.T) {
	n := newTestRelay(t)
	err := n.Shape(t.Context(), []Edge{there}, Shape{Loss: 0.02})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("loss: %v", err)
	}
}

// TestRelayOfAKilledNodeSaysSoOnceMended kills a process that has a connection, behind a cut.
func TestRelayOfAKilledNodeSaysSoOnceMended(t *testing.T) {
	n := newTestRelay(t)
	l, err := net.Listen("tcp", address(t, func() (string, error) { return n.Listen("worker-2") }))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := address(t, func() (string, error) { return n.Dial("worker-1", "worker-2") })
	node := dialer(t, n, "worker-1", at)
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	hear(t, b, "hello")
	cutEdges(t, n, there, back)
	say(t, b, "unread") // the kernel answers what is left unread with RST
	if err := node.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = node.Wait()
	silent(t, b)
	mendEdges(t, n, there, back)
	_ = b.SetDeadline(time.Now().Add(patience))
	if n, err := b.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d, %v; want the end", n, err)
	}
}

func FuzzRelayRequests(f *testing.F) {
	f.Add(`{"ask":"cut","edges":[{"from":"a","to":"b"}]}`)
	f.Add(`{"ask":"shape","edges":[{"from":"a","to":"b"}],"shape":{"delay":1,"rate":9}}`)
	f.Add(`{"ask":"mend","edges":[{"from":"a","to":"a"}]}`)
	f.Add(`{"ask":"ends"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "open") {
			return // it takes ports, which this process would not give back
		}
		var out bytes.Buffer
		answer(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(text), &out}, newSwitchboard().obey)
		for line := range strings.Lines(out.String()) {
			var reply relayReply
			if err := json.Unmarshal([]byte(line), &reply); err != nil {
				t.Errorf("it answers %q", line)
			}
		}
	})
}

func TestRelayForgetsConnectionsThatHaveEnded(t *testing.T) {
	s := newSwitchboard()
	for _, end := range []func(c *net.TCPConn){
		func(c *net.TCPConn) { c.Close() },
		func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
	} {
		a, inA := loopback(t)
		b, inB := loopback(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.join(there, inA, inB)
		}()
		say(t, a, "hello")
		hear(t, b, "hello")
		end(a)
		_, _ = io.Copy(io.Discard, b) // until the end, of whatever kind
		b.Close()
		<-done
		s.mu.Lock()
		for len(s.pumps) > 0 {
			s.moved.Wait()
		}
		s.mu.Unlock()
	}
	if got := s.ends(); len(got) != 2 {
		t.Errorf("ends %+v", got)
	}
}

// loopback is a connection of this process with itself.
func loopback(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	n := newDirect()
	t.Cleanup(func() { n.Close() })
	return pair(t, n, "one", "other")
}
