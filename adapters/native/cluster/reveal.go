package cluster

import (
	"errors"
	"fmt"
	"math"

	"github.com/streambench/streambench/reports/record"
)

// reveal makes the results of epochs below a checkpoint visible, those of all for math.MaxUint64:
// in the runner, or by the sinks of the workers that own the slots.
func (c *coordinator) reveal(id uint64) {
	if c.job.Topics == nil {
		c.toRunner(kindCommit, commit{
			Attempt: c.ledger.Attempt, ID: id, Final: id == math.MaxUint64,
		})
		return
	}
	for _, m := range c.sorted() {
		var slots []int
		for _, s := range c.slotsOf(m.name) {
			if c.shown[s] < id {
				slots = append(slots, s)
			}
		}
		if len(slots) > 0 {
			m.conn.send(kindShow, show{Attempt: c.ledger.Attempt, ID: id, Slots: slots})
		}
	}
}

// isShown notes what a worker's sink has made visible.
func (c *coordinator) isShown(body []byte) error {
	a, err := decode[show](body)
	if err != nil || a.Attempt != c.ledger.Attempt {
		return err
	}
	if a.Error != "" {
		return fmt.Errorf("make results of checkpoint %d visible: %w", a.ID, errors.New(a.Error))
	}
	for _, s := range a.Slots {
		c.shown[s] = max(c.shown[s], a.ID)
	}
	least := uint64(math.MaxUint64)
	for s := range c.job.slots() {
		least = min(least, c.shown[s])
	}
	if least <= c.visible {
		return nil
	}
	c.visible = least
	if c.visible == math.MaxUint64 {
		c.toRunner(kindCommit, commit{Attempt: c.ledger.Attempt, Final: true})
		return nil
	}
	c.tell(record.Milestone{Name: record.MilestoneCommit, Checkpoint: c.visible,
		Attempt: c.ledger.Attempt})
	return nil
}

// adopt has those who are left make visible what was sealed by those who are gone, when the stream
// has ended and nothing else is to be done.
func (c *coordinator) adopt() error {
	if c.job.Topics == nil {
		return nil
	}
	live := c.live()
	if len(live) == 0 {
		return nil
	}
	l := c.ledger
	l.Owners, _ = reassign(l.Owners, live)
	if err := l.save(c.cfg.Shared); err != nil {
		return err
	}
	c.ledger = l
	c.reveal(math.MaxUint64)
	return nil
}
