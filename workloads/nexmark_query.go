package workloads

// nexmarkQuery is the query the settings name. All of them read bids.
func nexmarkQuery(w *Workload) Query {
	values := w.Settings.Values
	window, slide, gap := values[windowParam].Int, values[slideParam].Int, values[gapParam].Int
	q := Query{
		Name:    values[queryParam].Choice,
		From:    bidTag,
		BoundMs: w.Timeline.BoundMs,
	}
	seq := []string{seqField}
	switch q.Name {
	case "q0":
		q.Output.Fields = resultFields(seq, "auction", "bidder", "price", "dateTime")
	case "q1":
		// 0.908 euro a dollar, in thousandths.
		q.Scale = map[string]int64{"price": 908}
		q.Output.Fields = resultFields(seq, "auction", "bidder", "price", "dateTime")
	case "q2":
		q.Where = []Predicate{{Field: "auction", Op: Equal, Value: 0, Modulus: 123}}
		q.Output.Fields = resultFields(seq, "auction", "price")
	case "q5":
		q.Key = "auction"
		q.Window = Window{Kind: Hopping, SizeMs: window, SlideMs: slide}
		q.Aggregates = []Aggregate{{Func: Count, As: "count"}}
		q.Rank = &Rank{By: "count"}
		q.Output.Fields = resultFields([]string{WindowStart, "auction"}, "count")
	case "q7":
		q.Window = Window{Kind: Tumbling, SizeMs: window}
		q.Rank = &Rank{By: "price"}
		q.Output.Fields = resultFields([]string{WindowStart, seqField}, "auction", "bidder",
			"price")
	case "q11":
		q.Key = "bidder"
		q.Window = Window{Kind: Session, GapMs: gap}
		q.Aggregates = []Aggregate{{Func: Count, As: "count"}}
		q.Output.Fields = resultFields([]string{"bidder", SessionFrom}, WindowEnd, "count")
	case "q12":
		q.Key = "bidder"
		q.Window = Window{Kind: Tumbling, Processing: true, SizeMs: window}
		q.Aggregates = []Aggregate{{Func: Count, As: "count"}}
		q.Output = Output{Kind: Additive, Fields: resultFields([]string{"bidder"}, "count")}
	default:
		panic("BUG: nexmark has no query " + q.Name)
	}
	return q
}
