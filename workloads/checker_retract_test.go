package workloads

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// changer answers sessions as soon as the ideal watermark has passed them and changes its answers
// when late clicks come: a second implementation, which keeps everything.
type changer struct {
	q        Query
	top      int64
	sessions map[int64][]*changing
	out      [][]int64
}

type changing struct {
	first, last, count, seqs int64
	told                     []int64 // the row that stands for it, nil if none
}

func (c *changer) row(user int64, s *changing, op int64) []int64 {
	return []int64{user, s.first, s.last + c.q.Window.GapMs, s.count, s.count, s.seqs, op}
}

func (c *changer) takeBack(s *changing) {
	if s.told != nil {
		row := slices.Clone(s.told)
		row[len(row)-1] = Retract
		c.out = append(c.out, row)
		s.told = nil
	}
}

// closed says whether the watermark is past a session.
func (c *changer) closed(s *changing) bool {
	return c.top > s.last+c.q.Window.GapMs+c.q.BoundMs
}

func (c *changer) tell(user int64, s *changing) {
	op := int64(Insert)
	if s.told != nil {
		op = Update
	}
	row := c.row(user, s, op)
	s.told = row
	c.out = append(c.out, row)
}

func (c *changer) click(user, ts, seq int64) {
	gap := c.q.Window.GapMs
	one := &changing{first: ts, last: ts, count: 1, seqs: seq}
	var rest []*changing
	var joined []*changing
	for _, s := range c.sessions[user] {
		if ts < s.first-gap || ts > s.last+gap {
			rest = append(rest, s)
			continue
		}
		joined = append(joined, s)
		one.first, one.last = min(one.first, s.first), max(one.last, s.last)
		one.count += s.count
		one.seqs += s.seqs
	}
	for _, s := range joined {
		// One that begins where the whole does gives it its name: it is updated.
		if s.first == one.first && c.closed(one) {
			one.told = s.told
		} else {
			c.takeBack(s)
		}
	}
	c.sessions[user] = append(rest, one)
	if c.closed(one) {
		c.tell(user, one)
	}
	if ts > c.top {
		c.top = ts
		c.sweep()
	}
}

func (c *changer) sweep() {
	for user, of := range c.sessions {
		for _, s := range of {
			if s.told == nil && c.closed(s) {
				c.tell(user, s)
			}
		}
	}
}

// changes are the rows of a system that answers early and changes its mind.
func changes(w *Workload, n int) [][]int64 {
	c := &changer{q: w.Query, top: math.MinInt64, sessions: map[int64][]*changing{}}
	scan(w, n, func(b *Batch) {
		for i, user := range b.Cols[clickUser][:b.N] {
			c.click(user, b.TS[i], b.Seq[i])
		}
	})
	c.top = math.MaxInt64 / 2
	c.sweep()
	return c.out
}

// lateClicks is a stream few enough of whose users click for a session to end.
func lateClicks(t *testing.T) *Workload {
	return newWorkload(t, clickstreamName, 5, map[string]string{"profile": "lateness",
		"disorder": "100k:27s:45s"})
}

// Whatever the clicks, a second implementation that answers early comes to the same sessions.
func TestChangingAnswersComesToTheSameSessions(t *testing.T) {
	tmpl, _ := Find(clickstreamName)
	for seed := range uint64(20) {
		values, errs := tmpl.Resolve(map[string]string{"profile": "lateness", "keys": "20",
			"gap": "3s", "bound": "500ms", "lateness": "20s", "disorder": "200k:1ms:9s"})
		w, err := tmpl.New(Settings{Seed: seed, EventRate: 4, Values: values})
		if err != nil || len(errs) > 0 {
			t.Fatal(err, errs)
		}
		l := account(t, w, Delivered{Events: 2000, TooLate: 0, Strict: true}, changes(w, 2000))
		if !l.clean() || l.Refinements == 0 || l.Lateness.Allowed == 0 {
			t.Errorf("seed %d: %+v", seed, l)
		}
	}
}

// What counts is the set of sessions after all retractions, however often a system changed its mind.
func TestSessionsAreJudgedAfterAllRetractions(t *testing.T) {
	w := lateClicks(t)
	const n = 10_000
	rows := changes(w, n)
	var ops [3]int
	for _, row := range rows {
		ops[row[len(row)-1]]++
	}
	if min(ops[Insert], ops[Update], ops[Retract]) < 10 {
		t.Fatalf("inserted, updated, retracted: %v", ops)
	}
	d := Delivered{Events: n, TooLate: 0, Strict: true}
	l := account(t, w, d, rows)
	left := uint64(ops[Insert] - ops[Retract])
	if !l.clean() || l.Matched != left || l.Refinements != uint64(len(rows))-left ||
		l.Digest != l.WantDigest || l.Count != l.WantCount {
		t.Fatalf("%v: %+v", ops, l)
	}
	final := map[[2]int64]bool{}
	for _, row := range answers(t, w, n) {
		final[[2]int64(row)] = true
	}
	// last is the last row that does this: to a session that is left, or that is not.
	last := func(op int64) int {
		for i := len(rows) - 1; ; i-- {
			row := rows[i]
			if row[len(row)-1] == op && final[[2]int64(row)] == (op != Retract) {
				return i
			}
		}
	}
	without := func(i int) [][]int64 { return slices.Delete(slices.Clone(rows), i, i+1) }
	changed := func(i, column int) [][]int64 {
		r := slices.Clone(rows)
		r[i] = slices.Clone(r[i])
		r[i][column]++
		return r
	}
	for _, c := range []struct {
		name string
		rows [][]int64
		want string
		note string
	}{
		{"an early answer is never taken back", without(last(Retract)), "phantom 1", "never taken back"},
		{"the last update is lost", without(last(Update)), "wrong 1", "lost"},
		{"a session is lost", without(last(Insert)), "lost 1", ""},
		{"a session is told twice", append(slices.Clone(rows), rows[last(Insert)]), "duplicated 1",
			"delivered 2 times"},
		{"a session is told wrong", changed(last(Insert), 3), "wrong 1", "another value of count"},
		{"one is taken back twice", append(slices.Clone(rows), rows[last(Retract)]), "phantom 1",
			"takes back what is not there"},
		{"another value is taken back", changed(last(Retract), 3), "phantom 2", "takes back"},
		{"a row does nothing anybody knows", changed(last(Retract), 6), "phantom 2", "nobody knows"},
	} {
		l := account(t, w, d, c.rows)
		if got := classes(l); !strings.HasPrefix(got, c.want+", refinements") {
			t.Errorf("%s: %q, want %q: %+v", c.name, got, c.want, l.Offenders)
			continue
		}
		o := l.Offenders[0]
		if !strings.Contains(o.Note, c.note) || !strings.Contains(o.Identity, "user=") ||
			!strings.Contains(o.Identity, "start=") || !strings.Contains(o.Identity, "Z)") {
			t.Errorf("%s: %+v, want a note %q", c.name, o, c.note)
		}
	}
}
