package workloads

// nexmarkQuery is the query the settings name. All but the joins of q3 and q8 read bids.
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
		q.ofTables(window)
	}
	return q
}

// ofTables fills in the queries that join people, auctions and bids, or keep the newest of them.
func (q *Query) ofTables(window int64) {
	switch q.Name {
	case "q3":
		q.From = auctionTag
		q.Where = []Predicate{{Field: "category", Op: Equal, Value: nexmarkCategory}}
		q.Join = sellers(TableJoin)
		// California, Idaho and Oregon, which are next to each other in nexmarkStates.
		q.Join.WithWhere = []Predicate{
			{Field: "state", Op: GreaterEqual, Value: 1}, {Field: "state", Op: LessEqual, Value: 3},
		}
		q.Output.Fields = []ResultField{
			{Name: "name", With: true}, {Name: "city", With: true}, {Name: "state", With: true},
			{Name: "auction", Field: "id", Identity: true},
		}
	case "q4":
		q.Key = "category"
		q.Join = winners()
		q.Aggregates = []Aggregate{
			{Func: Sum, Field: "price", As: "sum"}, {Func: Count, As: "count"},
			{Func: Mean, Field: "price", As: "mean"},
		}
		q.Output = Output{Kind: Upsert,
			Fields: resultFields([]string{"category"}, "sum", "count", "mean")}
	case "q8":
		q.From = auctionTag
		q.Window = Window{Kind: Tumbling, SizeMs: window}
		q.Join = sellers(WindowJoin)
		q.Join.Distinct = true
		q.Output.Fields = []ResultField{
			{Name: "id", With: true, Identity: true}, {Name: "name", With: true},
			{Name: WindowStart},
		}
	case "q9":
		q.Join = winners()
		q.Output = Output{Kind: Upsert,
			Fields: resultFields([]string{"auction"}, seqField, "bidder", "price", "dateTime")}
	case "q18":
		q.Key = "bidder"
		q.Latest = &Latest{Keys: []string{"auction"}}
		q.Output = Output{Kind: Upsert,
			Fields: resultFields([]string{"bidder", "auction"}, seqField, "price")}
	case "q20":
		q.Join = &Join{Kind: TableJoin, With: auctionTag, WithUnique: true,
			Keys: []string{"auction"}, WithKeys: []string{"id"},
			WithWhere: []Predicate{{Field: "category", Op: Equal, Value: nexmarkCategory}}}
		q.Output.Fields = append(
			resultFields([]string{seqField}, "auction", "bidder", "price", "dateTime"),
			ResultField{Name: "seller", With: true})
	default:
		panic("BUG: nexmark has no query " + q.Name)
	}
}

// nexmarkCategory is the category of auctions that q3 and q20 ask for.
const nexmarkCategory = 10

// sellers joins auctions with the people who sell.
func sellers(kind JoinKind) *Join {
	return &Join{Kind: kind, With: personTag, WithUnique: true,
		Keys: []string{"seller"}, WithKeys: []string{"id"}}
}

// winners joins each auction with its winning bid: the highest price, of several the earliest.
func winners() *Join {
	return &Join{Kind: BestJoin, With: auctionTag, WithUnique: true,
		Keys: []string{"auction"}, WithKeys: []string{"id"}, Since: "dateTime", Until: "expires",
		Best: []Order{{Field: "price", Largest: true}, {Field: TSField}, {Field: seqField}}}
}
