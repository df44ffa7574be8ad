package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/streambench/streambench/reports/record"
)

// lose is the silent loss of nodes, as when a machine loses its power: first nothing travels to or
// from them any more, and only when that is seen are they killed, so that no peer hears of their
// end.
type lose struct {
	planned Planned
	grip    grip
	cut     breach
	away    absence
	silence record.Witness
}

func newLose(p Planned) Fault { return &lose{planned: p} }

func (l *lose) prepare(_ context.Context, t Target) error {
	if err := l.away.possible(t, l.planned); err != nil {
		return err
	}
	if err := l.grip.take(t); err != nil {
		return err
	}
	var edges []Edge
	for _, n := range t.Picked {
		for _, e := range around(n.Name, t.System.Nodes()) {
			if !slices.Contains(edges, e) {
				edges = append(edges, e)
			}
		}
	}
	return l.cut.prepare(t, edges)
}

// Inject cuts the nodes off, waits until that is seen, and kills them.
func (l *lose) Inject(ctx context.Context, t Target) error {
	if t.Prober == nil {
		return errors.New("nobody is there to see that the node is cut off: it is not killed")
	}
	if err := l.prepare(ctx, t); err != nil {
		return err
	}
	sinceNs := t.now()
	if err := l.cut.cut(ctx, t); err != nil {
		return err
	}
	seeing, cancel := context.WithTimeout(ctx, longestWitness)
	defer cancel()
	l.silence = t.Prober.Await(seeing, Expectation{SinceNs: sinceNs, Silent: l.cut.edges})
	if !l.silence.Holds {
		return fmt.Errorf("the node was not seen to be cut off, so it was not killed: %s",
			l.silence.Missing)
	}
	l.away.begin(t)
	return l.grip.signal(syscall.SIGKILL)
}

// witness counts from the cut: the kill after it is heard by nobody.
func (l *lose) witness(ctx context.Context, t Target, sinceNs int64) record.Witness {
	var names []string
	for _, n := range t.Picked {
		names = append(names, n.Name)
	}
	w := t.Prober.Await(ctx, Expectation{
		SinceNs: sinceNs, Gone: l.grip.processes(), Silent: l.cut.edges, Quiet: names,
	})
	w.Evidence = append(slices.Clone(l.silence.Evidence), w.Evidence...)
	w.AtNs = l.silence.AtNs
	return w
}

// Heal mends the edges and starts the nodes as new ones, with an empty disk.
func (l *lose) Heal(ctx context.Context, t Target) error {
	err := l.cut.mend(ctx, t)
	err = errors.Join(err, l.away.end(ctx, t, l.planned))
	l.grip.release()
	return err
}
