package engine

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// Port is the engine's end of what joins one of its slots with one of another process, both ways.
// The other process has the other end; who carries frames between them hands each on whole, in
// order and once.
//
//	slot --> Next  --frame--> Deliver --> slot
//	     <-- Credit <--n----- Freed   <--
//
// A frame is a block of the exchange or a letter to the judge. Neither overtakes another of its
// kind, and neither needs to wait for the other.
type Port struct {
	local, remote int
	plan          *plan
	rows          int

	out, in *link         // of the exchange; nil where events stay in their slot
	lent    *ring[*block] // blocks that are out, oldest first: they come back with their credit
	// consumed and read are the counters of the incoming rings that Freed has told of.
	consumed, read uint64

	post         *ring[letter] // outgoing letters; nil if the judge is not at the other end
	mail         *ring[letter] // incoming letters; nil if the judge is not at this end
	sent         atomic.Uint64 // outgoing letters Next has encoded
	acknowledged atomic.Uint64 // of these, letters the other end has read
}

// letterCredit is what one letter counts in a credit; blocks count 1. There are never so many
// blocks out.
const letterCredit = 1 << 16

// Ports are the engine's ends of what joins its slots with those of other processes, none if it has
// all of them or no event has to travel.
func (e *Engine) Ports() []*Port { return e.ports }

// Local is the engine's slot.
func (p *Port) Local() int { return p.local }

// Remote is the slot of another process.
func (p *Port) Remote() int { return p.remote }

// Next takes the oldest outgoing block or letter and encodes it behind dst; ok is false if there is
// none that may be sent now. One goroutine calls it, also after Run has returned: what is left then
// still has to travel.
func (p *Port) Next(dst []byte) (frame []byte, ok bool) {
	if p.post != nil && p.sent.Load()-p.acknowledged.Load() < postDepth {
		if l, ok := p.post.pop(); ok {
			p.sent.Add(1)
			return appendLetter(dst, l), true
		}
	}
	if p.out == nil {
		return dst, false
	}
	b, ok := p.out.full.pop()
	if !ok {
		return dst, false
	}
	dst = appendBlock(dst, b)
	if !p.lent.push(b) {
		panic("BUG: more blocks out than a link has")
	}
	return dst, true
}

var errCredit = errors.New("beyond the credit")

// Deliver decodes a frame from the other end. A frame that is malformed or beyond the credit is an
// error, and as none may be left out the job has to be restored. One goroutine calls it.
func (p *Port) Deliver(frame []byte) error {
	head, rest, err := readHead(frame)
	switch {
	case err != nil:
	case head[0] == blockFrame && p.in != nil:
		err = p.deliverBlock(head, rest)
	case head[0] == letterFrame && p.mail != nil:
		var l letter
		if l, err = readLetter(head, rest, p.plan); err == nil && !p.mail.push(l) {
			err = errCredit
		}
	default:
		err = fmt.Errorf("%w: of kind %d", errFrame, head[0])
	}
	if err != nil {
		return fmt.Errorf("take frame of slot %d for slot %d: %w", p.remote, p.local, err)
	}
	return nil
}

func (p *Port) deliverBlock(head [headWords]int64, rest []byte) error {
	if err := p.plan.fits(p.rows, head, rest); err != nil {
		return err
	}
	b, ok := p.in.free.pop()
	if !ok {
		return errCredit
	}
	b.read(head, rest)
	b.from = p.remote
	if !p.in.full.push(b) {
		panic("BUG: a link has fewer places than blocks")
	}
	return nil
}

// Freed is how much the slot has consumed since the last call: credit for the other end's Credit.
// Several may be added up. One goroutine calls it.
func (p *Port) Freed() int {
	n := 0
	if p.in != nil {
		now := p.in.free.tail.Load()
		n += int(now - p.consumed)
		p.consumed = now
	}
	if p.mail != nil {
		now := p.mail.head.Load()
		n += letterCredit * int(now-p.read)
		p.read = now
	}
	return n
}

// Credit takes what the other end has freed. More than is out is an error. One goroutine calls it.
func (p *Port) Credit(n int) error {
	blocks, letters := n%letterCredit, uint64(n/letterCredit)
	if n < 0 || letters > p.sent.Load()-p.acknowledged.Load() {
		return p.refuse(n)
	}
	p.acknowledged.Add(letters)
	for range blocks {
		if p.lent == nil {
			return p.refuse(n)
		}
		b, ok := p.lent.pop()
		if !ok {
			return p.refuse(n)
		}
		if !p.out.free.push(b) {
			panic("BUG: a link has fewer places than blocks")
		}
	}
	return nil
}

func (p *Port) refuse(n int) error {
	return fmt.Errorf("take credit of slot %d for slot %d: %d: %w", p.remote, p.local, n, errCredit)
}
