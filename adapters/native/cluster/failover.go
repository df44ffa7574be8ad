package cluster

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// soonerAfterLoss divides the interval after which the first checkpoint of a new attempt comes.
const soonerAfterLoss = 4

// lost gives a worker up. If it had slots, they go to others.
func (c *coordinator) lost(m *member, why string) error {
	delete(c.members, m.name)
	delete(c.complaints, m.name)
	m.conn.close()
	if c.phase == ended {
		return c.adopt()
	}
	owner := slices.Contains(c.ledger.Owners, m.name)
	if c.phase == forming && c.ledger.Attempt == 0 {
		return fmt.Errorf("start workers: %s died before all had reported: %s", m.name, why)
	}
	c.tell(record.Milestone{Name: record.MilestoneDetected, Node: m.name,
		Attempt: c.ledger.Attempt, Slots: c.slotsOf(m.name), Text: why})
	if !owner || c.phase == forming {
		return nil
	}
	return c.redeploy()
}

func (c *coordinator) slotsOf(name string) (slots []int) {
	for s, owner := range c.ledger.Owners {
		if owner == name {
			slots = append(slots, s)
		}
	}
	return slots
}

// live are the workers that may be given slots; suspects only if there are no others.
func (c *coordinator) live() (names []string) {
	now := time.Now()
	var doubtful []string
	for _, m := range c.sorted() {
		if now.Before(c.suspects[m.name]) {
			doubtful = append(doubtful, m.name)
		} else {
			names = append(names, m.name)
		}
	}
	if len(names) == 0 {
		return doubtful
	}
	return names
}

// redeploy gives the slots of those who are gone to those who are here, raises the attempt and has
// the runner drop what the old one still sends.
func (c *coordinator) redeploy() error {
	c.abandon("a worker was lost")
	live := c.live()
	if len(live) == 0 {
		c.phase, c.until = forming, time.Now().Add(formLimit)
		return nil
	}
	owners, moved := reassign(c.ledger.Owners, live)
	c.orphans = moved
	l := c.ledger
	l.Attempt++
	l.Owners, l.From = owners, c.complete
	if c.job.Plant == plantReplayedEpoch {
		l.From = 0 // what is visible already is sent again
	}
	if err := l.save(c.cfg.Shared); err != nil {
		return err
	}
	c.ledger = l
	c.phase, c.until = fencing, time.Now().Add(deployLimit)
	c.toRunner(kindFence, fence{Attempt: l.Attempt, Done: c.complete,
		Owners: l.Owners})
	return nil
}

// reassign gives every slot whose owner is gone to the one who has fewest, and says which moved.
func reassign(owners, live []string) (next []string, moved []int) {
	next = slices.Clone(owners)
	count := map[string]int{}
	for _, o := range next {
		count[o]++
	}
	for s, o := range next {
		if slices.Contains(live, o) {
			continue
		}
		fewest := live[0]
		for _, name := range live {
			if count[name] < count[fewest] {
				fewest = name
			}
		}
		next[s] = fewest
		count[fewest]++
		moved = append(moved, s)
	}
	return next, moved
}

// deploy tells every worker what it has to do.
func (c *coordinator) deploy(seen []uint64) {
	l := c.ledger
	text := fmt.Sprintf("from checkpoint %d", l.From)
	for _, s := range c.orphans {
		text += fmt.Sprintf("; slot %d to %s", s, l.Owners[s])
	}
	c.tell(record.Milestone{Name: record.MilestoneReassigned, Attempt: l.Attempt,
		Checkpoint: l.From, Slots: c.orphans, Text: text})
	c.phase, c.until = deploying, time.Now().Add(deployLimit)
	c.ready, c.finished = map[string]bool{}, map[string]bool{}
	clear(c.complaints)
	c.judgeAt = time.Time{}
	a := assign{Attempt: l.Attempt, From: l.From, Owners: l.Owners, Seen: seen}
	if !c.job.replays() && l.Attempt > 1 {
		a.From, a.Skip = 0, seen
	}
	for _, m := range c.sorted() {
		m.conn.send(kindAssign, a)
	}
	c.tell(record.Milestone{Name: record.MilestoneRestoring, Attempt: l.Attempt,
		Checkpoint: a.From})
}

