package workloads

const (
	clickstreamName = "clickstream"
	// clicksApartS is how many seconds of event time lie between the clicks of a user, on average,
	// where the number of users follows the rate.
	clicksApartS = 10
)

// Profiles of clickstream.
const (
	boundProfile    = "bound"
	latenessProfile = "lateness"
)

// clickstreamTemplate is visitors of a site whose clicks come up to one and a half gaps late, so
// that one often joins two sessions to one. Either the watermark waits for them, which every system
// can do, or sessions are answered early and taken back.
func clickstreamTemplate() Template {
	return Template{
		Name: clickstreamName,
		Doc: "Clicks of a site's visitors, some of them late; sessions of each visitor, which " +
			"late clicks lengthen and join.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: profileParam, Kind: ChoiceParam, Default: boundProfile,
				Choices: []string{boundProfile, latenessProfile},
				Doc: "when a session is answered, once no click of it can be missing, or early and " +
					"retracted where a late click changes it"},
			{Name: keysParam, Kind: CountParam, Default: "0",
				Doc: "number of users; 0: as many as click once in 10 s, ten times the event rate"},
			{Name: gapParam, Kind: MillisParam, Default: "30s", Min: 1,
				Doc: "longest silence inside a session"},
			{Name: latenessParam, Kind: MillisParam, Default: "0ms",
				Profiles: map[string]string{latenessProfile: "60s"},
				Doc: "how late an event may be and still change a session that was answered: " +
					"60s in profile lateness, nothing in profile bound"},
		}, clickOrder()...),
		New: newClickstream,
	}
}

func clickOrder() []Param {
	params := orderParams("20k:27s:45s", "45s")
	for i := range params {
		if params[i].Name == boundParam {
			params[i].Profiles = map[string]string{latenessProfile: "1s"}
			params[i].Doc += "; 1s in profile lateness"
		}
	}
	return params
}

// Columns of an event of clickstream.
const (
	clickUser = iota
	clickPage
	clickAction
)

func newClickstream(s Settings) (*Workload, error) {
	t := clickstreamTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Schema = Schema{Variants: []Variant{{Name: "click", Fields: []Field{
		{Name: "user"}, {Name: "page"}, {Name: "action"},
	}}}}
	w.Query = Query{
		Name:       clickstreamName,
		Key:        "user",
		Window:     Window{Kind: Session, GapMs: s.Values[gapParam].Int},
		Aggregates: []Aggregate{{Func: Count, As: "count"}},
		BoundMs:    w.Timeline.BoundMs,
		LatenessMs: s.Values[latenessParam].Int,
		Output:     Output{Fields: resultFields([]string{"user", SessionFrom}, WindowEnd, "count")},
	}
	if s.Values[profileParam].Choice == latenessProfile {
		w.Query.Retracts, w.Query.Output.Kind = true, Upsert
	}
	users := uint64(s.Values[keysParam].Int)
	if users == 0 {
		users = clicksApartS * s.EventRate
	}
	w.Events = func() Generator {
		return &clickGenerator{calendar: w.calendar(clickstreamName), users: users}
	}
	return w, nil
}

type clickGenerator struct {
	calendar calendar
	users    uint64
}

func (g *clickGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	key.fillBelow(b.Cols[clickUser], seq, 0, g.users)
	key.fillBelow(b.Cols[clickPage], seq, 1, 1000)
	key.fillBelow(b.Cols[clickAction], seq, 2, 4)
}
