package chaos

import (
	"context"
	"errors"
	"fmt"

	"github.com/streambench/streambench/reports/record"
)

// Fault is a way to break something. Heal also runs after an Inject that has failed, and twice is
// harmless. Both give errors.ErrUnsupported on a system without the capability they need.
type Fault interface {
	Inject(ctx context.Context, t Target) error
	Heal(ctx context.Context, t Target) error
}

// preparer is a Fault that readies what can be readied before its time: what is left then is one
// call into the kernel or to the relay. Preparing again takes up what has changed.
type preparer interface {
	prepare(ctx context.Context, t Target) error
}

// witnessed is a Fault that knows what somebody else must see of it. sinceNs is when Inject began.
type witnessed interface {
	witness(ctx context.Context, t Target, sinceNs int64) record.Witness
}

// unsupported is why a system cannot be broken like this.
func unsupported(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, errors.ErrUnsupported)...)
}
