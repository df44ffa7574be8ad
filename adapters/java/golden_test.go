package java_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/workloads"
)

var update = flag.Bool("update", false, "write the vectors of the Java tests anew")

// goldenDir holds, of every stream, the first events in both forms, and of every vector its plan
// and what the oracle says:
//
//	<stream>.binary.gz  every event: its length in 32 bits, then its bytes
//	<stream>.json.gz    the first of them, or all where the stream is damaged
//	<vector>/           plan.json, stream, end, decoded.gz, results.gz, encoded.gz, late, dead
const goldenDir = "core/src/test/resources/golden"

// vector is a small stream and a query, for the Java tests.
type vector struct {
	name, stream string
	rate, events uint64
	seed         uint64 // 1 if it is 0
	workload     string
	params       map[string]string
	change       func(w *workloads.Workload)
}

// damaged says whether the stream is of the form json alone.
func damaged(w *workloads.Workload) bool { return w.Spoil != nil }

func (v vector) bind(t *testing.T) *workloads.Workload {
	t.Helper()
	template, ok := workloads.Find(v.workload)
	if !ok {
		t.Fatalf("no workload %s", v.workload)
	}
	values, errs := template.Resolve(v.params)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	w, err := template.New(workloads.Settings{
		Seed: max(v.seed, 1), EventRate: v.rate, Values: values,
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.change != nil {
		changed := *w
		v.change(&changed)
		w = &changed
	}
	return w
}

type params = map[string]string

// vectors are one of every workload and query, and queries no workload of the catalog asks.
var vectors = []vector{
	{name: "iot-telemetry", stream: "iot", rate: 100, events: 2000, workload: "iot-telemetry",
		params: params{"keys": "50"}},
	{name: "iot-telemetry-late", stream: "iot-late", rate: 100, events: 2000,
		workload: "iot-telemetry",
		params: params{"keys": "20", "window": "2s", "disorder": "100k:1ms:9s", "bound": "1s",
			"lateness": "3s"}},
	{name: "ysb", stream: "ysb", rate: 100, events: 2000, workload: "ysb",
		params: params{"skew": "true"}},
	nexmark("q0"), nexmark("q1"), nexmark("q2"), nexmark("q3"), nexmark("q4"), nexmark("q5"),
	nexmark("q7"), nexmark("q8"), nexmark("q9"), nexmark("q11"), nexmark("q12"), nexmark("q18"),
	nexmark("q20"),
	{name: "uc2", stream: "uc2", rate: 20, events: 1500, workload: "uc2",
		params: params{"keys": "20"}},
	{name: "hopping-average", stream: "hopping", rate: 100, events: 2000,
		workload: "hopping-average", params: params{"keys": "20", "slide": "3s", "groups": "50"}},
	{name: "sliding-average", stream: "sliding", rate: 100, events: 1500,
		workload: "sliding-average", params: params{"keys": "10", "window": "3s"}},
	{name: "karimov", stream: "karimov", rate: 100, events: 1500, workload: "karimov"},
	{name: "karimov-join", stream: "karimov-few", rate: 100, events: 1500, workload: "karimov",
		params: params{"query": "join"}, change: fewer},
	// Two frauds, and a large payment that comes more than a minute after its small one.
	{name: "fraud", stream: "fraud", rate: 40, events: 4096 * 3, seed: 34, workload: "fraud"},
	{name: "cqrs", stream: "cqrs", rate: 100, events: 2000, workload: "cqrs",
		params: params{"keys": "50"}},
	{name: "shuffle", stream: "shuffle", rate: 100, events: 200, workload: "shuffle",
		params: params{"keys": "3", "disorder": "500k:1ms:3s"}},
	{name: "orders", stream: "orders", rate: 20, events: 3000, workload: "orders"},
	{name: "clickstream", stream: "clicks", rate: 10, events: 3000, workload: "clickstream"},
	{name: "clickstream-lateness", stream: "clicks", rate: 10, events: 3000,
		workload: "clickstream", params: params{"profile": "lateness"}},
	{name: "poison", stream: "poison", rate: 100, events: 600, workload: "poison",
		params: params{"keys": "20", "malformed": "20"}},
	{name: "poisoned", stream: "poisoned", rate: 100, events: 1000, workload: "iot-telemetry",
		params: params{"keys": "20"}, change: poisoned},
	{name: "every-aggregate", stream: "iot", rate: 100, events: 2000, workload: "iot-telemetry",
		params: params{"keys": "50"}, change: everyAggregate},
	{name: "every-aggregate-session", stream: "iot", rate: 100, events: 2000,
		workload: "iot-telemetry", params: params{"keys": "50"}, change: everySession},
	{name: "rank-of-averages", stream: "iot", rate: 100, events: 2000, workload: "iot-telemetry",
		params: params{"keys": "50"}, change: rankOfAverages},
	{name: "floats-by-name", stream: "uc2", rate: 20, events: 1500, workload: "uc2",
		params: params{"keys": "20"}, change: floatsByName},
}

func nexmark(query string) vector {
	v := vector{name: "nexmark-" + query, stream: "nexmark", rate: 100, events: 2300,
		workload: "nexmark", params: params{"query": query}}
	if query == "q11" {
		v.params["gap"] = "500ms"
	}
	return v
}

// fewer has fewer users and packs, so that a short stream has pairs.
func fewer(w *workloads.Workload) {
	events := w.Events
	w.Events = func() workloads.Generator { return fewKeys{events()} }
}

type fewKeys struct{ workloads.Generator }

func (g fewKeys) Fill(b *workloads.Batch, s workloads.Slots) {
	g.Generator.Fill(b, s)
	for _, c := range []int{1, 2, 5, 6} { // users and packs of both variants
		for i := range min(len(b.Cols[c]), b.N) {
			b.Cols[c][i] %= 20
		}
	}
}

func poisoned(w *workloads.Workload) {
	p, err := w.Poisoned(0, 10)
	if err != nil {
		panic(err)
	}
	*w = *p
}

// aggregates are all there are, of a query of iot-telemetry.
var aggregates = []workloads.Aggregate{
	{Func: workloads.Count, As: "n"},
	{Func: workloads.Avg, Field: "milli_c", As: "avg"},
	{Func: workloads.Min, Field: "milli_c", As: "least"},
	{Func: workloads.Max, Field: "ts", As: "newest"},
	{Func: workloads.Distinct, Field: "battery", As: "batteries"},
	{Func: workloads.TopK, Field: "humidity", K: 3, As: "wettest"},
	{Func: workloads.Distinct, Field: "warmth", As: "warmths"},
	{Func: workloads.First, Field: "milli_c", As: "first"},
	{Func: workloads.Last, Field: "milli_c", As: "last"},
	{Func: workloads.SumSquares, Field: "humidity", As: "squares"},
	{Func: workloads.Mean, Field: "milli_c", As: "mean"},
	{Func: workloads.Sum, Field: "warmth", As: "warmth"},
}

func everyAggregate(w *workloads.Workload) {
	w.Query.Where = []workloads.Predicate{
		{Field: "humidity", Op: workloads.NotEqual, Value: 1, Modulus: 7},
		{Field: "battery", Op: workloads.Less, Value: 90},
		{Field: "warmth", Op: workloads.Greater, Value: -50},
	}
	table := make([]int64, 101)
	for i := range table {
		table[i] = int64(i)*7%13 - 6
	}
	w.Query.Lookup = &workloads.Lookup{Field: "battery", Table: table, As: "warmth"}
	w.Query.Key = "site"
	w.Query.Aggregates = aggregates
	fields := []workloads.ResultField{
		{Name: "site", Identity: true}, {Name: workloads.WindowStart, Identity: true},
		{Name: workloads.WindowEnd},
	}
	w.Query.Output.Fields = append(fields, aggregateFields()...)
}

func aggregateFields() (fields []workloads.ResultField) {
	for _, a := range aggregates {
		fields = append(fields, workloads.ResultField{Name: a.As})
	}
	return fields
}

func everySession(w *workloads.Workload) {
	everyAggregate(w)
	w.Query.Key = "sensor"
	w.Query.Window = workloads.Window{Kind: workloads.Session, GapMs: 700}
	w.Query.BoundMs = 2000
	w.Query.Output.Fields = append([]workloads.ResultField{
		{Name: "sensor", Identity: true}, {Name: workloads.SessionFrom, Identity: true},
		{Name: workloads.WindowEnd},
	}, aggregateFields()...)
}

func rankOfAverages(w *workloads.Workload) {
	w.Query.Aggregates = []workloads.Aggregate{
		{Func: workloads.Avg, Field: "battery", As: "avg"},
		{Func: workloads.Max, Field: "battery", As: "most"},
	}
	w.Query.Window = workloads.Window{Kind: workloads.Hopping, SizeMs: 2000, SlideMs: 500}
	w.Query.Rank = &workloads.Rank{By: "most"}
	w.Query.Output.Fields = []workloads.ResultField{
		{Name: workloads.WindowStart, Identity: true}, {Name: "sensor", Identity: true},
		{Name: "most"}, {Name: "avg"},
	}
}

func floatsByName(w *workloads.Workload) {
	field := w.Schema.Variants[0].Fields[0]
	w.Query.Window.SizeMs, w.Query.DeadLetters = 7000, true
	w.Query.Aggregates = []workloads.Aggregate{
		{Func: workloads.Avg, Field: "valueInW", As: "avg"},
		{Func: workloads.Last, Field: "valueInW", As: "last"},
	}
	w.Query.Output.Fields = []workloads.ResultField{
		{Name: "identifier", Identity: true, Kind: workloads.Dict, Dict: field.Dict},
		{Name: workloads.WindowStart, Identity: true},
		{Name: "avg", Kind: workloads.Float}, {Name: "last", Kind: workloads.Float},
	}
}

// job is one of a vector: what Plan looks at.
func job(w *workloads.Workload) adapters.Job {
	return adapters.Job{
		RunID: "golden", Workload: w, Transport: adapters.Kafka, Format: workloads.BinaryForm,
		Guarantee: "exactly-once", Checkpoint: time.Second, Workers: 2, WorkerCPUs: 1,
		Profile: "defaults", Settings: map[string]string{"a.b": "c"},
		Topics: &adapters.Topics{
			Bootstrap: []string{"127.0.0.1:9092"}, Inside: []string{"kafka-1:9093"}, Partitions: 8,
			Input: "golden.input", Outputs: outputs(w),
		},
	}
}

func outputs(w *workloads.Workload) (names [3]string) {
	names[workloads.Answers] = "golden.results"
	if w.Query.Late != nil {
		names[workloads.LateEvents] = "golden.late"
	}
	if w.Query.DeadLetters {
		names[workloads.DeadLetters] = "golden.dlq"
	}
	return names
}

// jsonEvents is how many events of a whole stream are there in the form json.
const jsonEvents = 100

// wires are the events of a vector in a form.
func (v vector) wires(t *testing.T, w *workloads.Workload, form string, n uint64) [][]byte {
	t.Helper()
	codec, err := workloads.NewCodec(w.Schema, form)
	if err != nil {
		t.Fatal(err)
	}
	b, g := workloads.NewBatch(w.Schema, 1), w.Events()
	var all [][]byte
	for slot := range n {
		g.Fill(b, workloads.Slots{First: slot, Step: 1, N: 1})
		event := codec.Append(nil, b, 0)
		if damaged(w) {
			event, _ = w.Spoil(event, 0, uint64(b.Seq[0]))
		}
		all = append(all, event)
	}
	return all
}

// end is the end event in hex and as JSON.
func (v vector) end(w *workloads.Workload) []byte {
	b := workloads.NewBatch(w.Schema, int(v.events))
	w.Events().Fill(b, workloads.Slots{First: 0, Step: 1, N: int(v.events)})
	w.FillEnd(b, 0, w.EndTS(slices.Max(b.TS)))
	return fmt.Appendf(nil, "%x\n%s\n", workloads.BinaryCodec(w.Schema).Append(nil, b, 0),
		workloads.JSONCodec(w.Schema).Append(nil, b, 0))
}

func packed(t *testing.T, events [][]byte) []byte {
	t.Helper()
	var all []byte
	for _, e := range events {
		all = append(binary.LittleEndian.AppendUint32(all, uint32(len(e))), e...)
	}
	return pressed(t, all)
}

func pressed(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unpacked(t *testing.T, text []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// files are what the Java tests are to find, by name.
func (v vector) files(t *testing.T) map[string][]byte {
	t.Helper()
	w := v.bind(t)
	plan, err := java.Plan(job(w))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		v.name + "/plan.json": plan, v.name + "/stream": []byte(v.stream),
		v.name + "/end": v.end(w),
	}
	if damaged(w) {
		events := v.wires(t, w, workloads.JSONForm, v.events)
		files[v.stream+".json.gz"] = packed(t, events)
		files[v.name+"/dead"] = deadLetters(t, w, events)
	} else {
		files[v.stream+".binary.gz"] = packed(t, v.wires(t, w, workloads.BinaryForm, v.events))
		files[v.stream+".json.gz"] = packed(t, v.wires(t, w, workloads.JSONForm, jsonEvents))
		files[v.name+"/decoded.gz"] = pressed(t, v.decoded(w))
	}
	results, encoded := v.results(t, w)
	files[v.name+"/results.gz"] = pressed(t, results)
	files[v.name+"/encoded.gz"] = pressed(t, encoded)
	if w.Query.Late != nil {
		files[v.name+"/late"] = v.late(t, w)
	}
	return files
}

// decoded are the first events, one a line, value by value; strings by their index.
func (v vector) decoded(w *workloads.Workload) []byte {
	var out bytes.Buffer
	b, g := workloads.NewBatch(w.Schema, jsonEvents), w.Events()
	g.Fill(b, workloads.Slots{First: 0, Step: 1, N: jsonEvents})
	for i := range b.N {
		variant := 0
		if w.Schema.Tag != "" {
			variant = int(b.Cols[0][i])
		}
		fmt.Fprintf(&out, "%d seq=%d ts=%d", variant, b.Seq[i], b.TS[i])
		for f, field := range w.Schema.Variants[variant].Fields {
			if field.Kind != workloads.Text {
				fmt.Fprintf(&out, " %s=%d", field.Name, b.Cols[w.Schema.Offset(variant)+f][i])
			}
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// encodedRows is how many results are there in both forms.
const encodedRows = 20

// results are the oracle's, all columns of one a line, and the first of them as they travel, in hex
// and as JSON.
func (v vector) results(t *testing.T, w *workloads.Workload) (all, encoded []byte) {
	t.Helper()
	var lines []string
	var wire bytes.Buffer
	var codecs []workloads.ResultCodec
	for _, form := range []string{workloads.BinaryForm, workloads.JSONForm} {
		c, err := workloads.NewResultCodec(w.Query, workloads.Answers, form)
		if err != nil {
			t.Fatal(err)
		}
		codecs = append(codecs, c)
	}
	_, err := w.Expect(context.Background(), v.events, func(e *workloads.Expected) error {
		line := strings.Trim(fmt.Sprint(e.Row), "[]")
		if lines = append(lines, line); len(lines) > encodedRows {
			return nil
		}
		rs := workloads.NewResults(w.Query, 1)
		for c, x := range e.Row {
			rs.Cols[c][0] = x
		}
		fmt.Fprintf(&wire, "%s\t%x\t%s\n", line, codecs[0].Append(nil, rs, 0),
			codecs[1].Append(nil, rs, 0))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return []byte(strings.Join(append(lines, ""), "\n")), wire.Bytes()
}

// late are the rows of the late output, found as plainly as can be.
func (v vector) late(t *testing.T, w *workloads.Workload) []byte {
	t.Helper()
	q, size := w.Query, w.Query.Window.SizeMs
	var out bytes.Buffer
	b, g, most, n := workloads.NewBatch(w.Schema, 1), w.Events(), int64(0), uint64(0)
	for slot := range v.events {
		g.Fill(b, workloads.Slots{First: slot, Step: 1, N: 1})
		if b.TS[0]/size*size+size+q.BoundMs+q.LatenessMs <= most {
			for i, f := range q.Late.Fields {
				c, err := w.Schema.Column(0, f.Name)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "%s%d", strings.Repeat(" ", min(i, 1)), b.Column(c)[0])
			}
			out.WriteByte('\n')
			n++
		}
		most = max(most, b.TS[0])
	}
	late, err := w.Expect(context.Background(), v.events,
		func(*workloads.Expected) error { return nil })
	if err != nil || late.TooLate != n || n == 0 {
		t.Fatalf("%d late events, the oracle has %d; %v", n, late.TooLate, err)
	}
	return out.Bytes()
}

// deadLetters are the events nobody can read: place in the stream, reason, what is wrong.
func deadLetters(t *testing.T, w *workloads.Workload, events [][]byte) []byte {
	t.Helper()
	codec, b := workloads.JSONCodec(w.Schema), workloads.NewBatch(w.Schema, 1)
	var out bytes.Buffer
	for i, e := range events {
		err, reason := codec.Decode(e, b, 0), "unreadable"
		if len(e) > w.Query.MaxEventB {
			reason = "too-large"
			err = fmt.Errorf("%d bytes, where an event has at most %d", len(e), w.Query.MaxEventB)
		}
		if err != nil {
			fmt.Fprintf(&out, "%d\t%s\t%s\n", i, reason, err)
		}
	}
	if out.Len() == 0 {
		t.Fatal("no event is damaged")
	}
	return out.Bytes()
}

// The vectors of the Java tests are what this build of the workloads says.
func TestVectorsAreCurrent(t *testing.T) {
	if *update {
		if err := os.RemoveAll(goldenDir); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			for name, want := range v.files(t) {
				check(t, filepath.Join(goldenDir, name), want)
			}
		})
	}
}

func check(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if *update && errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v: write it with go test ./adapters/java -update", err)
	}
	if strings.HasSuffix(path, ".gz") { // another version of gzip may press otherwise
		got, want = unpacked(t, got), unpacked(t, want)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not current: write it with go test ./adapters/java -update", path)
	}
}
