package chaos

import (
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

func newTestNetns(t *testing.T) *netns {
	t.Helper()
	if err := CanNetns(); err != nil {
		t.Skip(err)
	}
	n, err := NewNetwork(t.Context(), PlaneNetns, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	suffix := n.(*netns).suffix
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		entries, _ := os.ReadDir("/run/netns")
		for _, e := range entries {
			if strings.Contains(e.Name(), suffix) {
				t.Errorf("%s is left", e.Name())
			}
		}
	})
	return n.(*netns)
}

func TestARunHasTwoNetworksOfNamespaces(t *testing.T) {
	if err := CanNetns(); err != nil {
		t.Skip(err)
	}
	lease, err := OpenLease(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	var all []Plane
	for range 2 {
		n, err := NewNetwork(t.Context(), PlaneNetns, "two", lease)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		all = append(all, n)
		if _, err := n.Listen("worker-1"); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := all[0].(*netns).namespace("worker-1"), all[1].(*netns).namespace("worker-1"); a == b {
		t.Errorf("both have %s", a)
	}
	for _, n := range all {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := lease.Close(); err != nil {
		t.Error(err)
	}
	if left, err := Residue(t.Context(), lease.Label()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestProberSeesTheShareOfPacketsThatIsLost(t *testing.T) {
	n := newTestNetns(t)
	p := newTestProber(t, n, trio)
	await(t, p, Expectation{SinceNs: p.now(), Open: []Edge{there, back}})
	since := p.now()
	s := Shape{Loss: 0.05}
	if err := n.Shape(t.Context(), []Edge{there}, s); err != nil {
		t.Fatal(err)
	}
	await(t, p, Expectation{SinceNs: since, Slow: []Edge{there}, Shape: s})
	unseen(t, p, Expectation{SinceNs: since, Slow: []Edge{back}, Shape: s}, "are lost")
	a, b := pair(t, n, "worker-1", "worker-2")
	say(t, a, "in spite of it")
	hear(t, b, "in spite of it")
}

// packetOf is a packet as far as the shaper reads it.
func packetOf(from, to string, number uint32) []byte {
	b := make([]byte, 100)
	b[0] = 0x45
	copy(b[12:], netip.MustParseAddr(from).AsSlice())
	copy(b[16:], netip.MustParseAddr(to).AsSlice())
	binary.BigEndian.PutUint32(b[20:], number)
	return b
}

// TestShaperKeepsOrderAndLosesByASeed drives it with times of its own.
func TestShaperKeepsOrderAndLosesByASeed(t *testing.T) {
	const from, to = "198.18.0.10", "198.18.0.11"
	run := func(shape Shape) (got []uint32, took time.Duration) {
		s := newShaper(func(b []byte) { got = append(got, binary.BigEndian.Uint32(b[20:])) })
		if err := s.set(shaperRequest{Flows: []shapedFlow{{from, to}}, Shape: shape}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		now := began
		for i := range 1000 {
			s.take(packetOf(from, to, uint32(i)), now)
			now = now.Add(10 * time.Microsecond)
		}
		for wait := s.release(now); wait >= 0; wait = s.release(now) {
			now = now.Add(wait)
		}
		return got, now.Sub(began)
	}
	sent, took := run(Shape{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond})
	for i, number := range sent {
		if number != uint32(i) {
			t.Fatalf("packet %d comes at place %d", number, i)
		}
	}
	if len(sent) != 1000 || took < 25*time.Millisecond || took > 35*time.Millisecond {
		t.Errorf("%d packets in %s", len(sent), took)
	}
	sent, took = run(Shape{Rate: 8_000_000}) // 1000 packets of 100 bytes take 100 ms
	if len(sent) != 1000 || took < 99*time.Millisecond || took > 101*time.Millisecond {
		t.Errorf("%d packets in %s", len(sent), took)
	}
	one, _ := run(Shape{Loss: 0.1})
	other, _ := run(Shape{Loss: 0.1})
	if len(one) < 850 || len(one) > 950 || len(one) != len(other) {
		t.Errorf("of 1000 packets %d and %d arrive", len(one), len(other))
	}
}

// notes is a lease that remembers what it was told.
type notes struct {
	undos map[int]Undo
	next  int
}

func (l *notes) Add(u Undo) (int, error) {
	l.next++
	l.undos[l.next] = u
	return l.next, nil
}
func (l *notes) Drop(id int) error { delete(l.undos, id); return nil }
func (l *notes) Label() string     { return labelVariable + "=netns-test-left" }

func TestNamespacesOfAKilledToolAreTakenAwayByTheLease(t *testing.T) {
	if err := CanNetns(); err != nil {
		t.Skip(err)
	}
	lease := &notes{undos: map[int]Undo{}}
	made, err := NewNetwork(t.Context(), PlaneNetns, "test", lease)
	if err != nil {
		t.Fatal(err)
	}
	n := made.(*netns)
	a, b := pair(t, n, "worker-1", "worker-2")
	for _, u := range n.Undos([]Edge{there}) {
		if _, err := lease.Add(u); err != nil {
			t.Fatal(err)
		}
	}
	cutEdges(t, n, there)
	for range 2 { // what mends an edge leaves the rest as it is
		for _, u := range n.Undos([]Edge{there}) {
			if err := undo(t.Context(), lease.Label(), u); err != nil {
				t.Fatal(err)
			}
		}
	}
	say(t, a, "mended")
	hear(t, b, "mended")
	for range 2 {
		for id := lease.next; id > 0; id-- {
			if u, ok := lease.undos[id]; ok {
				if err := undo(t.Context(), lease.Label(), u); err != nil {
					t.Error(err)
				}
			}
		}
		left, err := Residue(t.Context(), lease.Label())
		if err != nil || len(left) != 0 {
			t.Errorf("left: %q, %v", left, err)
		}
	}
	if err := n.Close(); err != nil || len(lease.undos) > 2 {
		t.Errorf("close what is gone: %v, and the lease has %v", err, lease.undos)
	}
}
