package engine

import (
	"fmt"

	"github.com/streambench/streambench/workloads"
)

// judgeSlot is the slot of a job that decides what is asked over all keys.
const judgeSlot = 0

// connect joins the slots by links where events have to travel to the owner of their key, and each
// with the judge's where the query has one. Links and letters to or from slots of other processes
// have a port at their other end.
func (e *Engine) connect() {
	p := e.plan
	exchanges := e.cfg.All > 1 && (p.key != noKey || p.fansOut()) && !p.query.PerEvent()
	for _, s := range e.slots {
		if exchanges {
			s.x = newExchange(p, s.stage, s.id, e.cfg.All)
		}
		if p.judged() && s.id != judgeSlot {
			s.post = newRing[letter](postDepth)
		}
	}
	if !exchanges && !p.judged() {
		return
	}
	local := map[int]*slot{}
	for _, s := range e.slots {
		local[s.id] = s
	}
	for _, s := range e.slots {
		for other := range e.cfg.All {
			switch to := local[other]; {
			case other == s.id:
			case to == nil:
				e.open(s, other)
			case exchanges:
				s.x.out[other] = newLink(p, e.cfg.BatchRows)
				to.x.in[s.id] = s.x.out[other]
			}
		}
	}
}

// open makes the port between a slot and one of another process, if anything travels there.
func (e *Engine) open(s *slot, remote int) {
	p := &Port{local: s.id, remote: remote, plan: e.plan, rows: e.cfg.BatchRows}
	if s.x != nil {
		p.out, p.in = newLink(e.plan, e.cfg.BatchRows), newLink(e.plan, e.cfg.BatchRows)
		p.lent = newRing[*block](linkDepth)
		p.consumed = p.in.free.tail.Load()
		s.x.out[remote], s.x.in[remote] = p.out, p.in
	}
	switch {
	case !e.plan.judged():
	case remote == judgeSlot:
		p.post = s.post
	case s.id == judgeSlot:
		p.mail = newRing[letter](postDepth)
	}
	if p.out != nil || p.post != nil || p.mail != nil {
		e.ports = append(e.ports, p)
	}
}

// judged reports whether the query asks for something that is decided over all keys.
func (p *plan) judged() bool { return p.query.Rank != nil || p.shares() }

// addOperators gives every slot its windows, and the first slot of the job the judge of a rank.
func (e *Engine) addOperators() error {
	if e.plan.query.PerEvent() {
		return nil
	}
	for _, s := range e.slots {
		if e.plan.judged() {
			if err := e.addJudge(s); err != nil {
				return fmt.Errorf("build slot %d: %w", s.id, err)
			}
		}
		op, err := e.operator(s, s.contest)
		if err != nil {
			return fmt.Errorf("build slot %d: %w", s.id, err)
		}
		s.op = op
	}
	return nil
}

// addJudge gives a slot what it has to do with the judge, and the judge's slot the judge.
func (e *Engine) addJudge(s *slot) (err error) {
	if s.id == judgeSlot {
		s.judge = newJudge(s.out, e.posts())
		s.judge.capture = s.captureJudge
		if e.plan.shares() {
			s.judge.board, err = newBoard(s, e.cfg.All)
		}
	}
	s.contest = newContest(s)
	return err
}

// posts are the rings by which the slots' letters come to the judge; its own slot needs none.
func (e *Engine) posts() []*ring[letter] {
	posts := make([]*ring[letter], e.cfg.All)
	for _, s := range e.slots {
		posts[s.id] = s.post
	}
	for _, p := range e.ports {
		if p.mail != nil {
			posts[p.remote] = p.mail
		}
	}
	return posts
}

func (e *Engine) operator(s *slot, c *contest) (operator, error) {
	state := &s.state
	switch {
	case e.plan.query.Process != nil:
		return newMachines(s)
	case e.plan.join != nil:
		return newJoin(s, c)
	case e.plan.query.Latest != nil:
		return newLatest(s)
	case e.plan.query.Window.Kind == workloads.Session:
		return newSessions(e.plan, s.out, state)
	case e.plan.query.Window.Kind == workloads.Sliding:
		return newSliding(e.plan, s.out, state)
	case len(e.plan.query.Aggregates) == 0:
		return newAligned(s, &peaks{plan: e.plan, rank: c}), nil
	}
	return newAligned(s, newKeyed(e.plan, s.out, c, state)), nil
}
