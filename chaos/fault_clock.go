package chaos

import "context"

// clock shifts the time of day as a node sees it. No system here reads a clock that can be shifted
// without the clocks of all others: a time namespace has no time of day of its own.
type clock struct{}

func newClock(Planned) Fault { return clock{} }

// Inject is not supported.
func (clock) Inject(context.Context, Target) error {
	return unsupported("the node's clock is that of the host")
}

// Heal has nothing to undo.
func (clock) Heal(context.Context, Target) error { return nil }
