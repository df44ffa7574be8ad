package workloads

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// oddSchema has every kind of field, and strings JSON has to escape.
func oddSchema() Schema {
	words := []string{"", "plain", `qu"ote`, `back\slash`, "tab\tand\nline", "ünïcode \U0001F600",
		"/solidus/"}
	return Schema{Variants: []Variant{{Name: "odd", Fields: []Field{
		{Name: "n"},
		{Name: "x", Kind: Float},
		{Name: "word", Kind: Dict, Dict: words},
		{Name: "text", Kind: Text, Text: func(dst []byte, code int64) []byte {
			return append(dst, words[code]...)
		}},
		{Name: "last"},
	}}}}
}

func oddBatch() *Batch {
	b := NewBatch(oddSchema(), 64)
	floats := []float64{0, 1, -1.5, math.Pi, 1e300, 5e-324, math.MaxFloat64, math.Copysign(0, -1)}
	ints := []int64{0, 1, -1, 9, 10, 99_999_999, 100_000_000, -12345678, math.MaxInt64,
		math.MinInt64}
	for i := range b.Cap() {
		b.Seq[i], b.TS[i] = int64(i)-1, ints[i%len(ints)]
		b.Cols[0][i] = ints[(i+3)%len(ints)]
		b.Cols[1][i] = int64(math.Float64bits(floats[i%len(floats)]))
		b.Cols[2][i], b.Cols[3][i] = int64(i%7), int64((i/7)%7)
		b.Cols[4][i] = int64(i)
	}
	b.N = b.Cap()
	return b
}

// sameRow compares a decoded row with the one encoded; texts by their bytes in src. A text of JSON
// with escapes stands there as it was written.
func sameRow(t *testing.T, s Schema, src []byte, got, want *Batch, row int) {
	t.Helper()
	if got.Seq[row] != want.Seq[row] || got.TS[row] != want.TS[row] {
		t.Fatalf("row %d: seq %d, ts %d, want %d, %d\n%s", row, got.Seq[row], got.TS[row],
			want.Seq[row], want.TS[row], src)
	}
	variant := 0
	if s.Tag != "" {
		if variant = int(want.Cols[0][row]); got.Cols[0][row] != int64(variant) {
			t.Fatalf("row %d: tag %d, want %d", row, got.Cols[0][row], variant)
		}
	}
	for i, f := range s.Variants[variant].Fields {
		col := s.Offset(variant) + i
		g, w := got.Cols[col][row], want.Cols[col][row]
		if f.Kind == Text {
			from, to := unspan(g)
			text := string(f.Text(nil, w))
			if raw := string(src[from:to]); raw != text &&
				raw != strings.Trim(string(appendQuoted(nil, text)), `"`) {
				t.Fatalf("row %d: %s = %q, want %q", row, f.Name, src[from:to], text)
			}
		} else if g != w {
			t.Fatalf("row %d: %s = %d, want %d\n%s", row, f.Name, g, w, src)
		}
	}
}

func eachCodec(t *testing.T, fn func(t *testing.T, s Schema, b *Batch, c Codec)) {
	batches := map[string]*Batch{"odd": oddBatch()}
	schemas := map[string]Schema{"odd": oddSchema()}
	for _, name := range []string{iotName, ysbName, nexmarkName} {
		w := newWorkload(t, name, 10_000, nil)
		schemas[name], batches[name] = w.Schema, NewBatch(w.Schema, 1000)
		w.Events().Fill(batches[name], Slots{0, 1, 1000})
	}
	for name, s := range schemas {
		for format, c := range codecsOf(s) {
			t.Run(name+" "+format, func(t *testing.T) { fn(t, s, batches[name], c) })
		}
	}
}

func TestEventsReadBackAsWritten(t *testing.T) {
	eachCodec(t, func(t *testing.T, s Schema, b *Batch, c Codec) {
		got := NewBatch(s, b.N)
		for row := range b.N {
			src := c.Append([]byte("before"), b, row)[len("before"):]
			if err := c.Decode(src, got, row); err != nil {
				t.Fatalf("%v\n%q", err, src)
			}
			sameRow(t, s, src, got, b, row)
		}
	})
}

func TestDecodingFillsTheColumnsABatchHas(t *testing.T) {
	eachCodec(t, func(t *testing.T, s Schema, b *Batch, c Codec) {
		some := NewBatchOf(s, []int{1}, b.N)
		for row := range b.N {
			if err := c.Decode(c.Append(nil, b, row), some, row); err != nil {
				t.Fatal(err)
			}
			if holds(s, b, 1, row) && s.Tag == "" && some.Cols[1][row] != b.Cols[1][row] {
				t.Fatalf("row %d: column 1 is %d, want %d", row, some.Cols[1][row],
					b.Cols[1][row])
			}
		}
	})
}

