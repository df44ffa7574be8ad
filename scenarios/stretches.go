package scenarios

import (
	"cmp"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

const (
	// fineNs is the stretch of triggers, by their due times, that one step of processed is for where
	// faults are injected.
	fineNs = int64(10e6)
	// mostStretches bounds what is kept of a repetition: three hours of them.
	mostStretches = 3 * 3600 * int64(1e9) / record.StretchNs
)

// stretches keeps what happened in every 100 ms of a repetition. How far processed had come is read
// while results arrive, and read again once the oracle knows which results were still missing.
//
//	live     range 0 answered w8, range 1 too: processed is w8    there may be more of w8 to come
//	oracle   the last result of w8 came at 12.34 s                exact
type stretches struct {
	all   []record.Stretch
	moves []move         // of processed, as read live
	fine  map[int64]part // of triggers, by the oracle
}

// move is a step of processed: the slots processed from a time since T0 on.
type move struct {
	atNs      int64
	processed uint64
}

// took notes n results that arrived at a time since T0.
func (s *stretches) took(receivedNs, n int64) {
	if x := s.at(receivedNs); x != nil {
		x.Results += uint64(n)
	}
}

// late notes the latency of a result.
func (s *stretches) late(receivedNs, latencyNs int64) {
	if x := s.at(receivedNs); x != nil {
		x.LatencyNs = max(x.LatencyNs, latencyNs)
	}
}

// moved notes that processed has moved.
func (s *stretches) moved(receivedNs int64, processed uint64) {
	if n := len(s.moves); n > 0 && receivedNs-s.moves[n-1].atNs < fineNs/2 {
		s.moves[n-1].processed = processed // bounds what is kept of a query that answers each event
		return
	}
	s.moves = append(s.moves, move{receivedNs, processed})
}

// at is the stretch a time since T0 lies in; nil beyond what is kept.
func (s *stretches) at(ns int64) *record.Stretch {
	i := max(ns, 0) / record.StretchNs
	if i >= mostStretches {
		return nil
	}
	for int64(len(s.all)) <= i {
		s.all = append(s.all, record.Stretch{FromNs: int64(len(s.all)) * record.StretchNs})
	}
	return &s.all[i]
}

// timed takes what the oracle knows of a result whose trigger was due at a time since T0.
func (s *stretches) timed(dueNs int64, x workloads.Timing) {
	if s.fine == nil {
		s.fine = map[int64]part{}
	}
	p := s.fine[dueNs/fineNs]
	s.fine[dueNs/fineNs] = part{max(p.trigger, x.Trigger), max(p.atNs, x.ReceivedNs)}
}

// known are the moves of processed by the oracle: a trigger is processed when all results up to it
// have come.
func (s *stretches) known() []move {
	var moves []move
	keys := make([]int64, 0, len(s.fine))
	for k := range s.fine {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	at := int64(0)
	for _, k := range keys {
		p := s.fine[k]
		if n := len(moves); n > 0 && p.atNs <= at {
			moves[n-1].processed = p.trigger + 1 // it had come with the one before
			continue
		}
		at = max(at, p.atNs)
		moves = append(moves, move{at, p.trigger + 1})
	}
	return moves
}

// close completes the stretches up to a time since T0: how far processed moved in each, and the
// most that was due and not processed. due is the number of slots due by a time.
func (s *stretches) close(moves []move, endNs int64, due func(ns int64) uint64) []record.Stretch {
	s.at(endNs)
	slices.SortFunc(moves, func(a, b move) int { return cmp.Compare(a.atNs, b.atNs) })
	processed, next := uint64(0), 0
	behind := func(ns int64) uint64 {
		if n := due(ns); n > processed {
			return n - processed
		}
		return 0
	}
	for i := range s.all {
		x := &s.all[i]
		x.Answered, x.Backlog = 0, 0
		to := x.FromNs + record.StretchNs
		for ; next < len(moves) && moves[next].atNs < to; next++ {
			x.Backlog = max(x.Backlog, behind(moves[next].atNs))
			if moves[next].processed > processed {
				x.Answered += moves[next].processed - processed
				processed = moves[next].processed
			}
		}
		x.Backlog = max(x.Backlog, behind(to-1))
	}
	return s.all
}
