package engine

import "math"

// moments holds events until the watermark has passed them and hands them back in order of time: a
// timing wheel of one place a millisecond. A place is a chain of hooks with room for many events
// side by side. Events beyond the wheel's reach hang in a place of their own, which is looked
// through once a round.
//
//	places  [ . 3 . . 7 1 . | 4 ]      hook 7  [ next 2 | n | ts seq key v… | ts seq key v… | … ]
//	          ^ turned        ^ far
type moments struct {
	hooks  *slab
	stride int     // words of an event
	places []int64 // first hook of each, 0 = none; the last one is the far place
	mask   int64
	turned int64 // every place before this one has been emptied
	near   int   // events in reach of the wheel
	far    int   // and beyond
	least  int64 // event time of the far ones
}

// A hook is these words and room for hookEvents events.
const (
	hookNext = iota
	hookCount
	hookWords

	hookEvents = 15
)

// Words of an event on a hook.
const (
	eventTS = iota
	eventSeq
	eventKey
	eventValues
)

// leastPlaces is the size of a wheel for a small bound: slots drift apart by some seconds.
const leastPlaces = 1 << 14

// newMoments makes room for events of so many values, most of them at most ms ahead of the
// watermark.
func newMoments(state *arena, values int, ms int64) (*moments, error) {
	stride := eventValues + values
	hooks, err := state.slab(hookWords + hookEvents*stride)
	if err != nil {
		return nil, err
	}
	places := int64(leastPlaces)
	for places < ms && places < maxPlaces {
		places *= 2
	}
	return &moments{
		hooks: hooks, stride: stride, places: make([]int64, places+1), mask: places - 1,
		turned: math.MinInt64, least: math.MaxInt64,
	}, nil
}

// hang takes event i of a block, which is not before turned.
func (m *moments) hang(b *block, i int) {
	e := m.room(b.ts[i])
	e[eventTS], e[eventSeq], e[eventKey] = b.ts[i], b.seq[i], b.key[i]
	for v, col := range b.values {
		e[eventValues+v] = col[i]
	}
}

// room hands out the words of a new event at a time.
func (m *moments) room(ts int64) []int64 { return m.rooms(ts, 1) }

// rooms hands out the words of new events at a time side by side, of n of them if so many fit and
// of one at least.
func (m *moments) rooms(ts int64, n int) []int64 {
	place := &m.places[len(m.places)-1]
	near := uint64(ts-m.turned) <= uint64(m.mask)
	if near {
		place = &m.places[ts&m.mask]
	}
	var hook []int64
	if *place != 0 {
		hook = m.hooks.at(*place)
	}
	if hook == nil || hook[hookCount] == hookEvents {
		h := m.hooks.take()
		hook = m.hooks.at(h)
		hook[hookNext], hook[hookCount] = *place, 0
		*place = h
	}
	n = min(n, hookEvents-int(hook[hookCount]))
	at := hookWords + int(hook[hookCount])*m.stride
	hook[hookCount] += int64(n)
	if near {
		m.near += n
	} else {
		m.far += n
		m.least = min(m.least, ts)
	}
	return hook[at : at+n*m.stride]
}

// next finds the least time before another that has events, which take is to empty.
func (m *moments) next(before int64) (ms int64, ok bool) {
	for m.turned < before {
		if m.near == 0 {
			m.turned = min(before, max(m.turned, m.least))
		}
		if m.least <= m.turned {
			m.reach()
		}
		switch {
		case m.turned == before:
		case m.places[m.turned&m.mask] != 0:
			return m.turned, true
		default:
			m.turned++
		}
	}
	return 0, false
}

// reach brings the far events into the wheel that it reaches by now.
func (m *moments) reach() {
	h := m.places[m.mask+1]
	m.places[m.mask+1] = 0
	m.far, m.least = 0, math.MaxInt64
	for h != 0 {
		hook := m.hooks.at(h)
		for events := m.events(hook); len(events) > 0; events = events[m.stride:] {
			copy(m.room(events[eventTS]), events[:m.stride])
		}
		next := hook[hookNext]
		m.hooks.give(h)
		h = next
	}
}

// events are the words of a hook's events.
func (m *moments) events(hook []int64) []int64 {
	return hook[hookWords : hookWords+int(hook[hookCount])*m.stride]
}

// take calls fn with the events of each hook at the time next has found, and frees the hooks.
func (m *moments) take(fn func(events []int64)) {
	place := &m.places[m.turned&m.mask]
	for h := *place; h != 0; h = *place {
		hook := m.hooks.at(h)
		m.near -= int(hook[hookCount])
		fn(m.events(hook))
		*place = hook[hookNext]
		m.hooks.give(h)
	}
	m.turned++
}
