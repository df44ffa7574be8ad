package chaos

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// patience bounds what tests wait for; it says nothing about how long anything should take.
const patience = 30 * time.Second

func newTestRelay(t *testing.T) *relayed {
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

func address(t *testing.T, ask func() (string, error)) string {
	t.Helper()
	at, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// pair is a connection from one node to another, both ends.
func pair(t *testing.T, n Network, from, to string) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", address(t, func() (string, error) { return n.Listen(to) }))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.DialTimeout("tcp", address(t, func() (string, error) { return n.Dial(from, to) }), patience)
	if err != nil {
		t.Fatal(err)
	}
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

func TestRelayHoldsWhatACutEdgeCarries(t *testing.T) {
	n := newTestRelay(t)
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

func TestRelayAnswersNoAttemptToConnectAcrossACut(t *testing.T) {
	for _, e := range []Edge{there, back} { // a handshake needs both directions
		n := newTestRelay(t)
		l, err := net.Listen("tcp", address(t, func() (string, error) { return n.Listen("worker-2") }))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		at := address(t, func() (string, error) { return n.Dial("worker-1", "worker-2") })
		cutEdges(t, n, e)
		_, err = net.DialTimeout("tcp", at, 200*time.Millisecond)
		if ne := net.Error(nil); !errors.As(err, &ne) || !ne.Timeout() {
			t.Fatalf("%s cut: connect: %v, want a time-out", e, err)
		}
		mendEdges(t, n, e)
		c, err := net.DialTimeout("tcp", at, patience)
		if err != nil {
			t.Fatalf("%s mended: %v", e, err)
		}
		c.Close()
	}
}

// TestRelayLosesNoByteOfAStream cuts, slows and mends the edges under two streams at full speed.
func TestRelayLosesNoByteOfAStream(t *testing.T) {
	n := newTestRelay(t)
	a, b := pair(t, n, "worker-1", "worker-2")
	const size = 24 << 20
	type end struct {
		sum [32]byte
		err error
	}
	send := func(c *net.TCPConn, seed byte) <-chan end {
		done := make(chan end, 1)
		go func() {
			h, buf := sha256.New(), make([]byte, 100_003)
			for left := size; left > 0; left -= len(buf) {
				buf = buf[:min(len(buf), left)]
				for i := range buf {
					buf[i] = byte(left>>3) + byte(i)*seed
				}
				h.Write(buf)
				if _, err := c.Write(buf); err != nil {
					done <- end{err: err}
					return
				}
			}
			done <- end{[32]byte(h.Sum(nil)), c.CloseWrite()}
		}()
		return done
	}
	receive := func(c *net.TCPConn) <-chan end {
		done := make(chan end, 1)
		go func() {
			h := sha256.New()
			_, err := io.Copy(h, c)
			done <- end{[32]byte(h.Sum(nil)), err}
		}()
		return done
	}
	toB, toA, atB, atA := send(a, 3), send(b, 5), receive(b), receive(a)
	ctx, cancel := context.WithCancel(t.Context())
	stirred := make(chan error, 1)
	go func() { stirred <- stir(ctx, n) }()
	if s, r := <-toB, <-atB; s != r {
		t.Errorf("there: sent %x %v, received %x %v", s.sum[:4], s.err, r.sum[:4], r.err)
	}
	if s, r := <-toA, <-atA; s != r {
		t.Errorf("back: sent %x %v, received %x %v", s.sum[:4], s.err, r.sum[:4], r.err)
	}
	cancel()
	if err := <-stirred; err != nil {
		t.Error(err)
	}
}

// stir changes both edges all the time, in every way.
func stir(ctx context.Context, n Cutter) error {
	always := context.Background()
	for i := 0; ctx.Err() == nil; i++ {
		e := []Edge{there, back}[i%2 : i%2+1]
		if i%3 == 0 {
			e = []Edge{there, back}
		}
		var err error
		switch i % 4 {
		case 0:
			err = n.Cut(always, e)
		case 1:
			err = n.Shape(always, e, Shape{Delay: time.Millisecond, Jitter: time.Millisecond})
		case 2:
			err = n.Shape(always, e, Shape{Rate: 4_000_000_000})
		}
		time.Sleep(2 * time.Millisecond)
		if err := errors.Join(err, n.Mend(always, e)); err != nil {
			return err
		}
		time.Sleep(3 * time.Millisecond)
	}
	return n.Mend(always, []Edge{there, back})
}
