package engine

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/streambench/streambench/workloads"
)

var update = flag.Bool("update", false, "rewrite the expect sections of testdata/*.txt")

// The files of testdata say what the engine means, in words a reader can check without reading Go:
//
//	window tumbling 10        the query: window, key, bound, lateness, where, aggregate, rank,
//	                          process (one of testProcesses), retracts, output
//	output k* w* total~       a result: * marks what names it, ~ a float
//	event k=1 ts=3 v=5        consecutive events form one batch
//	watermark 20              another shard's watermark, or clock 20: the processing time
//	expect                    what has been delivered since the last expect, sorted; late is a count
//	end                       the stream ends
//
// Each file runs with its batches as written and again event by event: both must agree.
func TestEngineMeansWhatItsTextFilesSay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("find testdata: %v, %d files", err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			whole := play(t, src, false)
			if *update {
				if err := os.WriteFile(file, whole, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, _ := os.ReadFile(file)
			if !bytes.Equal(whole, want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, whole, want)
			}
			if single := play(t, src, true); !bytes.Equal(single, want) {
				t.Errorf("%s, event by event: got\n%s\nwant\n%s", file, single, want)
			}
		})
	}
}

// stageplay runs one file.
type stageplay struct {
	t       *testing.T
	query   workloads.Query
	slot    *slot
	nowMs   int64
	seq     int64
	pending int
	single  bool
	out     bytes.Buffer
}

var testSchema = workloads.Schema{Variants: []workloads.Variant{{
	Name: "event", Fields: []workloads.Field{{Name: "k"}, {Name: "v"}, {Name: "x", Kind: workloads.Float}},
}}}

func play(t *testing.T, src []byte, single bool) []byte {
	p := &stageplay{t: t, single: single, query: workloads.Query{Name: t.Name()}}
	lines := bufio.NewScanner(bytes.NewReader(src))
	skipping := false
	for lines.Scan() {
		line := lines.Text()
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if skipping && (strings.HasPrefix(line, "  ") || word == "") {
			if word != "" {
				continue
			}
		}
		skipping = false
		fmt.Fprintln(&p.out, line)
		if word == "" || strings.HasPrefix(word, "#") {
			continue
		}
		if p.slot == nil && p.header(word, strings.Fields(rest)) {
			continue
		}
		p.begin()
		skipping = word == "expect"
		p.step(word, rest)
	}
	if p.slot != nil {
		p.slot.engine.release()
	}
	return p.out.Bytes()
}

