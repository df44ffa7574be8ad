package chaos

import (
	"context"

	"github.com/streambench/streambench/reports/record"
)

// poison is part of the stream before the run begins, so there is no act: only its time and its
// witness are recorded.
type poison struct{ planned Planned }

func newPoison(p Planned) Fault { return &poison{planned: p} }

// Inject does nothing: the stream does.
func (*poison) Inject(context.Context, Target) error { return nil }

func (p *poison) witness(ctx context.Context, t Target, _ int64) record.Witness {
	if t.poisoned == nil {
		return record.Witness{Missing: "nobody looks for what became of the malformed events"}
	}
	return t.poisoned(ctx, p.planned)
}

// Heal does nothing: a system has to put them aside and go on.
func (*poison) Heal(context.Context, Target) error { return nil }
