package workloads

import (
	"fmt"
	"math"
	"strconv"
)

const uc2Name = "uc2"

// uc2MaxKeys bounds the sensors, whose names are kept in a table.
const uc2MaxKeys = 2_000_000

// Values of the parameter "value" of uc2.
const (
	valueParam    = "value"
	uc2Drawn      = "drawn"
	uc2Constant   = "constant"
	uc2ConstantIs = 10.0
	uc2Values     = 10_000 // drawn values are whole numbers below
)

// uc2Template is use case 2 of the Theodolite benchmark, which aggregates the measurements of
// sensors that report once a second. The original's constant measurement cannot reveal a wrong
// minimum, maximum or average, so that measurements are drawn here unless that is asked for.
func uc2Template() Template {
	return Template{
		Name: uc2Name,
		Doc: "Sensors report a measurement each second; count, sum, sum of squares, minimum and " +
			"maximum of each per tumbling window.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: keysParam, Kind: CountParam, Default: "100k", Min: 1,
				Doc: "number of sensors, and the event rate at which each reports once a second"},
			{Name: valueParam, Kind: ChoiceParam, Default: uc2Drawn,
				Choices: []string{uc2Drawn, uc2Constant},
				Doc:     "measurements: drawn below 10000, or always 10 as in the original"},
			{Name: windowParam, Kind: MillisParam, Default: "1m", Min: 1,
				Doc: "size of the window"},
		}, orderParams("0ms", "1s")...),
		New: newUC2,
	}
}

// Columns of an event of uc2.
const (
	uc2Identifier = iota
	uc2Timestamp
	uc2ValueInW
)

func newUC2(s Settings) (*Workload, error) {
	t := uc2Template()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	sensors := s.Values[keysParam].Int
	if sensors > uc2MaxKeys {
		return nil, fmt.Errorf("make workload %s: parameter %q: %d sensors: write at most %s", uc2Name,
			keysParam, sensors, countText(uc2MaxKeys))
	}
	w := t.base(s)
	w.Schema = Schema{Variants: []Variant{{Name: "measurement", Fields: []Field{
		{Name: "identifier", Kind: Dict, Dict: uc2Identifiers(sensors)},
		{Name: "timestamp"},
		{Name: "valueInW", Kind: Float},
	}}}}
	w.Query = uc2Query(w).typed(w.Schema)
	constant := s.Values[valueParam].Choice == uc2Constant
	w.Events = func() Generator {
		return &uc2Generator{w.calendar(uc2Name), uint64(sensors), constant}
	}
	w.Warnings = uc2Warnings(w, uint64(sensors))
	return w, nil
}

// uc2Identifiers are the names of the sensors, cut from one text: a million of them are two
// allocations.
func uc2Identifiers(sensors int64) []string {
	var text []byte
	ends := make([]int, sensors)
	for k := range ends {
		text = strconv.AppendInt(append(text, "s_"...), int64(k), 10)
		ends[k] = len(text)
	}
	names, all, from := make([]string, sensors), string(text), 0
	for k, end := range ends {
		names[k], from = all[from:end], end
	}
	return names
}

func uc2Query(w *Workload) Query {
	const value = "valueInW"
	return Query{
		Name:   uc2Name,
		Key:    "identifier",
		Window: Window{Kind: Tumbling, SizeMs: w.Settings.Values[windowParam].Int},
		Aggregates: []Aggregate{
			{Func: Count, As: "count"},
			{Func: Sum, Field: value, As: "sum"},
			{Func: SumSquares, Field: value, As: "sumSquares"},
			{Func: Min, Field: value, As: "min"},
			{Func: Max, Field: value, As: "max"},
		},
		BoundMs: w.Timeline.BoundMs,
		Output: Output{Fields: resultFields([]string{"identifier", WindowStart}, "count", "sum",
			"sumSquares", "min", "max")},
	}
}

// uc2Warnings tells of event rates at which sensors do not report once a second.
func uc2Warnings(w *Workload, sensors uint64) []string {
	if rate := w.Timeline.EventRate; rate != sensors {
		return []string{fmt.Sprintf("uc2: %d sensors at %d events per second of event time report "+
			"%.3g times a second, not once as in the original: use an event rate of %d/s", sensors,
			rate, float64(rate)/float64(sensors), sensors)}
	}
	return nil
}

type uc2Generator struct {
	calendar calendar
	sensors  uint64
	constant bool
}

func (g *uc2Generator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	if dst := b.Cols[uc2Identifier]; dst != nil {
		for i, n := range seq {
			dst[i] = int64(uint64(n) % g.sensors)
		}
	}
	if dst := b.Cols[uc2Timestamp]; dst != nil {
		copy(dst, b.TS[:len(seq)])
	}
	dst := b.Cols[uc2ValueInW]
	g.calendar.key.fillBelow(dst, seq, 0, uc2Values)
	for i := range min(len(dst), len(seq)) {
		x := float64(dst[i])
		if g.constant {
			x = uc2ConstantIs
		}
		dst[i] = int64(math.Float64bits(x))
	}
}
