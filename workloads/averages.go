package workloads

const (
	averagesName       = "averages" // the stream both workloads read
	hoppingAverageName = "hopping-average"
	slidingAverageName = "sliding-average"
	averagesValues     = 10_000 // values are below
)

// hoppingAverageTemplate asks for averages over windows that overlap.
func hoppingAverageTemplate() Template {
	return Template{
		Name: hoppingAverageName,
		Doc:  "Values of many keys; sum and count of each key per hopping window.",
		Rate: 100_000,
		Params: append([]Param{
			averagesKeys(),
			{Name: windowParam, Kind: MillisParam, Default: "10s", Min: 1,
				Doc: "size of the window"},
			{Name: slideParam, Kind: MillisParam, Default: "1s", Min: 1,
				Doc: "distance of two windows"},
		}, orderParams("2s", "2s")...),
		New: func(s Settings) (*Workload, error) { return newAverages(hoppingAverageTemplate(), s) },
	}
}

// slidingAverageTemplate asks for the average of the last ten seconds at every event: a true sliding
// window, which many engines approximate by hops.
func slidingAverageTemplate() Template {
	return Template{
		Name: slidingAverageName,
		Doc: "Values of many keys; for every event sum and count of its key's events in the window " +
			"that ends with it.",
		Rate: 100_000,
		Params: append([]Param{
			averagesKeys(),
			{Name: windowParam, Kind: MillisParam, Default: "10s", Min: 1,
				Doc: "how far the window reaches back, both ends inclusive"},
		}, orderParams("2s", "2s")...),
		New: func(s Settings) (*Workload, error) { return newAverages(slidingAverageTemplate(), s) },
	}
}

func averagesKeys() Param {
	return Param{Name: keysParam, Kind: CountParam, Default: "1000", Min: 1, Doc: "number of keys"}
}

// Columns of an event of the averages.
const (
	averagesKey = iota
	averagesValue
)

func newAverages(t Template, s Settings) (*Workload, error) {
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Schema = Schema{Variants: []Variant{{Name: "value", Fields: []Field{
		{Name: "key"}, {Name: "value"},
	}}}}
	w.Query = averagesQuery(w)
	w.Events = func() Generator {
		return &averagesGenerator{w.calendar(averagesName), uint64(s.Values[keysParam].Int)}
	}
	return w, nil
}

func averagesQuery(w *Workload) Query {
	values := w.Settings.Values
	q := Query{
		Name: w.Name,
		Key:  "key",
		Aggregates: []Aggregate{
			{Func: Sum, Field: "value", As: "sum"},
			{Func: Count, As: "count"},
		},
		BoundMs: w.Timeline.BoundMs,
	}
	if w.Name == slidingAverageName {
		q.Window = Window{Kind: Sliding, SizeMs: values[windowParam].Int}
		q.Output.Fields = resultFields([]string{seqField}, "sum", "count")
		return q
	}
	q.Window = Window{Kind: Hopping, SizeMs: values[windowParam].Int, SlideMs: values[slideParam].Int}
	q.Output.Fields = resultFields([]string{"key", WindowStart}, "sum", "count")
	return q
}

type averagesGenerator struct {
	calendar calendar
	keys     uint64
}

func (g *averagesGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	g.calendar.key.fillBelow(b.Cols[averagesKey], seq, 0, g.keys)
	g.calendar.key.fillBelow(b.Cols[averagesValue], seq, 1, averagesValues)
}
