package workloads

const iotName = "iot-telemetry"

// iotTemplate is a fleet of sensors that report a temperature: many keys, small events, a little
// disorder, and none of it late.
func iotTemplate() Template {
	return Template{
		Name: iotName,
		Doc: "Sensors of a fleet report; sum, count and maximum of each sensor per tumbling " +
			"window.",
		Rate: 1_500_000,
		Params: append([]Param{
			{Name: keysParam, Kind: CountParam, Default: "100k", Min: 1, Doc: "number of sensors"},
			{Name: windowParam, Kind: MillisParam, Default: "10s", Min: 1,
				Doc: "size of the window"},
			{Name: latenessParam, Kind: MillisParam, Default: "0ms",
				Doc: "how late an event may be and still update a closed window"},
		}, orderParams("2s", "2s")...),
		New: newIoT,
	}
}

// Columns of an event of iot-telemetry.
const (
	iotSensor = iota
	iotSite
	iotMilliC
	iotHumidity
	iotBattery
)

func newIoT(s Settings) (*Workload, error) {
	t := iotTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Schema = iotSchema()
	lateness := s.Values[latenessParam].Int
	w.Query = Query{
		Name:   iotName,
		Key:    "sensor",
		Window: Window{Kind: Tumbling, SizeMs: s.Values[windowParam].Int},
		Aggregates: []Aggregate{
			{Func: Sum, Field: "milli_c", As: "sum"},
			{Func: Count, As: "count"},
			{Func: Max, Field: "milli_c", As: "max"},
		},
		BoundMs:    w.Timeline.BoundMs,
		LatenessMs: lateness,
		Output: Output{
			Kind:   kindFor(lateness),
			Fields: resultFields([]string{"sensor", WindowStart}, "sum", "count", "max"),
		},
	}
	w.Events = func() Generator { return newIoTGenerator(w) }
	return w, nil
}

func iotSchema() Schema {
	return Schema{Variants: []Variant{{Name: "reading", Fields: []Field{
		{Name: "sensor"}, {Name: "site"}, {Name: "milli_c"}, {Name: "humidity"}, {Name: "battery"},
	}}}}
}

// kindFor is the kind of a windowed result: with allowed lateness a window may be refined.
func kindFor(latenessMs int64) ResultKind {
	if latenessMs > 0 {
		return Upsert
	}
	return Append
}

type iotGenerator struct {
	calendar calendar
	base     streamKey // of each sensor's usual temperature
	sensors  uint64
	scratch  []int64 // sensors, where the batch has no column for them
}

// newIoTGenerator makes a generator of readings for a workload that has their parameters.
func newIoTGenerator(w *Workload) *iotGenerator {
	return &iotGenerator{
		calendar: w.calendar(iotName),
		base:     newStreamKey(w.Settings.Seed, "iot-base"),
		sensors:  uint64(w.Settings.Values[keysParam].Int),
	}
}

func (g *iotGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	if b.Cols[iotSensor] != nil || b.Cols[iotSite] != nil || b.Cols[iotMilliC] != nil {
		sensor := b.Cols[iotSensor]
		if sensor == nil {
			g.scratch = grown(g.scratch, b.Cap())
			sensor = g.scratch
		}
		sensor = sensor[:len(seq)]
		key.fillBelow(sensor, seq, 0, g.sensors)
		fillSites(b.Cols[iotSite], sensor)
		g.fillMilliC(b.Cols[iotMilliC], sensor, seq)
	}
	key.fillBelow(b.Cols[iotHumidity], seq, 3, 1001)
	key.fillBelow(b.Cols[iotBattery], seq, 4, 101)
}

func fillSites(dst, sensor []int64) {
	if dst == nil {
		return
	}
	dst = dst[:len(sensor)]
	for i, s := range sensor {
		dst[i] = int64(uint64(s) % 100)
	}
}

// fillMilliC draws the sensor's usual temperature anew instead of looking it up: three
// multiplications cost less than a miss in a table of many sensors.
func (g *iotGenerator) fillMilliC(dst, sensor, seq []int64) {
	if dst == nil {
		return
	}
	key := g.calendar.key
	dst, sensor = dst[:len(seq)], sensor[:len(seq)]
	for i, n := range seq {
		usual := below(g.base.draw(uint64(sensor[i]), 0), 20_000)
		v := int64(15_000+usual+below(key.draw(uint64(n), 1), 2001)) - 1000
		if below(key.draw(uint64(n), 2), 1000) == 0 {
			v += 50_000
		}
		dst[i] = v
	}
}

// grown returns a slice with room for n numbers, s itself where it has it.
func grown(s []int64, n int) []int64 {
	if len(s) < n {
		return make([]int64, n)
	}
	return s
}