// isReady starts the attempt once everybody who has slots is ready.
func (c *coordinator) isReady(m *member, body []byte) error {
	a, err := decode[attempt](body)
	if err != nil || a.Attempt != c.ledger.Attempt || c.phase != deploying {
		return err
	}
	c.ready[m.name] = true
	for _, name := range c.ledger.Owners {
		if !c.ready[name] {
			return nil
		}
	}
	for name := range c.ready {
		c.members[name].conn.send(kindGo, a)
	}
	c.phase = running
	every, name := c.job.Checkpoint, record.MilestoneDeployed
	if a.Attempt > 1 {
		// What was answered since the last checkpoint is answered again soon, and waits for this
		// one.
		every, name = every/soonerAfterLoss, record.MilestoneResumed
	}
	c.nextAt = time.Now().Add(every)
	c.tell(record.Milestone{Name: name, Attempt: a.Attempt})
	return nil
}

// isFinished ends the job once all slots have read the stream to its end: what they found is then
// final, and nothing of it would change if they had to do it again.
func (c *coordinator) isFinished(m *member, body []byte) error {
	a, err := decode[attempt](body)
	if err != nil || a.Attempt != c.ledger.Attempt || c.phase != running {
		return err
	}
	c.finished[m.name] = true
	c.abandon("the stream has ended")
	return c.allFinished()
}

func (c *coordinator) allFinished() error {
	for _, name := range c.ledger.Owners {
		if !c.finished[name] {
			return nil
		}
	}
	c.dies(plantDiesBeforeEnd)
	l := c.ledger
	l.Finished = true
	if err := l.save(c.cfg.Shared); err != nil {
		return err
	}
	c.dies(plantDiesBeforeFinal)
	c.ledger, c.phase = l, ended
	c.reveal(math.MaxUint64)
	return nil
}

// complain notes that a worker is out of another's reach. Who is given up is decided a little
// later, when all who see it have said so.
func (c *coordinator) complain(m *member, body []byte) error {
	u, err := decode[unreachable](body)
	if err != nil || u.Attempt != c.ledger.Attempt || (c.phase != running && c.phase != deploying) {
		return err
	}
	if c.complaints[u.Peer] == nil {
		c.complaints[u.Peer] = map[string]bool{}
	}
	c.complaints[u.Peer][m.name] = true
	if c.judgeAt.IsZero() {
		c.judgeAt = time.Now().Add(c.job.Settings.Heartbeat)
	}
	return nil
}

// judge gives up the worker most others cannot reach, though the coordinator can; of two that
// cannot reach each other, the one with the higher number.
func (c *coordinator) judge() error {
	c.judgeAt = time.Time{}
	var victim *member
	for _, m := range c.sorted() {
		n := len(c.complaints[m.name])
		if n > 0 && (victim == nil || n >= len(c.complaints[victim.name])) {
			victim = m
		}
	}
	if victim == nil {
		return nil
	}
	by := len(c.complaints[victim.name])
	c.suspects[victim.name] = time.Now().Add(suspectFor)
	clear(c.complaints)
	return c.lost(victim, fmt.Sprintf("%d other workers cannot reach it", by))
}

// broken takes a worker's word that it cannot go on: a checkpoint that cannot be read, or a state
// beyond its limit.
func (c *coordinator) broken(m *member, body []byte) error {
	f, err := decode[failure](body)
	if err != nil || f.Attempt != c.ledger.Attempt {
		return err
	}
	if f.Unreadable == 0 || f.Unreadable != c.complete {
		return fmt.Errorf("%s: %s", m.name, f.Error)
	}
	c.tell(record.Milestone{Name: record.MilestoneTorn, Checkpoint: f.Unreadable, Text: f.Error})
	if c.job.holds() {
		return fmt.Errorf("restore checkpoint %d: %s: its results are visible, so going further "+
			"back would deliver them again", f.Unreadable, f.Error)
	}
	if err := c.latest(); err != nil {
		return err
	}
	return c.redeploy()
}
