package engine

import "errors"

// Port is the engine's end of what joins one of its slots with one of another process, both ways.
// The other process has the other end; who carries frames between them hands each on whole, in
// order and once.
//
//	slot --> Next  --frame--> Deliver --> slot
//	     <-- Credit <--n----- Freed   <--
type Port struct {
	local, remote int
}

// Ports are the engine's ends of what joins its slots with those of other processes, none if it has
// all of them or no event has to travel.
func (e *Engine) Ports() []*Port { return nil }

// Local is the engine's slot.
func (p *Port) Local() int { return p.local }

// Remote is the slot of another process.
func (p *Port) Remote() int { return p.remote }

// Next takes the oldest outgoing block and encodes it behind dst; ok is false if there is none now.
// One goroutine calls it, also after Run has returned: what is left then still has to travel.
func (p *Port) Next(dst []byte) (frame []byte, ok bool) { return dst, false }

// Deliver decodes a frame from the other end. A frame that is malformed or beyond the credit is an
// error, after which the port is of no more use. One goroutine calls it.
func (p *Port) Deliver(frame []byte) error { return errors.ErrUnsupported }

// Freed is how much the slot has consumed since the last call: credit for the other end's Credit.
// Several may be added up. One goroutine calls it.
func (p *Port) Freed() int { return 0 }

// Credit takes what the other end has freed. More than is out is an error. One goroutine calls it.
func (p *Port) Credit(n int) error { return errors.ErrUnsupported }
