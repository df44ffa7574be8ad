package kafka

import (
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// gathered is where a driver writes to without brokers: everything is acknowledged at once.
type gathered struct {
	driver *Driver
	held   [lanes]int
	pushes int // that had something to send
	pushed int
}

func (g *gathered) Append(target int, _ Message) error {
	g.held[target%lanes]++
	return nil
}

func (g *gathered) Push() error {
	sent := 0
	for lane, n := range g.held {
		g.held[lane] = 0
		sent += n
		g.driver.Accept(lane, n)
	}
	g.pushed += sent
	if sent > 0 {
		g.pushes++
	}
	return nil
}

func (g *gathered) HasRoom() bool         { return true }
func (g *gathered) Await(d time.Duration) { time.Sleep(d) }

// The events of a schedule are gathered; those without one, or late ones, wait for nothing.
func TestTheDriverGathersEventsNoLongerThanItMay(t *testing.T) {
	for _, c := range []struct {
		name   string
		pacer  workloads.Pacer
		begun  time.Duration // so long ago
		linger time.Duration
		least  int // pushes
		most   int
	}{
		{"gathered", workloads.Constant(10_000), 0, 50 * time.Millisecond, 2, 7},
		{"without", workloads.Constant(10_000), 0, 0, 2, 2001}, // few where the host is busy
		{"no schedule", nil, 0, time.Hour, 2, 2001},
		{"behind", workloads.Constant(10_000), time.Second, time.Hour, 2, 2001},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n = 2048
			job, _ := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), n)
			job.Linger = c.linger
			job.Load = adapters.NewLoad(c.pacer, 1)
			job.Load.Limit(n)
			d, err := NewDriver(job)
			if err != nil {
				t.Fatal(err)
			}
			g := &gathered{driver: d}
			d.WriteTo(g, func(partition int) int { return partition % lanes })
			job.Load.Begin(time.Now().Add(-c.begun))
			if err := d.Run(); err != nil {
				t.Fatal(err)
			}
			if ends := job.Partitions; g.pushed != n+ends {
				t.Errorf("%d events were sent, and %d end events", g.pushed-ends, ends)
			}
			if g.pushes < c.least || g.pushes > c.most+1 {
				t.Errorf("%d sends, want %d to %d and that of the end", g.pushes, c.least, c.most)
			}
			if got := job.Load.Account(job.Load.NowNs()).Accepted; got != n {
				t.Errorf("%d of %d accepted", got, n)
			}
		})
	}
}