func TestCodecsDoNotAllocate(t *testing.T) {
	eachCodec(t, func(t *testing.T, s Schema, b *Batch, c Codec) {
		buf, got, row := make([]byte, 0, 4096), NewBatch(s, b.N), 0
		if _, isJSON := c.(*jsonCodec); isJSON && len(s.Variants[0].Fields) == 5 &&
			s.Variants[0].Name == "odd" {
			return // escaping a text copies it
		}
		for warm := range b.N {
			buf = c.Append(buf[:0], b, warm) // tables of texts are made when first rendered
		}
		if n := testing.AllocsPerRun(b.N-1, func() {
			buf = c.Append(buf[:0], b, row)
			if err := c.Decode(buf, got, row); err != nil {
				t.Fatal(err)
			}
			row++
		}); n != 0 {
			t.Errorf("%v allocations an event", n)
		}
	})
}

// TestAnythingCutOffIsRefused cuts every event at every length.
func TestAnythingCutOffIsRefused(t *testing.T) {
	eachCodec(t, func(t *testing.T, s Schema, b *Batch, c Codec) {
		got := NewBatch(s, 1)
		for row := range 60 {
			src := c.Append(nil, b, row)
			for n := range src {
				err := c.Decode(src[:n:n], got, 0)
				if err == nil || !strings.Contains(err.Error(), "offset ") {
					t.Fatalf("%d of %d bytes: error %v\n%q", n, len(src), err, src)
				}
			}
			if err := c.Decode(append(src, 'x'), got, 0); err == nil {
				t.Fatalf("a byte more is not noticed\n%q", src)
			}
		}
	})
}

// TestBinaryFormIsAsDocumented builds an event byte by byte.
func TestBinaryFormIsAsDocumented(t *testing.T) {
	b := oddBatch()
	const row = 9 // word 2, text 1
	le := binary.LittleEndian
	want := le.AppendUint64(nil, uint64(b.Seq[row]))
	want = le.AppendUint64(want, uint64(b.TS[row]))
	want = le.AppendUint64(want, uint64(b.Cols[0][row]))
	want = le.AppendUint64(want, uint64(b.Cols[1][row]))
	want = le.AppendUint32(le.AppendUint32(want, 56), 6)
	want = le.AppendUint32(le.AppendUint32(want, 62), 5)
	want = le.AppendUint64(want, uint64(b.Cols[4][row]))
	want = append(want, `qu"oteplain`...)
	if got := BinaryCodec(oddSchema()).Append(nil, b, row); !bytes.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// TestJSONIsWhatTheStandardLibraryReads gives every event to encoding/json.
func TestJSONIsWhatTheStandardLibraryReads(t *testing.T) {
	eachCodec(t, func(t *testing.T, s Schema, b *Batch, c Codec) {
		if _, ok := c.(*jsonCodec); !ok {
			return
		}
		for row := range b.N {
			src := c.Append(nil, b, row)
			checkAgainstStandard(t, s, src, b, row)
			var compact bytes.Buffer
			if err := json.Compact(&compact, src); err != nil || compact.Len() != len(src) {
				t.Fatalf("spaces in %s (%v)", src, err)
			}
		}
	})
}

// checkAgainstStandard compares a row with what encoding/json finds in src.
func checkAgainstStandard(t *testing.T, s Schema, src []byte, b *Batch, row int) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(src, &members); err != nil {
		t.Fatalf("%v\n%q", err, src)
	}
	number := func(name string, want int64) {
		var v int64
		if err := json.Unmarshal(members[name], &v); err != nil || v != want {
			t.Fatalf("%s = %d, the standard library says %d, %v\n%q", name, want, v, err, src)
		}
	}
	number(seqField, b.Seq[row])
	number(TSField, b.TS[row])
	variant, fields := 0, 2
	if s.Tag != "" {
		variant, fields = int(b.Cols[0][row]), 3
		number(s.Tag, int64(variant))
		if variant == len(s.Variants) {
			return
		}
	}
	for i, f := range s.Variants[variant].Fields {
		v := b.Cols[s.Offset(variant)+i][row]
		switch f.Kind {
		case Int:
			number(f.Name, v)
		case Float:
			var x float64
			if err := json.Unmarshal(members[f.Name], &x); err != nil ||
				math.Float64bits(x) != uint64(v) {
				t.Fatalf("%s = %v, %v\n%q", f.Name, x, err, src)
			}
		case Dict:
			var text string
			if err := json.Unmarshal(members[f.Name], &text); err != nil || text != f.Dict[v] {
				t.Fatalf("%s = %q, want %q, %v\n%q", f.Name, text, f.Dict[v], err, src)
			}
		}
		fields++
	}
	if len(members) != fields {
		t.Fatalf("%d members, want %d\n%q", len(members), fields, src)
	}
}