func (p *stageplay) number(s string) int64 {
	p.t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// header reads a line of the query and reports whether it was one.
func (p *stageplay) header(word string, args []string) bool {
	q := &p.query
	switch word {
	case "window":
		q.Window = p.window(args)
	case "key":
		q.Key = args[0]
	case "bound":
		q.BoundMs = p.number(args[0])
	case "lateness":
		q.LatenessMs = p.number(args[0])
	case "rank":
		q.Rank = &workloads.Rank{By: args[0]}
	case "where":
		ops := []string{"==", "!=", "<", "<=", ">", ">="}
		pr := workloads.Predicate{Field: args[0]}
		if args[1] == "%" {
			pr.Modulus = p.number(args[2])
			args = args[2:]
		}
		pr.Op, pr.Value = workloads.Op(slices.Index(ops, args[1])), p.number(args[2])
		q.Where = append(q.Where, pr)
	case "aggregate":
		funcs := []string{"count", "sum", "min", "max", "avg", "distinct", "top", "first", "last", "squares"}
		a := workloads.Aggregate{Func: workloads.Func(slices.Index(funcs, args[0])), As: args[len(args)-1]}
		if len(args) > 2 {
			a.Field = args[1]
		}
		if a.Func == workloads.TopK {
			a.K = int(p.number(args[2]))
		}
		q.Aggregates = append(q.Aggregates, a)
	case "retracts":
		q.Retracts, q.Output.Kind = true, workloads.Upsert
	case "process":
		q.Process = testProcesses[args[0]]
	case "scale":
		q.Scale = map[string]int64{args[0]: p.number(args[1])}
	case "output":
		for _, f := range args {
			name, identity := strings.CutSuffix(f, "*")
			name, isFloat := strings.CutSuffix(name, "~")
			field := workloads.ResultField{Name: name, Identity: identity}
			if isFloat {
				field.Kind = workloads.Float
			}
			q.Output.Fields = append(q.Output.Fields, field)
		}
	default:
		return false
	}
	return true
}

func (p *stageplay) window(args []string) workloads.Window {
	switch n := p.number; args[0] {
	case "tumbling":
		return workloads.Window{Kind: workloads.Tumbling, SizeMs: n(args[1])}
	case "processing":
		return workloads.Window{Kind: workloads.Tumbling, SizeMs: n(args[1]), Processing: true}
	case "hopping":
		return workloads.Window{Kind: workloads.Hopping, SizeMs: n(args[1]), SlideMs: n(args[2])}
	case "session":
		return workloads.Window{Kind: workloads.Session, GapMs: n(args[1])}
	case "sliding":
		return workloads.Window{Kind: workloads.Sliding, SizeMs: n(args[1])}
	case "none":
		return workloads.Window{}
	}
	p.t.Fatalf("unknown window %q", args)
	panic("unreachable")
}

func (p *stageplay) begin() {
	if p.slot != nil {
		return
	}
	w := &workloads.Workload{Name: p.query.Name, Schema: testSchema, Query: p.query}
	e, err := New(Config{
		Workload: w, Sources: []Source{nil}, NowMs: func() int64 { return p.nowMs },
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.slot = e.slots[0]
}

func (p *stageplay) step(word, rest string) {
	s := p.slot
	if word != "event" {
		p.flush()
	}
	switch word {
	case "event":
		b, i := s.batch, p.pending
		b.Seq[i], p.seq = p.seq, p.seq+1
		for _, kv := range strings.Fields(rest) {
			name, value, _ := strings.Cut(kv, "=")
			c, err := testSchema.Column(0, name)
			if err != nil {
				p.t.Fatal(err)
			}
			if c >= 0 && testSchema.Variants[0].Fields[c].Kind == workloads.Float {
				x, err := strconv.ParseFloat(value, 64)
				if err != nil {
					p.t.Fatal(err)
				}
				b.Column(c)[i] = bitsOf(x)
				continue
			}
			b.Column(c)[i] = p.number(value)
		}
		if p.pending++; p.single {
			p.flush()
		}
	case "watermark":
		s.advance(p.number(rest))
	case "clock":
		p.nowMs = p.number(rest)
		s.op.advance(p.nowMs)
	case "end":
		s.ended = true
		s.batch.N = 0
		s.take(false)
	case "expect":
		p.expect()
	default:
		p.t.Fatalf("unknown step %q", word)
	}
	p.decide()
}

func (p *stageplay) flush() {
	p.slot.batch.N = p.pending
	p.pending = 0
	p.slot.take(false)
	p.decide()
}

func (p *stageplay) decide() {
	if p.slot.judge != nil {
		p.slot.judge.decide()
	}
}

func (p *stageplay) expect() {
	s := p.slot
	s.out.flush()
	s.publish()
	var got []string
	for rs := s.out.out.Pop(); rs != nil; rs = s.out.out.Pop() {
		for i := range rs.N {
			row := rs.Row(make([]int64, len(rs.Cols)), i)
			got = append(got, string(workloads.Line(nil, row, p.query.Columns()...)))
		}
		s.out.out.Free(rs)
	}
	slices.Sort(got)
	for _, line := range got {
		fmt.Fprintf(&p.out, "  %s\n", line)
	}
	if n := s.stats.late.Load(); n > 0 {
		fmt.Fprintf(&p.out, "  late %d\n", n)
	}
	if n := s.stats.allowed.Load(); n > 0 {
		fmt.Fprintf(&p.out, "  allowed %d\n", n)
	}
}
