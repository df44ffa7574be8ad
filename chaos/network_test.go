package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestPortsAreTheSameAndNobodyElses asks twice, and from two networks at once.
func TestPortsAreTheSameAndNobodyElses(t *testing.T) {
	one, other := newDirect(), newDirect()
	defer one.Close()
	defer other.Close()
	seen := map[string]bool{}
	for _, n := range []*direct{one, other} {
		for _, node := range []string{"worker-1", "worker-2", ""} {
			at := address(t, func() (string, error) { return n.Listen(node) })
			again := address(t, func() (string, error) { return n.Dial("coordinator", node) })
			if at != again || seen[at] {
				t.Errorf("%q listens at %s and is reached at %s", node, at, again)
			}
			seen[at] = true
			for range 2 { // as a node that is started again
				l, err := net.Listen("tcp", at)
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
			}
		}
	}
	if _, cuts := Network(one).(Cutter); cuts {
		t.Error("what is direct cannot be cut")
	}
}

func TestNoNetworkOfAnotherPlane(t *testing.T) {
	if _, err := NewNetwork(t.Context(), "carrier pigeon", "test", nil); err == nil {
		t.Error("made one")
	}
}

// TestNoByteOfAStreamIsLost cuts, slows and mends the edges under two streams at full speed.
func TestNoByteOfAStreamIsLost(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		a, b := pair(t, n, "worker-1", "worker-2")
		stop := make(chan struct{})
		toB, toA, atB, atA := send(a, stop, 3), send(b, stop, 5), receive(b), receive(a)
		err := stir(n)
		close(stop)
		if err != nil {
			t.Fatal(err)
		}
		if s, r := <-toB, <-atB; s != r {
			t.Errorf("there: sent %x %v, received %x %v", s.sum[:4], s.err, r.sum[:4], r.err)
		}
		if s, r := <-toA, <-atA; s != r {
			t.Errorf("back: sent %x %v, received %x %v", s.sum[:4], s.err, r.sum[:4], r.err)
		}
	})
}

// stir changes both edges again and again, in every way, and leaves them whole.
func stir(n Cutter) error {
	ctx := context.Background()
	for i := range 48 {
		e := []Edge{there, back}[i%2 : i%2+1]
		if i%3 == 0 {
			e = []Edge{there, back}
		}
		var err error
		switch i % 4 {
		case 0:
			err = n.Cut(ctx, e)
		case 1:
			err = n.Shape(ctx, e, Shape{Delay: time.Millisecond, Jitter: time.Millisecond})
		case 2:
			err = n.Shape(ctx, e, Shape{Rate: 800_000_000})
		}
		time.Sleep(2 * time.Millisecond)
		if err := errors.Join(err, n.Mend(ctx, e)); err != nil {
			return err
		}
		time.Sleep(3 * time.Millisecond)
	}
	return nil
}

// end is how a stream ended, at either end of it.
type end struct {
	sum [32]byte
	err error
}

// send writes until it is to stop.
func send(c *net.TCPConn, stop <-chan struct{}, seed byte) <-chan end {
	done := make(chan end, 1)
	go func() {
		h, buf := sha256.New(), make([]byte, 100_003)
		for i := range buf {
			buf[i] = byte(i) * seed
		}
		for n := uint64(0); ; n++ {
			select {
			case <-stop:
				done <- end{[32]byte(h.Sum(nil)), c.CloseWrite()}
				return
			default:
			}
			binary.LittleEndian.PutUint64(buf, n)
			h.Write(buf)
			if _, err := c.Write(buf); err != nil {
				done <- end{err: err}
				return
			}
		}
	}()
	return done
}

func receive(c *net.TCPConn) <-chan end {
	done := make(chan end, 1)
	go func() {
		h := sha256.New()
		_, err := io.Copy(h, c)
		done <- end{[32]byte(h.Sum(nil)), err}
	}()
	return done
}

func BenchmarkThroughput(b *testing.B) {
	for _, name := range []string{PlaneDirect, PlaneRelay, PlaneNetns} {
		b.Run(name, func(b *testing.B) {
			if err := CanNetns(); name == PlaneNetns && err != nil {
				b.Skip(err)
			}
			n, err := NewNetwork(b.Context(), name, "bench", nil)
			if err != nil {
				b.Fatal(err)
			}
			defer n.Close()
			from, to := pair(b, n, "worker-1", "worker-2")
			piece := make([]byte, 256<<10)
			b.SetBytes(int64(len(piece)))
			done := make(chan error, 1)
			go func() {
				_, err := io.CopyN(io.Discard, struct{ io.Reader }{to}, int64(b.N)*int64(len(piece)))
				done <- err
			}()
			b.ResetTimer()
			for range b.N {
				if _, err := from.Write(piece); err != nil {
					b.Fatal(err)
				}
			}
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}
