package native

import (
	"slices"
	"strings"
	"testing"

	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// bind makes a workload at a thousand events a second of event time.
func bind(tb testing.TB, name string, params map[string]string) *workloads.Workload {
	tb.Helper()
	return workloadstest.Bind(tb, name, 1000, params)
}

// wireEvents are the first events of a workload in their wire form, spoiled where it spoils them.
func wireEvents(tb testing.TB, w *workloads.Workload, form string, n int) (
	values [][]byte, b *workloads.Batch,
) {
	tb.Helper()
	codec, err := workloads.NewCodec(w.Schema, form)
	if err != nil {
		tb.Fatal(err)
	}
	b = workloads.NewBatch(w.Schema, n)
	w.Events().Fill(b, workloads.Slots{Step: 1, N: n})
	for row := range n {
		v := codec.Append(nil, b, row)
		if w.Spoil != nil {
			v, _ = w.Spoil(v, 0, uint64(b.Seq[row]))
		}
		values = append(values, v)
	}
	return values, b
}

func mustDecoder(tb testing.TB, w *workloads.Workload, form string, rows int) *decoder {
	tb.Helper()
	d, err := newDecoder(w, form, rows)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestEveryEventIsARowOrADeadLetterThatSaysWhichWhereAndWhy(t *testing.T) {
	const n = 2000
	w := bind(t, "poison", map[string]string{"malformed": "10"})
	values, made := wireEvents(t, w, workloads.JSONForm, n)
	d, got := mustDecoder(t, w, workloads.JSONForm, n), workloads.NewBatch(w.Schema, n)
	d.begin(got)
	var whole, letters []int64
	for row, v := range values {
		before := got.N
		end, err := d.add(v, place{seq: made.Seq[row], partition: 3, offset: int64(row) + 100})
		if end || err != nil {
			t.Fatalf("event %d: end %v, error %v", row, end, err)
		}
		if got.N > before {
			whole = append(whole, int64(row))
		} else {
			letters = append(letters, int64(row))
		}
	}
	if dead := d.letters(); dead == nil || dead.N != len(letters) || dead.N < n/20 {
		t.Fatalf("dead letters %+v for %d events without a row", dead, len(letters))
	}
	reasons := map[int64]int{}
	for i, row := range letters {
		l := d.dead.Row(make([]int64, 5), i)
		reason := l[3]
		reasons[reason]++
		if want := []int64{made.Seq[row], 3, row + 100, reason, 1}; !slices.Equal(l, want) {
			t.Errorf("dead letter %v, want %v", l, want)
		}
		if (reason == workloads.TooLarge) != (len(values[row]) > w.Query.MaxEventB) {
			t.Errorf("event %d of %d bytes: reason %d", row, len(values[row]), reason)
		}
	}
	if reasons[workloads.TooLarge] == 0 || reasons[workloads.Unreadable] <= reasons[workloads.TooLarge] {
		t.Errorf("reasons %v", reasons)
	}
	for i, row := range whole {
		if got.Seq[i] != made.Seq[row] || got.TS[i] != made.TS[row] {
			t.Fatalf("row %d is event %d, want %d", i, got.Seq[i], made.Seq[row])
		}
		for c, col := range got.Cols {
			if col[i] != made.Cols[c][row] {
				t.Fatalf("event %d: column %d is %d, want %d", row, c, col[i], made.Cols[c][row])
			}
		}
	}
	d.begin(got)
	if d.letters() != nil || got.N != 0 || d.room() != n {
		t.Error("what was read before is still there")
	}
}

func TestAnEventThatCannotBeReadIsAnErrorWhereTheQueryHasNoPlaceForIt(t *testing.T) {
	w := bind(t, "iot-telemetry", nil)
	for _, form := range []string{workloads.BinaryForm, workloads.JSONForm} {
		d, b := mustDecoder(t, w, form, 4), workloads.NewBatch(w.Schema, 4)
		d.begin(b)
		_, err := d.add([]byte("{"), place{seq: noSeq, partition: 7, offset: 42})
		if err == nil || !strings.Contains(err.Error(), "partition 7 offset 42") || b.N != 0 {
			t.Errorf("%s: %d rows, %v", form, b.N, err)
		}
	}
}

func TestAnEndEventIsNoRow(t *testing.T) {
	for _, name := range []string{"nexmark", "iot-telemetry"} {
		w := bind(t, name, nil)
		b := workloads.NewBatch(w.Schema, 1)
		w.FillEnd(b, 0, w.EndTS(5))
		for _, form := range []string{workloads.BinaryForm, workloads.JSONForm} {
			d := mustDecoder(t, w, form, 4)
			value := d.codec.Append(nil, b, 0)
			into := workloads.NewBatch(w.Schema, 4)
			d.begin(into)
			if end, err := d.add(value, place{}); !end || err != nil || into.N != 0 {
				t.Errorf("%s %s: end %v, %d rows, %v", name, form, end, into.N, err)
			}
		}
	}
}

func TestReadingAnEventAllocatesNothing(t *testing.T) {
	const n = 512
	for _, form := range []string{workloads.BinaryForm, workloads.JSONForm} {
		w := bind(t, "iot-telemetry", nil)
		values, _ := wireEvents(t, w, form, n)
		d, b := mustDecoder(t, w, form, n), workloads.NewBatch(w.Schema, n)
		if perBatch := testing.AllocsPerRun(20, func() {
			d.begin(b)
			for i, v := range values {
				if _, err := d.add(v, place{offset: int64(i)}); err != nil {
					t.Fatal(err)
				}
			}
		}); perBatch != 0 || b.N != n {
			t.Errorf("%s: %.1f allocations for %d events", form, perBatch, b.N)
		}
	}
}
