package chaos

import (
	"sync"
	"time"
)

// chunk is a piece of a stream, or its end.
type chunk struct {
	data  []byte
	due   time.Time
	end   bool
	reset bool // the end is an RST
}

// queue is what a pump holds, in order.
type queue struct {
	mu     sync.Mutex
	chunks []chunk
	bytes  int
	ended  bool          // the end of the stream is in it, or was
	pushed chan struct{} // has room for one: something was
	taken  chan struct{} // likewise
}

func newQueue() *queue {
	return &queue{pushed: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

func (q *queue) push(c chunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.chunks = append(q.chunks, c)
	q.bytes += len(c.data)
	q.ended = q.ended || c.end
	tell(q.pushed)
}

func tell(news chan<- struct{}) {
	select {
	case news <- struct{}{}:
	default:
	}
}

func (q *queue) head() (chunk, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.chunks) == 0 {
		return chunk{}, false
	}
	return q.chunks[0], true
}

// took takes n bytes off the head.
func (q *queue) took(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.chunks[0].data = q.chunks[0].data[n:]
	q.bytes -= n
	if len(q.chunks[0].data) == 0 {
		q.chunks[0] = chunk{}
		q.chunks = q.chunks[1:]
	}
	tell(q.taken)
}

// load is how many bytes are held, and whether the end is behind them.
func (q *queue) load() (bytes int, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes, q.ended
}
