package chaos

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// stop is the graceful end of nodes: they are asked to end, and killed once grace is over. It is no
// kill, and is not to be compared with one.
type stop struct {
	planned Planned
	grip    grip
	away    absence
	killed  bool // grace was not enough
}

func newStop(p Planned) Fault { return &stop{planned: p} }

func (s *stop) prepare(_ context.Context, t Target) error {
	if err := s.away.possible(t, s.planned); err != nil {
		return err
	}
	return s.grip.take(t)
}

func (s *stop) grace() time.Duration {
	if s.planned.Grace > 0 {
		return s.planned.Grace
	}
	return defaultGrace
}

// Inject sends SIGTERM to the process that stands for each node, and SIGKILL to all of them if any
// is left after grace.
func (s *stop) Inject(ctx context.Context, t Target) error {
	if err := s.grip.take(t); err != nil {
		return err
	}
	s.away.begin(t)
	for _, h := range s.grip.leads() {
		if err := h.signal(syscall.SIGTERM); err != nil {
			return err
		}
	}
	grace, cancel := context.WithTimeout(ctx, s.grace())
	defer cancel()
	for _, h := range s.grip.all {
		if h.wait(grace) != nil {
			s.killed = true
			break
		}
	}
	return s.grip.signal(syscall.SIGKILL)
}

// witness counts from SIGTERM, for what a node does in its grace is part of its end.
func (s *stop) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	w := t.Prober.Await(ctx, Expectation{SinceNs: sinceNs, Gone: s.grip.processes()})
	if !w.Holds {
		return w
	}
	took := time.Duration(w.AtNs - sinceNs).Round(time.Millisecond)
	how := "ended by itself"
	if s.killed {
		how = "had to be killed"
	}
	w.Evidence = append(w.Evidence, fmt.Sprintf("it %s %s after SIGTERM", how, took))
	w.AtNs = sinceNs
	return w
}

// Heal starts the nodes again, if they are to come back. One that still had grace left has none.
func (s *stop) Heal(ctx context.Context, t Target) error {
	if len(s.away.nodes) > 0 {
		if err := s.grip.signal(syscall.SIGKILL); err != nil {
			return err
		}
		for _, h := range s.grip.all {
			if err := h.wait(ctx); err != nil {
				return err
			}
		}
	}
	err := s.away.end(ctx, t, s.planned)
	s.grip.release()
	return err
}