func TestAStringIsPlainIfNoByteNeedsAnEscape(t *testing.T) {
	for n := range 40 {
		for at := range n {
			for ch := range 256 {
				s := bytes.Repeat([]byte{0x7f}, n)
				s[at] = byte(ch)
				if want := ch >= ' ' && ch != '"' && ch != '\\'; plain(s) != want {
					t.Fatalf("byte %#x at %d of %d: plain is %v", ch, at, n, !want)
				}
			}
		}
	}
}

// disguise writes the same object another way: members in any order, spaces, escaped letters.
func disguise(t *testing.T, src []byte, rng *rand.Rand) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(src, &members); err != nil {
		t.Fatal(err)
	}
	space := func() string {
		return strings.Repeat([]string{" ", "\n", "\t", "\r"}[rng.IntN(4)], rng.IntN(3))
	}
	escape := func(quoted string) string {
		var text string
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			t.Fatal(err)
		}
		out := `"`
		for _, r := range text {
			if rng.IntN(3) == 0 && r < 0x10000 {
				out += fmt.Sprintf("\\u%04X", r)
			} else if r < ' ' || r == '"' || r == '\\' {
				out += fmt.Sprintf("\\u%04x", r)
			} else {
				out += string(r)
			}
		}
		return out + `"`
	}
	var parts []string
	for name, value := range members {
		v := string(value)
		if v[0] == '"' {
			v = escape(v)
		}
		parts = append(parts, space()+escape(`"`+name+`"`)+space()+":"+space()+v+space())
	}
	slices.Sort(parts)
	rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return []byte(space() + "{" + strings.Join(parts, ",") + "}" + space())
}

func TestJSONIsReadHoweverItIsWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	eachCodec(t, func(t *testing.T, s Schema, b *Batch, c Codec) {
		if _, ok := c.(*jsonCodec); !ok {
			return
		}
		got := NewBatch(s, b.N)
		for row := range min(b.N, 200) {
			src := disguise(t, c.Append(nil, b, row), rng)
			if err := c.Decode(src, got, row); err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
			checkAgainstStandard(t, s, src, got, row)
		}
	})
}

func TestForeignJSONIsRefusedWithItsPlace(t *testing.T) {
	w := newWorkload(t, iotName, 1000, nil)
	c, b := JSONCodec(w.Schema), NewBatch(w.Schema, 1)
	const rest = `,"site":2,"milli_c":3,"humidity":4,"battery":5}`
	for _, v := range []struct{ why, src, want string }{
		{"well-formed", `{"seq":1,"ts":2,"sensor":1` + rest, ""},
		{"cut off", `{"seq":1,"ts":2,"sens`, "offset 21: the event ends inside a string"},
		{"a string for a number", `{"seq":1,"ts":2,"sensor":"1"` + rest,
			"offset 25: sensor is not an integer of 64 bits"},
		{"a field missing", `{"seq":1,"ts":2` + rest, `field "sensor" is missing`},
		{"a field twice", `{"seq":1,"ts":2,"sensor":1,"sensor":1` + rest,
			"8 fields, where the event has 7"},
		{"a field too many", `{"seq":1,"ts":2,"sensor":1,"x":1` + rest, "8 fields"},
		{"a byte 0xff", "{\xff" + `"seq":1,"ts":2,"sensor":1` + rest,
			`offset 1: 'ÿ' where '"' should be`},
		{"a fraction", `{"seq":1,"ts":2,"sensor":1.0` + rest,
			"sensor is not an integer"},
		{"65 bits", `{"seq":1,"ts":2,"sensor":9223372036854775808` + rest,
			"sensor is not an integer"},
		{"twenty digits", `{"seq":1,"ts":2,"sensor":18446744073709551617` + rest,
			"sensor is not an integer"},
		{"a leading zero", `{"seq":1,"ts":2,"sensor":01` + rest,
			"offset 25: neither a number nor a string"},
		{"a nested object", `{"seq":1,"ts":2,"sensor":{}` + rest, "offset 25: neither a number nor a string"},
		{"a trailing comma", `{"seq":1,"ts":2,}`, `offset 16: '}' where '"' should be`},
		{"an array", `[1]`, `offset 0: '[' where '{' should be`},
		{"nothing", ``, "offset 0: the event ends"},
		{"an empty object", `{}`, "offset 1: the object is empty"},
		{"an unknown escape", `{"s\x":1}`, "offset 3: an escape JSON does not have"},
		{"a line in a string", "{\"s\n\":1}", "offset 3: a control character"},
		{"two events", `{"seq":1,"ts":2,"sensor":1` + rest + `{}`, "bytes follow the event"},
		{"padding", `{"seq":1,"ts":2,"sensor":1` + rest + strings.Repeat(" ", 5000), ""},
		{"too many fields", `{` + strings.Repeat(`"a":1,`, 100) + `"b":1}`, "more than 64 fields"},
	} {
		err := c.Decode([]byte(v.src), b, 0)
		switch {
		case v.want == "" && err != nil:
			t.Errorf("%s: %v", v.why, err)
		case v.want != "" && (err == nil || !strings.Contains(err.Error(), v.want)):
			t.Errorf("%s: error %v, want %q", v.why, err, v.want)
		}
	}
}

