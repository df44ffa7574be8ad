package scenarios

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/matrix"
	"github.com/streambench/streambench/reports/record"
)

// codec reads and writes a type that has more than one form in the file.
type codec struct {
	decode func(d *decoder, n *node, v reflect.Value, path string)
	encode func(v reflect.Value) any
	schema func() *jsonschema.Schema
}

// codecOf finds the codec of a type. It is a function and not a table because codecs decode their
// parts through it.
func codecOf(t reflect.Type) (codec, bool) {
	switch t {
	case reflect.TypeFor[System]():
		return codec{decodeSystem, encodeSystem, systemSchema}, true
	case reflect.TypeFor[Mode]():
		return codec{decodeMode, encodeMode, modeSchema}, true
	case reflect.TypeFor[Rate]():
		return codec{decodeRate, encodeRate, rateSchema}, true
	case reflect.TypeFor[Broker]():
		return codec{decodeBroker, encodeBroker, brokerSchema}, true
	case reflect.TypeFor[Warmup]():
		return codec{decodeWarmup, encodeWarmup, warmupSchema}, true
	case reflect.TypeFor[Repeat]():
		return codec{decodeRepeat, encodeRepeat, repeatSchema}, true
	case reflect.TypeFor[Limits]():
		return codec{decodeLimits, encodeLimits, limitsSchema}, true
	case reflect.TypeFor[Params]():
		return codec{decodeParams, encodeParams, paramsSchema}, true
	case reflect.TypeFor[chaos.Partition]():
		return codec{decodePartition, encodePartition, partitionSchema}, true
	case reflect.TypeFor[matrix.Anchor]():
		return codec{decodeAnchor, encodeAnchor, anchorSchema}, true
	}
	return codec{}, false
}

func decodeSystem(d *decoder, n *node, v reflect.Value, path string) {
	if n.kind == textNode {
		v.Set(reflect.ValueOf(System{Name: n.text}))
		return
	}
	d.structure(n, v, path)
}

func encodeSystem(v reflect.Value) any {
	s := v.Interface().(System)
	if reflect.DeepEqual(s, System{Name: s.Name}) {
		return s.Name
	}
	return encodeStruct(v)
}

func decodeMode(d *decoder, n *node, v reflect.Value, path string) {
	if n.kind == textNode {
		d.into(n, v.FieldByName("Name"), path, `oneof:"@modes"`)
		return
	}
	d.structure(n, v, path)
}

func encodeMode(v reflect.Value) any {
	m := v.Interface().(Mode)
	if m.Name == record.ModeBatch {
		return m.Name
	}
	return encodeStruct(v)
}

func decodeBroker(d *decoder, n *node, v reflect.Value, path string) {
	if n.kind == textNode {
		v.Set(reflect.ValueOf(Broker{At: n.text}))
		return
	}
	d.structure(n, v, path)
}

func encodeBroker(v reflect.Value) any {
	b := v.Interface().(Broker)
	if b == (Broker{At: b.At}) {
		return b.At
	}
	return encodeStruct(v)
}

func decodeWarmup(d *decoder, n *node, v reflect.Value, path string) {
	w := Warmup{Auto: n.text == "auto" && n.kind == textNode}
	if !w.Auto {
		d.into(n, reflect.ValueOf(&w.For).Elem(), path, "")
	}
	v.Set(reflect.ValueOf(w))
}

func encodeWarmup(v reflect.Value) any {
	w := v.Interface().(Warmup)
	if w.Auto {
		return "auto"
	}
	return formatDuration(w.For)
}

func decodeRepeat(d *decoder, n *node, v reflect.Value, path string) {
	r := Repeat{Auto: n.text == "auto" && n.kind == textNode}
	switch {
	case r.Auto:
	case n.kind == textNode:
		d.problems.add(n.place, fmt.Sprintf("%s is %q", path, clip(n.text)), "write 7 or auto")
	default:
		d.into(n, reflect.ValueOf(&r.N).Elem(), path, `range:"1 100"`)
	}
	v.Set(reflect.ValueOf(r))
}

func encodeRepeat(v reflect.Value) any {
	r := v.Interface().(Repeat)
	if r.Auto {
		return "auto"
	}
	return r.N
}

func decodePartition(d *decoder, n *node, v reflect.Value, path string) {
	var p chaos.Partition
	var err error
	switch n.kind {
	case mapNode:
		d.partitionMap(n, &p, path)
	case listNode:
		var items []string
		d.into(n, reflect.ValueOf(&items).Elem(), path, "")
		p, err = chaos.ParseSides(items)
	default:
		p, err = chaos.ParseSides([]string{n.text})
	}
	if err != nil {
		d.fail(n, path, err)
		return
	}
	v.Set(reflect.ValueOf(p))
}

func (d *decoder) partitionMap(n *node, p *chaos.Partition, path string) {
	for _, f := range n.fields {
		switch f.key {
		case "bridge":
			d.into(f.value, reflect.ValueOf(&p.Bridge).Elem(), path+".bridge", "")
		case "ring":
			d.into(f.value, reflect.ValueOf(&p.Ring).Elem(), path+".ring", "")
		default:
			d.unknown(f, path, []string{"bridge", "ring"})
		}
	}
	if (p.Bridge != "") == p.Ring {
		d.problems.add(n.place, path+" is neither a bridge nor a ring",
			"write {bridge: worker-2}, {ring: true} or [worker-1 | rest]")
	}
}

