package workloads

import (
	"context"
	"errors"
	"fmt"
)

// uncheckedResults is a Checker that knows no right answer: it takes the size and the digest of
// what a system gives, so that systems can be compared with each other. Of refined results the last
// of each identity counts.
//
//	appended  rows are added to size and digest as they come
//	refined   rows are spooled by identity; Finish reads a partition after the other
type uncheckedResults struct {
	p        *plan
	set      resultSet
	received uint64
	sides    [DeadLetters + 1]uint64 // rows of the outputs beside the answers
	rows     *spool                  // nil where no row has to be kept
	row      []int64
	partRows int64
}

// NewUnchecked makes a checker that asks no oracle: its ledger has only what was received, how many
// results that makes and their digest. Queries whose results are parts of an answer, or take others
// back, have none that is the same on two systems; the error wraps errors.ErrUnsupported.
func (w *Workload) NewUnchecked(dir string, o CheckerOptions) (Checker, error) {
	p, err := planQuery(w)
	if err != nil {
		return nil, err
	}
	switch {
	case w.Query.Output.Kind == Additive:
		return nil, fmt.Errorf("compare results of %s without an oracle: they are parts that add up: %w",
			w.Name, errors.ErrUnsupported)
	case w.Query.Retracts:
		return nil, fmt.Errorf("compare results of %s without an oracle: they take others back: %w",
			w.Name, errors.ErrUnsupported)
	}
	c := &uncheckedResults{p: p, set: newResultSet(w.Query), row: make([]int64, p.width+1),
		partRows: defaultPartRows}
	if o.KeepRows || c.refined() {
		if c.rows, err = newSpool(dir, p.width+1, 1); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// refined says that a later result replaces an earlier one of its identity.
func (c *uncheckedResults) refined() bool { return c.p.q.Output.Kind == Upsert }

// Add takes results as they come.
func (c *uncheckedResults) Add(rs *Results, receivedNs int64) error {
	if c.p.q.WidthOf(rs.Stream) == 0 {
		return errNoOutput(c.p.q, rs.Stream)
	}
	if rs.Stream != Answers {
		c.sides[rs.Stream] += uint64(rs.N)
		return nil
	}
	c.received += uint64(rs.N)
	for i := range rs.N {
		rs.Row(c.row, i)
		c.row[c.p.width] = receivedNs
		if !c.refined() {
			c.set.add(c.row)
		}
		if c.rows == nil {
			continue
		}
		if err := c.rows.add(int64(c.p.identityHash(c.row)%partitions), c.row); err != nil {
			return err
		}
	}
	return nil
}

// Results calls fn with every answer kept.
func (c *uncheckedResults) Results(fn func(row []int64, receivedNs int64) error) error {
	if c.rows == nil {
		return nil
	}
	width := c.p.width
	return c.rows.readAll(func(r []int64) error { return fn(r[:width], r[width]) })
}

// Finish takes the digest.
func (c *uncheckedResults) Finish(ctx context.Context, _ Delivered) (Ledger, error) {
	l := Ledger{Received: c.received}
	if c.refined() {
		for _, number := range c.rows.numbers() {
			passes := 1 + uint64(c.rows.count(number)/c.partRows)
			for pass := range passes {
				if err := c.latest(ctx, number, pass, passes); err != nil {
					return l, err
				}
			}
		}
		l.Refinements = c.received - c.set.count
	}
	l.Count, l.Digest = c.set.count, c.set.digest()
	if c.p.q.Late != nil {
		l.LateOutput = &Side{Received: c.sides[LateEvents]}
	}
	if c.p.q.DeadLetters {
		l.DeadLetters = &Side{Received: c.sides[DeadLetters]}
	}
	return l, nil
}

// latest adds the last result of each identity of a partition whose turn it is.
func (c *uncheckedResults) latest(ctx context.Context, number int64, pass, passes uint64) error {
	last := map[string]uint64{} // identity to the hash of its last row
	var name []byte
	err := c.rows.read(number, func(row []int64) error {
		if c.p.passOf(row, passes) != pass {
			return ctx.Err()
		}
		name = name[:0]
		for _, col := range c.p.ident {
			for shift := 0; shift < 64; shift += 8 {
				name = append(name, byte(uint64(row[col])>>shift))
			}
		}
		last[string(name)] = c.set.hash(row)
		return nil
	})
	for _, hash := range last {
		c.set.count++
		c.set.sum += hash
	}
	return err
}

// Close removes the spool; twice is harmless.
func (c *uncheckedResults) Close() error {
	if c.rows == nil {
		return nil
	}
	return c.rows.close()
}
