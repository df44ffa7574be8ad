package workloads

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// A float may differ in its last digits, as sums in another order do, and no further.
func TestFloatsAreComparedToOnePartInABillion(t *testing.T) {
	w := newWorkload(t, uc2Name, 100, map[string]string{"keys": "100"})
	const events = 20_000
	right := answers(t, w, events)
	const sum, sumSquares = 3, 4
	for _, c := range []struct {
		column int
		by     float64
		want   string
	}{
		{sum, 1 + 1e-12, ""}, {sum, 1 - 9e-10, ""}, {sum, 1 + 2e-9, "wrong 1"},
		{sumSquares, 1 - 1e-8, "wrong 1"}, {sum, -1, "wrong 1"}, {sum, math.NaN(), "wrong 1"},
		{sum, math.Inf(1), "wrong 1"},
	} {
		rows := slices.Clone(right)
		row := slices.Clone(rows[10])
		x := math.Float64frombits(uint64(row[c.column]))
		row[c.column] = int64(math.Float64bits(x * c.by))
		rows[10] = row
		l := account(t, w, Delivered{Events: events, TooLate: 0, Strict: true}, rows)
		if got := classes(l); got != c.want {
			t.Errorf("times %v: %s, want %s", c.by, got, c.want)
		}
		if c.want == "" {
			if l.Digest != l.WantDigest {
				t.Errorf("times %v: right, but %s is not %s", c.by, l.Digest, l.WantDigest)
			}
			continue
		}
		o := l.Offenders[0]
		if !strings.HasPrefix(o.Identity, "identifier=s_") || !strings.HasPrefix(o.Want, "s_") ||
			!strings.HasPrefix(o.Note, "the right events, but another value of sum") {
			t.Errorf("offender %+v", o)
		}
	}
}

// The original's constant can be had; nothing else of the stream changes.
func TestUC2CanReportAConstant(t *testing.T) {
	for value, want := range map[string]func(x float64) bool{
		uc2Constant: func(x float64) bool { return x == 10 },
		uc2Drawn:    func(x float64) bool { return x >= 0 && x < 10_000 && x == math.Trunc(x) },
	} {
		w := newWorkload(t, uc2Name, 1000, map[string]string{"keys": "1000", "value": value})
		scan(w, 5000, func(b *Batch) {
			for i := range b.N {
				x := math.Float64frombits(uint64(b.Cols[uc2ValueInW][i]))
				if !want(x) || b.Cols[uc2Identifier][i] != b.Seq[i]%1000 ||
					b.Cols[uc2Timestamp][i] != b.TS[i] {
					t.Fatalf("%s: event %d is %v of sensor %d", value, b.Seq[i], x,
						b.Cols[uc2Identifier][i])
				}
			}
		})
	}
}

func TestUC2IsWarnedOfWhereSensorsDoNotReportOnceASecond(t *testing.T) {
	if w := newWorkload(t, uc2Name, 1000, map[string]string{"keys": "1000"}); len(w.Warnings) > 0 {
		t.Error(w.Warnings)
	}
	w := newWorkload(t, uc2Name, 500, map[string]string{"keys": "1000"})
	if len(w.Warnings) != 1 || !strings.Contains(w.Warnings[0], "report 0.5 times a second") {
		t.Error(w.Warnings)
	}
}

func TestASensorsNameIsItsNumber(t *testing.T) {
	names := uc2Identifiers(1234)
	if len(names) != 1234 || names[0] != "s_0" || names[1233] != "s_1233" {
		t.Errorf("%d names from %s to %s", len(names), names[0], names[len(names)-1])
	}
}

// Sessions of floats are merged like those of integers, and so is what came too late.
func TestFloatsAreMerged(t *testing.T) {
	bits := func(x float64) int64 { return int64(math.Float64bits(x)) }
	w := handmade(Query{Key: "key", Window: Window{Kind: Session, GapMs: 10}, BoundMs: 50}, [][]int64{
		{0, 100, 0, 1, bits(0.5)}, {1, 115, 0, 1, bits(-2)}, {2, 108, 0, 1, bits(4.25)},
		{3, 300, 0, 1, bits(-1e-3)},
	})
	w.Schema.Variants[0].Fields[1].Kind = Float
	names := []string{"key", SessionFrom, "=" + WindowEnd}
	for i, f := range []Func{Count, Sum, SumSquares, Min, Max, Avg} {
		as := string(rune('a' + i))
		w.Query.Aggregates = append(w.Query.Aggregates, Aggregate{Func: f, Field: "value", As: as})
		names = append(names, "="+as)
	}
	w.Query.Output.Fields = identity(names...)
	w.Query = w.Query.typed(w.Schema)
	got, _ := outcomes(t, w, 4)
	want := []string{
		"1|100|125|3|2.75|22.3125|-2|4.25|2.75|3 3/3 @125 3",
		"1|300|310|1|-0.001|0.000001|-0.001|-0.001|-0.001|1 1/3 @310 end",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A query has to say which of its results are floats, and may not add them up.
func TestTheOracleRefusesFloatsItWouldMisread(t *testing.T) {
	w := newWorkload(t, uc2Name, 1000, map[string]string{"keys": "10"})
	plain := *w
	plain.Query.Output.Fields = resultFields([]string{"identifier", WindowStart}, "count", "sum",
		"sumSquares", "min", "max")
	if _, err := planQuery(&plain); err == nil || !strings.Contains(err.Error(), "holds floats") {
		t.Error(err)
	}
	added := *w
	added.Query.Output.Kind = Additive
	added.Query.Window.Processing = true
	added.Query.Aggregates = added.Query.Aggregates[:2]
	added.Query.Output.Fields = added.Query.Output.Fields[:4]
	if _, err := planQuery(&added); err == nil || !strings.Contains(err.Error(), "added up") {
		t.Error(err)
	}
}
