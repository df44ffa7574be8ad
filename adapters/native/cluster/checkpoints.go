package cluster

import (
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/reports/record"
)

// pending is a checkpoint that is under way.
type pending struct {
	id    uint64
	since time.Time
	until time.Time
	parts map[int]part
}

// checkpoints starts the next one when it is due, and gives up one that takes too long. One that
// takes longer than the interval puts the next off: there is one at a time.
func (c *coordinator) checkpoints(now time.Time) error {
	if !c.job.replays() || c.job.Checkpoint == 0 || len(c.finished) > 0 {
		return nil
	}
	if p := c.pending; p != nil {
		if now.After(p.until) {
			c.abandon(fmt.Sprintf("%d of %d parts came within %s", len(p.parts), c.job.slots(),
				c.job.Settings.CheckpointTimeout))
		}
		return nil
	}
	if now.Before(c.nextAt) {
		return nil
	}
	c.nextAt = c.nextAt.Add(c.job.Checkpoint)
	if c.nextAt.Before(now) {
		c.nextAt = now.Add(c.job.Checkpoint)
	}
	id, err := c.nextID()
	if err != nil {
		return err
	}
	c.pending = &pending{
		id: id, since: now, until: now.Add(c.job.Settings.CheckpointTimeout), parts: map[int]part{},
	}
	c.tell(record.Milestone{Name: record.MilestoneStarted, Checkpoint: id,
		Attempt: c.ledger.Attempt})
	for _, m := range c.sorted() {
		if len(c.slotsOf(m.name)) > 0 {
			m.conn.send(kindCheckpoint, checkpointAt{Attempt: c.ledger.Attempt, ID: id})
		}
	}
	return nil
}

// nextID is a number no checkpoint ever had, whichever coordinator asked for it. The numbers in use
// ascend by one; only what is reserved on disk goes ahead.
func (c *coordinator) nextID() (uint64, error) {
	if c.reserved == 0 || c.issued >= c.reserved {
		l := c.ledger
		c.issued = max(c.issued, l.NextID)
		l.NextID = c.issued + idsAhead
		if err := l.save(c.cfg.Shared); err != nil {
			return 0, err
		}
		c.ledger, c.reserved = l, l.NextID
	}
	id := c.issued
	c.issued++
	return id, nil
}

// abandon gives up the checkpoint that is under way.
func (c *coordinator) abandon(why string) {
	if c.pending == nil {
		return
	}
	c.tell(record.Milestone{Name: record.MilestoneAbandoned, Checkpoint: c.pending.id,
		Attempt: c.ledger.Attempt, Text: why})
	c.pending = nil
}

// part notes that a slot's part is durable.
func (c *coordinator) part(body []byte) error {
	p, err := decode[part](body)
	if err != nil || c.pending == nil || p.ID != c.pending.id || p.Attempt != c.ledger.Attempt {
		return err
	}
	if p.Error != "" {
		c.abandon(fmt.Sprintf("slot %d: %s", p.Slot, p.Error))
		if c.complete == 0 && !p.Ended {
			return fmt.Errorf("write the first checkpoint: slot %d: %s", p.Slot, p.Error)
		}
		return nil
	}
	c.pending.parts[p.Slot] = p
	c.tell(record.Milestone{Name: record.MilestonePrecommit, Checkpoint: p.ID, Attempt: p.Attempt,
		Node: c.ledger.Owners[p.Slot], Slots: []int{p.Slot}, Bytes: p.Bytes, TookNs: p.PauseNs})
	if len(c.pending.parts) < c.job.slots() {
		return nil
	}
	return c.completed()
}

// plantedID is the first checkpoint a planted death comes at.
const plantedID = 3

// completed declares the checkpoint complete: first on disk, then to the runner, which shows its
// results.
func (c *coordinator) completed() error {
	p := c.pending
	c.pending = nil
	var bytes uint64
	m := checkpoint.Manifest{ID: p.id, Slots: c.job.slots()}
	for s := range m.Slots {
		bytes += p.parts[s].Bytes
		m.Parts = append(m.Parts, p.parts[s].Part)
	}
	if p.id >= plantedID {
		c.dies(plantDiesBeforeComplete)
	}
	if err := c.store.Complete(m); err != nil {
		return fmt.Errorf("complete checkpoint %d: %w", p.id, err)
	}
	c.complete = p.id
	if p.id >= plantedID {
		c.dies(plantDiesBeforeCommit)
	}
	c.tell(record.Milestone{Name: record.MilestoneCompleted, Checkpoint: p.id,
		Attempt: c.ledger.Attempt, Bytes: bytes, TookNs: int64(time.Since(p.since))})
	c.reveal(p.id)
	for _, m := range c.sorted() {
		if c.job.standby(m.name) && len(c.slotsOf(m.name)) == 0 {
			m.conn.send(kindWarm, checkpointAt{ID: p.id})
		}
	}
	return nil
}
