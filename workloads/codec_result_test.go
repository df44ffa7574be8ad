package workloads

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

// resultForms calls fn with the codec of every output of every workload of the catalog, in both
// forms, and rows of what such columns can hold.
func resultForms(t *testing.T, fn func(t *testing.T, q Query, rs *Results, c ResultCodec)) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, template := range Catalog {
		w := newWorkload(t, template.Name, 10_000, nil)
		for s := Answers; s <= DeadLetters; s++ {
			if w.Query.WidthOf(s) == 0 {
				continue
			}
			for _, form := range []string{BinaryForm, JSONForm} {
				c, err := NewResultCodec(w.Query, s, form)
				if err != nil {
					t.Fatal(err)
				}
				rs := NewResultsOf(w.Query, s, 100)
				for i, f := range w.Query.wireColumns(s) {
					for row := range rs.Cap() {
						rs.Cols[i][row] = anyValueOf(f, rng)
					}
				}
				rs.N = rs.Cap()
				t.Run(template.Name+" "+form, func(t *testing.T) { fn(t, w.Query, rs, c) })
			}
		}
	}
}

func anyValueOf(f Field, rng *rand.Rand) int64 {
	switch f.Kind {
	case Float:
		return int64(math.Float64bits(rng.NormFloat64() * math.Pow10(rng.IntN(40)-20)))
	case Dict:
		return rng.Int64N(int64(len(f.Dict)))
	}
	return int64(rng.Uint64()) >> rng.IntN(64)
}

func TestResultsReadBackAsWritten(t *testing.T) {
	resultForms(t, func(t *testing.T, q Query, rs *Results, c ResultCodec) {
		got := NewResultsOf(q, rs.Stream, rs.Cap())
		for row := range rs.N {
			if err := c.Decode(c.Append(nil, rs, row), got); err != nil {
				t.Fatal(err)
			}
		}
		for i := range rs.Cols {
			for row := range rs.N {
				if got.Cols[i][row] != rs.Cols[i][row] {
					t.Fatalf("row %d, column %d: %d, want %d", row, i, got.Cols[i][row],
						rs.Cols[i][row])
				}
			}
		}
	})
}

func TestResultsCutOffOrFollowedByMoreAreRefused(t *testing.T) {
	resultForms(t, func(t *testing.T, q Query, rs *Results, c ResultCodec) {
		got := NewResultsOf(q, rs.Stream, 1)
		whole := c.Append(nil, rs, 0)
		for n := range whole {
			if c.Decode(whole[:n], got) == nil {
				t.Fatalf("the first %d of %d bytes pass: %q", n, len(whole), whole[:n])
			}
		}
		if c.Decode(append(whole, 'x'), got) == nil || got.N != 0 {
			t.Errorf("a byte too many passes")
		}
	})
}

func TestResultsAsJSONAreWhatTheStandardLibraryReads(t *testing.T) {
	resultForms(t, func(t *testing.T, q Query, rs *Results, c ResultCodec) {
		if _, ok := c.(*jsonResults); !ok {
			return
		}
		got := NewResultsOf(q, rs.Stream, rs.Cap())
		for row := range rs.N {
			var object map[string]any
			src := c.Append(nil, rs, row)
			d := json.NewDecoder(bytes.NewReader(src))
			d.UseNumber()
			if err := d.Decode(&object); err != nil || len(object) != len(rs.Cols) {
				t.Fatalf("%d of %d fields in %s: %v", len(object), len(rs.Cols), src, err)
			}
			// Fields in the order of their names, with spaces: the same result.
			other, err := json.MarshalIndent(object, " ", "\t")
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Decode(other, got); err != nil {
				t.Fatalf("%v in %s", err, other)
			}
			for i := range rs.Cols {
				if got.Cols[i][row] != rs.Cols[i][row] {
					t.Fatalf("column %d: %d, want %d in %s", i, got.Cols[i][row],
						rs.Cols[i][row], other)
				}
			}
		}
	})
}

func TestResultCodecsDoNotAllocate(t *testing.T) {
	resultForms(t, func(t *testing.T, q Query, rs *Results, c ResultCodec) {
		got := NewResultsOf(q, rs.Stream, 1)
		buf := make([]byte, 0, 4096)
		for i, f := range q.wireColumns(rs.Stream) {
			if f.Kind == Float {
				rs.Cols[i][0] = int64(math.Float64bits(12))
			}
		}
		if n := testing.AllocsPerRun(100, func() {
			got.N = 0
			if err := c.Decode(c.Append(buf[:0], rs, 0), got); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%v allocations a result", n)
		}
	})
}

func FuzzResultDecode(f *testing.F) {
	q := newWorkload(f, "uc2", 10_000, nil).Query
	f.Add([]byte(`{"identifier":"s_1"}`), true)
	f.Add(make([]byte, 80), false)
	f.Fuzz(func(t *testing.T, src []byte, text bool) {
		form := BinaryForm
		if text {
			form = JSONForm
		}
		c, err := NewResultCodec(q, Answers, form)
		if err != nil {
			t.Fatal(err)
		}
		rs := NewResults(q, 1)
		if c.Decode(src, rs) != nil {
			return
		}
		again := NewResults(q, 1)
		if err := c.Decode(c.Append(nil, rs, 0), again); err != nil {
			t.Fatalf("%q passes, what is written of it does not: %v", src, err)
		}
	})
}

func BenchmarkResultCodec(b *testing.B) {
	q := newWorkload(b, "iot-telemetry", 10_000, nil).Query
	for _, form := range []string{BinaryForm, JSONForm} {
		c, err := NewResultCodec(q, Answers, form)
		if err != nil {
			b.Fatal(err)
		}
		rs := NewResults(q, 1)
		for i, v := range []int64{71234, 1767225610000, 31_456_789, 1043, 34_567, 1043, 987654321} {
			rs.Cols[i][0] = v
		}
		b.Run(form, func(b *testing.B) {
			got, buf := NewResults(q, 1), make([]byte, 0, 256)
			for b.Loop() {
				got.N = 0
				buf = c.Append(buf[:0], rs, 0)
				if err := c.Decode(buf, got); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
		})
	}
}
