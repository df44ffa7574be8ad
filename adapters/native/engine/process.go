package engine

import (
	"math"

	"github.com/streambench/streambench/workloads"
)

// machines hosts the keyed state machine of a query: a row of the table is a key's state.
type machines struct {
	process *workloads.Process
	out     *emitter
	table   *table
	width   int // columns of a result
	at      []uint32
	event   workloads.ProcessEvent
	results []int64
	ended   bool
}

func newMachines(s *slot) (*machines, error) {
	p := s.engine.plan
	t, err := s.state.table(make([]int64, p.query.Process.StateWords), firstIndex)
	if err != nil {
		return nil, err
	}
	return &machines{
		process: p.query.Process, out: s.out, table: t, width: p.query.Width(),
		at:    make([]uint32, s.state.batchRows),
		event: workloads.ProcessEvent{Values: make([]int64, len(p.values))},
	}, nil
}

// add steps the machine of each event's key.
func (m *machines) add(b *block) {
	at := m.at[:b.n]
	m.table.locate(b.key[:b.n], at)
	for i, row := range at {
		m.event.Key, m.event.Seq, m.event.TS = b.key[i], b.seq[i], b.ts[i]
		for v, col := range b.values {
			m.event.Values[v] = col[i]
		}
		m.results, _ = m.process.Step(m.state(row), m.event, m.results[:0])
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

// advance flushes every machine at the end of the stream; before it, nothing waits for time.
func (m *machines) advance(watermarkMs int64) {
	if watermarkMs != math.MaxInt64 || m.ended {
		return
	}
	m.ended = true
	if m.process.End == nil {
		return
	}
	for i := range m.table.n {
		row := uint32(i * m.table.stride)
		m.results = m.process.End(m.state(row), m.table.rows[row], m.results[:0])
		m.emit()
	}
}

func (m *machines) late() (late, allowed uint64) { return 0, 0 }

func (m *machines) reached() int64 {
	if m.ended {
		return math.MaxInt64
	}
	return math.MinInt64
}

func (m *machines) save(e *encoder) { m.table.save(e) }

func (m *machines) load(d *decoder) { m.table.load(d, func([]int64) bool { return true }) }

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