func TestForeignBinaryIsRefusedWithItsPlace(t *testing.T) {
	w := newWorkload(t, nexmarkName, 1000, nil)
	c, b := BinaryCodec(w.Schema), NewBatch(w.Schema, 1)
	w.Events().Fill(b, Slots{0, 1, 1})
	good := c.Append(nil, b, 0)
	change := func(at int, to byte) []byte {
		src := bytes.Clone(good)
		src[at] = to
		return src
	}
	for _, v := range []struct {
		why  string
		src  []byte
		want string
	}{
		{"an unknown tag", change(16, 9), "offset 16: type 9 is unknown"},
		{"a negative tag", change(23, 0xff), "offset 16: type -"},
		{"a string elsewhere", change(32, 1), "offset 32: a string at"},
		{"a string too long", change(38, 1), "offset 32: a string at"},
		{"another name", change(88, '?'), `offset 88: name "?ate Smith" is unknown`},
	} {
		if err := c.Decode(v.src, b, 0); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: error %v, want %q", v.why, err, v.want)
		}
	}
}

func TestAnEndEventHasNoFields(t *testing.T) {
	w := newWorkload(t, nexmarkName, 1000, nil)
	for format, c := range codecsOf(w.Schema) {
		b, got := NewBatch(w.Schema, 1), NewBatch(w.Schema, 1)
		b.N, b.Seq[0], b.TS[0], b.Cols[0][0] = 1, -1, EpochMs, 3
		if err := c.Decode(c.Append(nil, b, 0), got, 0); err != nil || got.Seq[0] != -1 ||
			got.TS[0] != EpochMs || got.Cols[0][0] != 3 {
			t.Errorf("%s: %v, %d, %d, %d", format, err, got.Seq[0], got.TS[0], got.Cols[0][0])
		}
	}
}

func FuzzJSONIntegers(f *testing.F) {
	for _, s := range []string{"0", "-1", "01", "12345678", "123456789", "1234567890123456789",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-", "1234567x9"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, end := jsonInt(src, 0)
		if end < 0 {
			var want int64
			if err := json.Unmarshal(src, &want); err == nil &&
				!bytes.ContainsAny(src, " \t\r\n") && string(src) != "null" {
				t.Fatalf("%q is refused and is %d", src, want)
			}
			return
		}
		var want int64
		if err := json.Unmarshal(src[:end], &want); err != nil || v != want {
			t.Fatalf("%q is %d, want %d, %v", src[:end], v, want, err)
		}
	})
}

// FuzzJSONDecode feeds anything; what is accepted must be what the standard library reads.
func FuzzJSONDecode(f *testing.F) {
	s := oddSchema()
	c, odd := JSONCodec(s), oddBatch()
	rng := rand.New(rand.NewPCG(1, 1))
	for row := range 20 {
		src := c.Append(nil, odd, row)
		f.Add(src)
		f.Add([]byte(strings.ReplaceAll(string(src), `,"`, ` , "`)))
		cut := rng.IntN(len(src))
		f.Add(src[:cut])
	}
	f.Add([]byte(`{"seq":1,"ts":2,"n":3,"x":1e2,"word":"\ud83d","text":"\u0041","last":-0}`))
	b := NewBatch(s, 1)
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := c.Decode(src, b, 0); err == nil {
			checkAgainstStandard(t, s, src, b, 0)
			from, to := unspan(b.Cols[3][0])
			if from > to || to > uint64(len(src)) {
				t.Fatalf("a text at %d..%d of %d bytes", from, to, len(src))
			}
		}
	})
}

// FuzzBinaryDecode feeds anything; what is accepted is written again as the same bytes.
func FuzzBinaryDecode(f *testing.F) {
	s := oddSchema()
	c, odd := BinaryCodec(s), oddBatch()
	for row := range 20 {
		f.Add(c.Append(nil, odd, row))
	}
	b := NewBatch(s, 1)
	f.Fuzz(func(t *testing.T, src []byte) {
		if c.Decode(src, b, 0) != nil {
			return
		}
		same := oddSchema()
		same.Variants[0].Fields[3].Text = func(dst []byte, code int64) []byte {
			from, to := unspan(code)
			return append(dst, src[from:to]...)
		}
		if again := BinaryCodec(same).Append(nil, b, 0); !bytes.Equal(again, src) {
			t.Fatalf("\n read %q\nwrote %q", src, again)
		}
	})
}
