package java_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/streambench/streambench/workloads"
)

// odd are events of a vector whose schema has integers, floats and strings, written by nobody or
// damaged at random: whatever one reader takes, another has to take, as the same.
var odd = []string{
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":9,"valueInW":1.5}`,
	` { "valueInW" : 1.5e3 , "ts":8,"identifier":"\u0073_\u0033","timestamp":9,"seq":7} `,
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":9,"valueInW":1e999}`,
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":9,"valueInW":"1.5"}`,
	`{"seq":7,"ts":8,"identifier":3,"timestamp":9,"valueInW":-0.0}`,
	`{"seq":7,"ts":8,"identifier":"s_03","timestamp":9,"valueInW":0}`,
	`{"seq":7,"ts":8,"identifier":"s_20","timestamp":9,"valueInW":0}`,
	`{"seq":7,"ts":8,"identifier":"s_-1","timestamp":9,"valueInW":0}`,
	`{"seq":7,"ts":8,"identifier":"s_","timestamp":9,"valueInW":0}`,
	`{"seq":7,"ts":8,"identifier":"\ud83d\ude00","timestamp":9,"valueInW":0}`,
	`{"seq":7,"ts":8,"identifier":"\ud83d","timestamp":9,"valueInW":0}`,
	`{"seq":-9223372036854775808,"ts":9223372036854775807,"identifier":"s_3","timestamp":-0,` +
		`"valueInW":0}`,
	`{"seq":-9223372036854775809,"ts":0,"identifier":"s_3","timestamp":0,"valueInW":0}`,
	`{"seq":9223372036854775808,"ts":0,"identifier":"s_3","timestamp":0,"valueInW":0}`,
	`{"seq":18446744073709551617,"ts":0,"identifier":"s_3","timestamp":0,"valueInW":0}`,
	`{"seq":12345678901234567,"ts":123456789012345678,"identifier":"s_3","timestamp":12345678,` +
		`"valueInW":0}`,
	`{"seq":007,"ts":0,"identifier":"s_3","timestamp":0,"valueInW":0}`,
	`{"seq":1.0,"ts":0,"identifier":"s_3","timestamp":0,"valueInW":0}`,
	`{"seq":7,"seq":7,"ts":8,"identifier":"s_3","timestamp":9,"valueInW":1.5}`,
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":9,"valueInW":1.5,"more":1}`,
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":9,"valueInW":1.5}}`,
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":[9],"valueInW":1.5}`,
	`{"seq":7,"ts":8,"identifier":"s_3","timestamp":true,"valueInW":null}`,
	"{\"seq\":7,\"ts\":8,\"identifier\":\"s\n3\",\"timestamp\":9,\"valueInW\":1.5}",
	`{"seq":7,"ts":8,"identifier":"s\q3","timestamp":9,"valueInW":1.5}`,
	`{}`, ``, `[]`, `{`, `{"seq"`, `null`,
}

// oddEvents are those and damaged ones, with what the codec of a form makes of them: the values, or
// what is wrong.
func oddEvents(t *testing.T, w *workloads.Workload, form string, of [][]byte) []byte {
	t.Helper()
	codec, err := workloads.NewCodec(w.Schema, form)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		of = append(of, mangled(rng, of[rng.IntN(len(of))]))
	}
	var out bytes.Buffer
	b, right := workloads.NewBatch(w.Schema, 1), 0
	for _, e := range of {
		fmt.Fprintf(&out, "%x\t", e)
		if err := codec.Decode(e, b, 0); err != nil {
			fmt.Fprintf(&out, "%q\n", err.Error())
			continue
		}
		right++
		fmt.Fprintf(&out, "%d %d", b.Seq[0], b.TS[0])
		for _, col := range b.Cols {
			fmt.Fprintf(&out, " %d", col[0])
		}
		out.WriteByte('\n')
	}
	if right < 20 || right > len(of)-20 {
		t.Fatalf("%d of %d odd events can be read", right, len(of))
	}
	return pressed(t, out.Bytes())
}

// mangled is an event with one or two bytes changed, added or taken out.
func mangled(rng *rand.Rand, e []byte) []byte {
	const some = "{}[]\",: \\u0019-+.eEs_\x00\xff\n"
	e = slices.Clone(e)
	for range 1 + rng.IntN(2) {
		at, by := rng.IntN(len(e)+1), some[rng.IntN(len(some))]
		switch {
		case rng.IntN(3) == 0 || at == len(e):
			e = slices.Insert(e, at, by)
		case rng.IntN(2) == 0:
			e = slices.Delete(e, at, at+1)
		default:
			e[at] = by
		}
	}
	return e
}

func TestOddEventsAreCurrent(t *testing.T) {
	i := slices.IndexFunc(vectors, func(v vector) bool { return v.name == "floats-by-name" })
	w := vectors[i].bind(t)
	var texts [][]byte
	for _, e := range odd {
		texts = append(texts, []byte(e))
	}
	check(t, filepath.Join(goldenDir, "odd.json.gz"),
		oddEvents(t, w, workloads.JSONForm, append(texts, vectors[i].wires(t, w, "json", 50)...)))
	check(t, filepath.Join(goldenDir, "odd.binary.gz"),
		oddEvents(t, w, workloads.BinaryForm, vectors[i].wires(t, w, "binary", 50)))
}
