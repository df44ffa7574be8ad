package native

import (
	"sync"

	"github.com/streambench/streambench/adapters/kafka"
)

// gravesB bounds the bytes of events that could not be read and were not written down yet: beyond
// it no slot reads on.
const gravesB = 64 << 20

// graves keep of every dead letter what does not travel through the engine in columns: its bytes as
// they came and what is wrong with them. Slots that read put them in, the writer takes them out.
type graves struct {
	mu    sync.Mutex
	of    map[grave]kafka.DeadLetter
	bytes int
}

// grave says where in the input an event lay.
type grave struct{ partition, offset int64 }

func newGraves() *graves { return &graves{of: map[grave]kafka.DeadLetter{}} }

func (g *graves) add(at place, l kafka.DeadLetter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.of[grave{int64(at.partition), at.offset}] = l
	g.bytes += len(l.Body)
}

// full reports whether nothing should be added now.
func (g *graves) full() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bytes > gravesB
}

// take removes and returns a dead letter. Every one has been added before its columns were handed
// on.
func (g *graves) take(partition, offset int64) kafka.DeadLetter {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := grave{partition, offset}
	l, ok := g.of[at]
	if !ok {
		panic("BUG: a dead letter nobody has buried")
	}
	delete(g.of, at)
	g.bytes -= len(l.Body)
	return l
}
