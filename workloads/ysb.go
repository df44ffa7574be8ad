package workloads

const (
	ysbName      = "ysb"
	ysbAds       = 1000
	ysbOthers    = 100 // users, and pages
	ysbCampaigns = 100
	ysbSkewMs    = 50
)

// ysbTemplate is the Yahoo streaming benchmark with the table of campaigns shipped with the query:
// the original asks a server for it, whose cache then sets the latency.
func ysbTemplate() Template {
	return Template{
		Name: ysbName,
		Doc:  "Advertisement events; views of each campaign per tumbling window.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: windowParam, Kind: MillisParam, Default: "10s", Min: 1,
				Doc: "size of the window"},
			{Name: latenessParam, Kind: MillisParam, Default: "60s",
				Doc: "how late an event may be and still update a closed window"},
			{Name: skewParam, Kind: FlagParam, Default: "false",
				Doc: "event times are up to 50 ms off, and rarely up to a minute late"},
		}, orderParams("0ms", "100ms")...),
		New: newYSB,
	}
}

// Columns of an event of ysb.
const (
	ysbUser = iota
	ysbPage
	ysbAd
	ysbAdType
	ysbEventType
	ysbEventTime
	ysbIP
)

func newYSB(s Settings) (*Workload, error) {
	t := ysbTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	skew := s.Values[skewParam].Int != 0
	if skew {
		w.Timeline.LeadMs = ysbSkewMs
	}
	w.Schema = ysbSchema(s.Seed)
	w.RouteBy = "ad_id"
	w.Query = ysbQuery(w)
	w.Events = func() Generator { return &ysbGenerator{w.calendar(ysbName), skew} }
	return w, nil
}

func ysbSchema(seed uint64) Schema {
	ids := func(what string, n uint64) []string {
		key := newStreamKey(seed, ysbName+"-"+what)
		dict := make([]string, n)
		for j := range dict {
			dict[j] = uuid(key.draw(uint64(j), 0), key.draw(uint64(j), 1))
		}
		return dict
	}
	return Schema{Variants: []Variant{{Name: "event", Fields: []Field{
		{Name: "user_id", Kind: Dict, Dict: ids("user", ysbOthers)},
		{Name: "page_id", Kind: Dict, Dict: ids("page", ysbOthers)},
		{Name: "ad_id", Kind: Dict, Dict: ids("ad", ysbAds)},
		{Name: "ad_type", Kind: Dict,
			Dict: []string{"banner", "modal", "sponsored-search", "mail", "mobile"}},
		{Name: "event_type", Kind: Dict, Dict: []string{"view", "click", "purchase"}},
		{Name: "event_time"},
		{Name: "ip_address", Kind: Dict, Dict: []string{"1.2.3.4"}},
	}}}}
}

func ysbQuery(w *Workload) Query {
	campaigns := make([]int64, ysbAds)
	for ad := range campaigns {
		campaigns[ad] = int64(ad / (ysbAds / ysbCampaigns))
	}
	return Query{
		Name:       ysbName,
		Where:      []Predicate{{Field: "event_type", Op: Equal, Value: 0}},
		Lookup:     &Lookup{Field: "ad_id", Table: campaigns, As: "campaign"},
		Key:        "campaign",
		Window:     Window{Kind: Tumbling, SizeMs: w.Settings.Values[windowParam].Int},
		Aggregates: []Aggregate{{Func: Count, As: "count"}},
		BoundMs:    w.Timeline.BoundMs,
		LatenessMs: w.Settings.Values[latenessParam].Int,
		Output: Output{
			Kind:   Upsert,
			Fields: resultFields([]string{"campaign", WindowStart}, "count"),
		},
	}
}

type ysbGenerator struct {
	calendar calendar
	skew     bool
}

func (g *ysbGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	if g.skew {
		g.shift(b.TS[:len(seq)], seq)
	}
	key.fillBelow(b.Cols[ysbUser], seq, 2, ysbOthers)
	key.fillBelow(b.Cols[ysbPage], seq, 3, ysbOthers)
	key.fillBelow(b.Cols[ysbAd], seq, 0, ysbAds)
	key.fillBelow(b.Cols[ysbAdType], seq, 4, 5)
	key.fillBelow(b.Cols[ysbEventType], seq, 1, 3)
	if times := b.Cols[ysbEventTime]; times != nil {
		copy(times, b.TS[:len(seq)])
	}
	if ip := b.Cols[ysbIP]; ip != nil {
		clear(ip[:len(seq)])
	}
}

// shift moves event times as the original's option -w does.
func (g *ysbGenerator) shift(ts, seq []int64) {
	key := g.calendar.key
	for i, n := range seq {
		n := uint64(n)
		ts[i] += ysbSkewMs - int64(below(key.draw(n, 5), 100))
		if below(key.draw(n, 6), 100_000) == 0 {
			ts[i] -= int64(below(key.draw(n, 7), 60_000))
		}
	}
}
