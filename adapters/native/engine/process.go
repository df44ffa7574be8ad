package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// machines hosts the keyed state machine of a query: a row of the table is a key's state. Events
// are folded as they come, or where the process wants them sorted, wait until the watermark has
// passed them (process_sorted.go); timers are in timers.go.
//
//	row   [ key | state … | timer | place ]      the last two only where there are timers
type machines struct {
	process   *workloads.Process
	out       *emitter
	table     *table
	width     int // columns of a result
	watermark int64
	timers    *timers     // nil without timers
	sorted    *sortedFold // nil where events are folded as they come
	at        []uint32
	event     workloads.ProcessEvent
	results   []int64
	tooLate   uint64
}

func newMachines(s *slot) (*machines, error) {
	p := s.engine.plan
	process := p.query.Process
	fresh := make([]int64, process.StateWords)
	m := &machines{
		process: process, out: s.out, width: p.query.Width(), watermark: math.MinInt64,
		at:    make([]uint32, s.state.batchRows),
		event: workloads.ProcessEvent{Values: make([]int64, len(p.values))},
	}
	if process.Fire != nil {
		m.timers = &timers{m: m, first: 1 + len(fresh), wheel: newWheel(timerReachMs)}
		m.timers.wheel.turned = math.MinInt64
		fresh = append(fresh, 0, nowhere)
	}
	var err error
	if m.table, err = s.state.table(fresh, firstIndex); err != nil {
		return nil, err
	}
	if process.Sorted {
		m.sorted, err = newSortedFold(p, &s.state)
	}
	return m, err
}

// add steps the machine of each event's key, or has the events wait for their moment.
func (m *machines) add(b *block) {
	if m.sorted != nil {
		m.hold(b)
		return
	}
	at := m.at[:b.n]
	m.table.locate(b.key[:b.n], at)
	for i, row := range at {
		m.event.Key, m.event.Seq, m.event.TS = b.key[i], b.seq[i], b.ts[i]
		for v, col := range b.values {
			m.event.Values[v] = col[i]
		}
		m.step(row)
	}
}

// step folds the event in hand into a row.
func (m *machines) step(row uint32) {
	var timerMs int64
	m.results, timerMs = m.process.Step(m.state(row), m.event, m.results[:0])
	if timerMs != 0 && m.timers != nil {
		m.timers.set(row, timerMs)
	}
	if len(m.results) > 0 {
		m.emit()
	}
}

// state are a row's words behind its key.
func (m *machines) state(row uint32) []int64 {
	return m.table.rows[row+1 : int(row)+1+m.process.StateWords]
}

// emit hands on what a step has answered.
func (m *machines) emit() {
	for rest := m.results; len(rest) > 0; rest = rest[m.width:] {
		m.out.line(rest[:m.width])
	}
}

// advance folds the events that have waited for the watermark, fires the timers it has reached and,
// at the end of the stream, flushes every machine.
func (m *machines) advance(watermarkMs int64) {
	if watermarkMs <= m.watermark {
		return
	}
	m.watermark = watermarkMs
	last := int64(math.MinInt64)
	if m.sorted != nil {
		last = m.settle(watermarkMs)
	}
	if watermarkMs == math.MaxInt64 {
		m.end(last)
		return
	}
	if m.timers == nil {
		return
	}
	if m.sorted != nil {
		watermarkMs-- // an event may still come at the watermark, before a timer of that time
	}
	m.timers.reach(watermarkMs)
}

// end fires the timers that are set by now and flushes every machine. The last event waited until
// now and was of lastMs.
func (m *machines) end(lastMs int64) {
	if m.timers != nil {
		m.timers.end(lastMs)
	}
	if m.process.End == nil {
		return
	}
	for i := range m.table.n {
		row := uint32(i * m.table.stride)
		m.results = m.process.End(m.state(row), m.table.rows[row], m.results[:0])
		m.emit()
	}
}

func (m *machines) late() (late, allowed uint64) { return m.tooLate, 0 }

// bindProcess carries the fields a process reads.
func (p *plan) bindProcess(carry func(string) (int, error)) error {
	for _, name := range p.query.Process.Reads {
		// A field named twice is carried twice: the process knows them by their places.
		if _, err := carry(name); err != nil {
			return err
		}
	}
	return nil
}

// fansOut reports whether an event belongs to keys that the process finds.
func (p *plan) fansOut() bool { return p.query.Process != nil && p.query.Process.Keys != nil }
