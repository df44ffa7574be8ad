package workloads

const (
	karimovName   = "karimov"
	karimovUsers  = 100_000
	karimovPacks  = 1000
	karimovLeast  = 100 // the least price
	karimovPrices = 9900
	// The two queries.
	karimovAggregate = "aggregate"
	karimovJoin      = "join"
)

// Variants of an event of karimov, the values of its tag.
const (
	purchaseTag = iota
	adTag
)

// karimovTemplate is the game of Karimov and others, "Benchmarking distributed stream data
// processing systems" (ICDE 2018): purchases of gem packs and advertisements for them, with keys
// that follow a normal distribution. The queries are their two.
func karimovTemplate() Template {
	return Template{
		Name: karimovName,
		Doc: "A game sells gem packs and advertises them; the revenue of each pack per hopping " +
			"window, or the purchases that were advertised.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: queryParam, Kind: ChoiceParam, Default: karimovAggregate,
				Choices: []string{karimovAggregate, karimovJoin}, Doc: "the question asked"},
			{Name: windowParam, Kind: MillisParam, Default: "8s", Min: 1, Doc: "size of the window"},
			{Name: slideParam, Kind: MillisParam, Default: "4s", Min: 1,
				Doc: "distance of two windows"},
		}, orderParams("0ms", "1s")...),
		New: newKarimov,
	}
}

// Columns of an event of karimov: the tag, then the fields of its two variants.
const (
	karimovType = iota
	purchaseUser
	purchasePack
	purchasePrice
	purchaseTime
	adUser
	adPack
	adTime
)

func newKarimov(s Settings) (*Workload, error) {
	t := karimovTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Schema = Schema{Tag: "type", Variants: []Variant{
		{Name: "purchase", Fields: []Field{
			{Name: "userID"}, {Name: "gemPackID"}, {Name: "price"}, {Name: "time"},
		}},
		{Name: "ad", Fields: []Field{{Name: "userID"}, {Name: "gemPackID"}, {Name: "time"}}},
	}}
	w.Query = karimovQuery(w)
	w.Events = func() Generator { return &karimovGenerator{w.calendar(karimovName)} }
	return w, nil
}

// karimovQuery is the query the settings name.
func karimovQuery(w *Workload) Query {
	values := w.Settings.Values
	q := Query{
		Name: karimovName,
		From: purchaseTag,
		Window: Window{Kind: Hopping, SizeMs: values[windowParam].Int,
			SlideMs: values[slideParam].Int},
		BoundMs: w.Timeline.BoundMs,
	}
	if values[queryParam].Choice == karimovJoin {
		q.Name += "-" + karimovJoin
		keys := []string{"userID", "gemPackID"}
		q.Join = &Join{Kind: WindowJoin, With: adTag, Keys: keys, WithKeys: keys}
		q.Output.Fields = []ResultField{
			{Name: WindowStart, Identity: true},
			{Name: "purchase", Field: seqField, Identity: true},
			{Name: "ad", Field: seqField, With: true, Identity: true},
			{Name: "price"},
		}
		return q
	}
	q.Key = "gemPackID"
	q.Aggregates = []Aggregate{{Func: Sum, Field: "price", As: "sum"}}
	q.Output.Fields = resultFields([]string{WindowStart, "gemPackID"}, "sum")
	return q
}

// karimovGenerator writes the columns of both variants in every row: what a row has in columns of
// the other one is unspecified, and the same draws make the fields of both.
type karimovGenerator struct{ calendar calendar }

func (g *karimovGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	if tags := b.Cols[karimovType]; tags != nil {
		for i, n := range seq {
			tags[i] = n % 2
		}
	}
	users, packs := normal{key, 0, karimovUsers}, normal{key, 3, karimovPacks}
	users.fill(b.Cols[purchaseUser], seq)
	users.fill(b.Cols[adUser], seq)
	packs.fill(b.Cols[purchasePack], seq)
	packs.fill(b.Cols[adPack], seq)
	key.fillBelow(b.Cols[purchasePrice], seq, 6, karimovPrices)
	for i := range min(len(b.Cols[purchasePrice]), len(seq)) {
		b.Cols[purchasePrice][i] += karimovLeast
	}
	for _, col := range []int{purchaseTime, adTime} {
		if b.Cols[col] != nil {
			copy(b.Cols[col], b.TS[:len(seq)])
		}
	}
}

// normal draws keys that are nearly normal: the sum of the twelve lanes of 16 bits of three draws,
// a standard deviation being an eighth of the keys.
type normal struct {
	key  streamKey
	draw uint64 // the first of them
	keys int64
}

func (d normal) fill(dst, seq []int64) {
	const middle, span = 12 * 65_535 / 2, 524_288
	for i := range min(len(dst), len(seq)) {
		sum := int64(0)
		for lane := range uint64(3) {
			for x := d.key.draw(uint64(seq[i]), d.draw+lane); x > 0; x >>= 16 {
				sum += int64(x & 0xffff)
			}
		}
		at := d.keys/2 + floorTo((sum-middle)*d.keys, span)/span
		dst[i] = min(max(at, 0), d.keys-1)
	}
}
