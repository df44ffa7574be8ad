package chaos

import (
	"errors"
	"sync"
	"time"
)

// watchedEvery is how often the state of a process is looked at.
const watchedEvery = 10 * time.Millisecond

// look is what a process was seen to be at a time.
type look struct {
	atNs    int64
	stopped bool
	ticks   uint64 // processor time
	keptNs  uint64 // for how long its control group was kept from running, ever
}

// watched is what is seen of one process.
type watched struct {
	process Process
	node    string

	mu     sync.Mutex
	goneNs int64
	looks  []look // the last ones
}

// mostLooks are a little more than 20 s.
const mostLooks = 2048

// watch looks at a process until it is gone.
func (w *watched) watch() {
	h, err := hold(w.process)
	if err != nil {
		if errors.Is(err, errGone) {
			w.gone()
		}
		return // it cannot be held, and so is never said to be gone
	}
	defer h.close()
	for round := 0; ; round++ {
		if h.ended(watchedEvery) {
			w.gone()
			return
		}
		v, err := w.process.vitals()
		if err != nil {
			continue // it has just ended, and then its pidfd says so
		}
		l := look{atNs: monotonic(), stopped: v.State == 'T' || v.State == 't', ticks: v.Ticks}
		w.mu.Lock()
		if n := len(w.looks); n > 0 {
			l.keptNs = w.looks[n-1].keptNs
		}
		if round%5 == 0 {
			l.keptNs, _ = throttledNs(w.process.PID) // 0 where the kernel does not count
		}
		w.looks = append(w.looks, l)
		if len(w.looks) > 2*mostLooks {
			w.looks = append([]look(nil), w.looks[mostLooks:]...)
		}
		w.mu.Unlock()
	}
}

func (w *watched) gone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.goneNs = monotonic()
}

// goneAt is when the process ended; 0 = it has not.
func (w *watched) goneAt() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goneNs
}

// stoppedAt is since when the process stands still without using the processor; 0 = it does not, or
// not for long enough to be sure.
func (w *watched) stoppedAt(sinceNs int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var first look
	n := 0
	for _, l := range w.looks {
		switch {
		case !l.stopped:
			first, n = look{}, 0
		case n == 0 || l.ticks != first.ticks:
			first, n = l, 1
		default:
			n++
		}
	}
	if n < 3 || w.goneNs != 0 || w.looks[len(w.looks)-1].atNs < sinceNs {
		return 0
	}
	return max(first.atNs, sinceNs)
}

// throttledAt is since when the process is kept from running now and then; 0 = it is not.
func (w *watched) throttledAt(sinceNs int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var firstNs int64
	before := ^uint64(0)
	stopped, running := 0, 0
	for _, l := range w.looks {
		grown := l.keptNs > before // in another group it begins anew
		before = l.keptNs
		if l.atNs < sinceNs {
			continue
		}
		switch {
		case grown:
			return l.atNs
		case l.stopped:
			stopped++
			if firstNs == 0 {
				firstNs = l.atNs
			}
		default:
			running++
		}
	}
	if stopped < 2 || running < 2 || w.goneNs != 0 {
		return 0
	}
	return firstNs
}
