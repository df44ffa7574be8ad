package workloads

import "slices"

// Catalog is every workload there is, in the order they are listed.
var Catalog = []Template{
	hoppingAverageTemplate(),
	clickstreamTemplate(),
	cqrsTemplate(),
	fraudTemplate(),
	iotTemplate(),
	karimovTemplate(),
	nexmarkTemplate(),
	ordersTemplate(),
	poisonTemplate(),
	shuffleTemplate(),
	slidingAverageTemplate(),
	uc2Template(),
	ysbTemplate(),
}

// Find finds a workload of the catalog by name.
func Find(name string) (Template, bool) {
	i := slices.IndexFunc(Catalog, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return Catalog[i], true
}

// orderParams are the parameters of order in time, which every workload has whose disorder can be
// chosen.
func orderParams(disorder, bound string) []Param {
	b := boundParamOf(bound)
	b.Doc += "; follows disorder"
	return []Param{
		{Name: disorderParam, Kind: DisorderParam, Default: disorder,
			Doc: "events that come late, and by how much of event time: the largest delay, or " +
				"ppm:least:largest"},
		b, groupsParamOf(),
		{Name: silenceParam, Kind: MillisParam, Default: "0ms",
			Doc: "event time in which nothing happens, once in mid-stream"},
		{Name: silenceAtParam, Kind: MillisParam, Default: "5s",
			Doc: "when in event time the silence begins"},
	}
}

func boundParamOf(value string) Param {
	return Param{Name: boundParam, Kind: MillisParam, Default: value,
		Doc: "how far the watermark stays behind the largest event time"}
}

func groupsParamOf() Param {
	return Param{Name: groupsParam, Kind: CountParam, Default: "1", Min: 1,
		Doc: "events are shuffled inside groups of this many; not a multiple of 953"}
}

// base is the part of a workload that follows from its template and settings alone.
func (t Template) base(s Settings) *Workload {
	w := &Workload{
		Name:     t.Name,
		Doc:      t.Doc,
		Settings: s,
		Timeline: Timeline{
			EventRate: s.EventRate,
			Groups:    uint64(s.Values[groupsParam].Int),
			BoundMs:   s.Values[boundParam].Int,
		},
	}
	if ms := s.Values[silenceParam].Int; ms > 0 {
		at := w.Timeline.FirstAt(EpochMs + s.Values[silenceAtParam].Int)
		w.Timeline.Silence = Silence{At: at, Ms: ms}
	}
	return w
}

// calendar dates the events of a workload; name is that of its stream of draws.
func (w *Workload) calendar(name string) calendar {
	return calendar{
		timeline: w.Timeline,
		key:      newStreamKey(w.Settings.Seed, name),
		disorder: w.Settings.Values[disorderParam].Disorder,
	}
}

// resultFields lists the fields of a result line, those of its identity first.
func resultFields(identity []string, value ...string) []ResultField {
	fields := make([]ResultField, 0, len(identity)+len(value))
	for _, name := range identity {
		fields = append(fields, ResultField{Name: name, Identity: true})
	}
	for _, name := range value {
		fields = append(fields, ResultField{Name: name})
	}
	return fields
}
