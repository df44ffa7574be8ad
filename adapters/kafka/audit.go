package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
)

// errForeign is wrapped by the error of a topic that others have written to or deleted from,
// errGone by that of one that has lost what it had taken.
var (
	errForeign = errors.New("somebody else has a hand in the topic")
	errGone    = errors.New("what was acknowledged is gone")
)

// audit compares the input topic with what was acknowledged: what a system reads must be the
// stream, all of it and nothing else, or its answers are judged by another.
func (c *channel) audit() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.limits.answer)
	defer cancel()
	what := "check topic " + c.topics.Input
	admin := kadm.NewClient(c.admin)
	first, err := admin.ListStartOffsets(ctx, c.topics.Input)
	if err == nil {
		err = first.Error()
	}
	if err != nil {
		return Unready(what, err)
	}
	end, err := admin.ListEndOffsets(ctx, c.topics.Input)
	if err == nil {
		err = end.Error()
	}
	if err != nil {
		return Unready(what, err)
	}
	for p, written := range c.producer.written {
		if c.arrived != nil {
			written += c.arrived[p]
		}
		from, _ := first.Lookup(c.topics.Input, int32(p))
		to, _ := end.Lookup(c.topics.Input, int32(p))
		switch {
		case from.Offset > 0:
			err = fmt.Errorf("partition %d: its first %d events were deleted: %w", p, from.Offset,
				errForeign)
		case to.Offset > written:
			err = fmt.Errorf("partition %d: %d records are not the driver's, from offset %d: %w", p,
				to.Offset-written, written, errForeign)
		case to.Offset < written:
			err = fmt.Errorf("partition %d: %d of %d events are missing: %w", p,
				written-to.Offset, written, errGone)
		}
		if err != nil {
			return Unready(what, err)
		}
	}
	return nil
}
