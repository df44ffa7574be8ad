package scenarios

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

const (
	// wholeNs is the stretch of triggers, by their due times, that a reading of the backlog is for.
	wholeNs = int64(250 * time.Millisecond)
	// maxReadings bounds what a record keeps of them.
	maxReadings = 1000
)

// whole follows how far the least advanced keys had come. While a system runs nobody knows which
// results are still missing of a window, so the backlog read then is that of the most advanced
// keys: a worker that falls behind alone would not be seen in it. The oracle knows them all.
//
//	trigger due   |  part  |  part  |  part  |
//	last result       12.1     12.3     19.7     of a part, or of one before it
type whole struct {
	parts map[int64]part
}

// part are triggers due close together: the newest of them, and when the last result arrived.
type part struct {
	trigger uint64
	atNs    int64
}

// add takes a result whose trigger was due at a time since T0.
func (w *whole) add(dueNs int64, x workloads.Timing) {
	if w.parts == nil {
		w.parts = map[int64]part{}
	}
	p := w.parts[dueNs/wholeNs]
	w.parts[dueNs/wholeNs] = part{max(p.trigger, x.Trigger), max(p.atNs, x.ReceivedNs)}
}

// readings are the backlogs at the times when everything up to a part had come.
func (w *whole) readings(pacer workloads.Pacer) []record.Reading {
	var all []record.Reading
	at := int64(0)
	for _, i := range slices.Sorted(maps.Keys(w.parts)) {
		p := w.parts[i]
		if n := len(all); n > 0 && p.atNs <= at {
			all = all[:n-1] // this part came with the one before
		}
		at = max(at, p.atNs)
		processed := p.trigger + 1
		due := max(pacer.Before(time.Duration(at)+1), processed)
		all = append(all, record.Reading{AtNs: at, Events: due - processed})
	}
	for len(all) > maxReadings {
		all = slices.Collect(everySecond(all))
	}
	return all
}

func everySecond(all []record.Reading) iter.Seq[record.Reading] {
	return func(yield func(record.Reading) bool) {
		for i := 0; i < len(all) && yield(all[i]); i += 2 {
		}
	}
}
