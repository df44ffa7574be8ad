package workloads

import "fmt"

// What a query that retracts has answered is what is left after all its changes: the results of an
// identity are a multiset that rows add to, replace in and take from in the order they came.
//
//	insert --> one more     update --> another value     retract --> one less, of that very value

// counts is the column of the count of events of a result that has one; their sum follows.
func (p *plan) counts() int { return p.q.LineWidth() }

// values are the columns of a row that tell what the result is, and not what it does.
func (p *plan) values(row []int64) []int64 {
	if p.q.Retracts {
		return row[:p.width-1]
	}
	return row
}

// standing is what is left of an identity after all changes.
type standing struct {
	row   int32 // the last of its rows that was not taken back
	live  int   // how many results there are: more than one is one too many
	stray int   // changes that make no sense, each of which is a phantom
}

// stand applies the changes of an identity.
func (m *matcher) stand(id *arrival) (s standing) {
	g, p := &m.got, m.c.p
	s.row = none
	for r := id.head; r != none; r = g.next[r] {
		row := g.row(r)
		switch op := row[p.width-1]; {
		case op == Insert || op == Update && s.live == 0:
			s.live++
			s.row = r
		case op == Update:
			s.row = r
		case op == Retract && s.live > 0 && p.equal(p.values(row), g.row(s.row)):
			s.live--
		case op == Retract:
			s.stray++
			m.t.phantomBecause(row, "it takes back what is not there")
		default:
			s.stray++
			m.t.phantomBecause(row, fmt.Sprintf("it does %d, which nobody knows", op))
		}
	}
	m.t.l.Received += uint64(id.n)
	m.t.l.Refinements += uint64(int(id.n) - s.stray - s.live)
	for range s.live {
		m.t.got.add(g.row(s.row))
		m.counted += g.row(s.row)[p.counts()]
	}
	return s
}

// matchStanding classes what is left of an identity that is expected.
func (m *matcher) matchStanding(e *outcome, id *arrival) {
	s := m.stand(id)
	if s.live == 0 {
		m.lost(e)
		return
	}
	row := m.got.row(s.row)
	if s.live > 1 {
		m.t.duplicated(row, uint64(s.live-1))
	}
	m.t.want.add(e.Row)
	if m.c.p.equal(m.c.p.values(row), e.Row) {
		m.t.l.Matched++
		return
	}
	m.t.wrong(row, e.Row)
}

// unexpectedStanding classes what is left of an identity nobody expected: results that should have
// been taken back. A session answered early that a late event has joined to another is one.
func (m *matcher) unexpectedStanding(id *arrival) {
	s := m.stand(id)
	for range s.live {
		m.t.phantomBecause(m.got.row(s.row), "it was never taken back")
	}
}