func encodePartition(v reflect.Value) any {
	p := v.Interface().(chaos.Partition)
	switch {
	case p.Ring:
		return yaml.MapSlice{{Key: "ring", Value: true}}
	case p.Bridge != "":
		return yaml.MapSlice{{Key: "bridge", Value: string(p.Bridge)}}
	}
	return encode(reflect.ValueOf(p.Text()))
}

// decodeAnchor keeps the text; its number follows from the metric, which the check knows.
func decodeAnchor(d *decoder, n *node, v reflect.Value, path string) {
	if n.kind != textNode && n.kind != numberNode {
		d.want(n, textNode, path)
		return
	}
	v.Set(reflect.ValueOf(matrix.Anchor{Text: n.text}))
}

func encodeAnchor(v reflect.Value) any {
	text := v.Interface().(matrix.Anchor).Text
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return n
	}
	return text
}

func decodeLimits(d *decoder, n *node, v reflect.Value, path string) {
	v.Set(reflect.ValueOf(d.limits(n, path, "")))
}

// limits reads a map of metrics; the key besides belongs to another reader.
func (d *decoder) limits(n *node, path, besides string) Limits {
	if !d.want(n, mapNode, path) {
		return nil
	}
	var out Limits
	for _, f := range n.fields {
		if f.key == besides {
			continue
		}
		m, ok := record.FindMetric(f.key)
		if !ok {
			d.problems.add(f.place, fmt.Sprintf("%s names no metric %q", path, clip(f.key)),
				didYouMean(f.key, metricNames()))
			continue
		}
		l, err := parseLimit(m, f.value)
		if err != nil {
			d.fail(f.value, fmt.Sprintf("%s %q", path, f.key), err)
			continue
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b record.Limit) int { return cmp.Compare(a.Metric, b.Metric) })
	return out
}

func metricNames() []string {
	var names []string
	for _, m := range record.Metrics() {
		names = append(names, m.Name)
	}
	return names
}

func parseLimit(m record.Metric, n *node) (record.Limit, error) {
	l := record.Limit{Metric: m.Name}
	if n.kind != textNode && n.kind != numberNode {
		return l, wrong{"is " + n.kind.String(), "write " + writeMetric(m)}
	}
	text := strings.TrimSpace(n.text)
	if rest, ok := strings.CutPrefix(text, ">="); ok {
		l.AtLeast, text = true, strings.TrimSpace(rest)
	} else if rest, ok := strings.CutPrefix(text, "<="); ok {
		text = strings.TrimSpace(rest)
	}
	value, err := measure(m, text)
	if err != nil {
		return l, err
	}
	l.Value, l.Text = value, text
	if l.AtLeast {
		l.Text = ">= " + text
	}
	return l, nil
}

// writeMetric shows how a value of a metric is written.
func writeMetric(m record.Metric) string {
	switch m.Unit {
	case record.Nanoseconds:
		return writeDuration
	case record.PerSecond:
		return writeRate
	case record.Bytes:
		return writeSize
	case record.MicrosEvent:
		return "0.5us or 2us, the time an event takes"
	}
	return "0, 100 or 10k"
}

// measure is the value of a text in the metric's unit.
func measure(m record.Metric, text string) (float64, error) {
	switch m.Unit {
	case record.Nanoseconds, record.MicrosEvent:
		if strings.HasPrefix(text, "-") {
			return 0, wrong{"is negative", "write " + writeMetric(m)}
		}
		d, err := parseDuration(text)
		if m.Unit == record.MicrosEvent {
			return float64(d) / float64(time.Microsecond), err
		}
		return float64(d), err
	case record.PerSecond:
		r, err := parseRate(text)
		return float64(r), err
	case record.Bytes:
		b, err := parseSize(text)
		return float64(b), err
	}
	n, err := parseCount(text)
	return float64(n), err
}

func encodeLimits(v reflect.Value) any { return v.Interface().(Limits).plain() }

func (ls Limits) plain() yaml.MapSlice {
	out := yaml.MapSlice{}
	for _, l := range ls {
		out = append(out, yaml.MapItem{Key: l.Metric, Value: l.Text})
	}
	return out
}

// decodeParams keeps parameters as texts: what they mean is the workload's to say. The long form
// of disorder, {ppm, lo, hi} with milliseconds, becomes its short one.
func decodeParams(d *decoder, n *node, v reflect.Value, path string) {
	if !d.want(n, mapNode, path) {
		return
	}
	params := Params{}
	for _, f := range n.fields {
		switch {
		case f.value.isScalar():
			params[f.key] = f.value.text
		case f.value.kind == mapNode:
			params[f.key] = d.disorder(f.value, join(path, f.key))
		default:
			d.problems.add(f.value.place, fmt.Sprintf("%s is %s", join(path, f.key), f.value.kind),
				"write one value, or {ppm: 10000, lo: 1ms, hi: 2s} for disorder")
		}
	}
	v.Set(reflect.ValueOf(params))
}

func (d *decoder) disorder(n *node, path string) string {
	parts := map[string]string{"ppm": "0", "lo": "0ms", "hi": "0ms"}
	for _, f := range n.fields {
		if _, known := parts[f.key]; !known {
			d.unknown(f, path, []string{"ppm", "lo", "hi"})
			continue
		}
		parts[f.key] = f.value.text
		if f.value.kind == numberNode && f.key != "ppm" {
			parts[f.key] += "ms"
		}
	}
	return parts["ppm"] + ":" + parts["lo"] + ":" + parts["hi"]
}

func encodeParams(v reflect.Value) any { return encodeMap(v) }
