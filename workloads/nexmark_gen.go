package workloads

const (
	firstID        = 1000 // of people and of auctions
	activePeople   = 1000
	unbornPeople   = 10
	activeAuctions = 100
	unbornAuctions = 10
	hotStep        = 100 // every hundredth person and auction is a hot one
	mix            = 50  // one person, three auctions, 46 bids
	auctionsInMix  = 3
	// auctionEvents is how many events pass while a hundred auctions are in flight.
	auctionEvents = 1666
)

// newestOf returns the numbers of the newest person and auction at event n, and its variant.
func newestOf(n uint64) (person, auction uint64, tag int64) {
	e, off := n/mix, n%mix
	switch {
	case off == 0:
		// Event 0 has no auction before it; nothing asks for it there.
		return e, auctionsInMix*e - 1, personTag
	case off <= auctionsInMix:
		return e, auctionsInMix*e + off - 1, auctionTag
	}
	return e, auctionsInMix*e + auctionsInMix - 1, bidTag
}

// somePerson draws an active person, or one of the next few to be born, so that the other side of
// a join may come later.
func somePerson(x, newest uint64) int64 {
	active := min(newest+1, activePeople)
	return int64(firstID + newest + 1 - active + below(x, active+unbornPeople))
}

func hot(newest uint64) int64 { return int64(firstID + newest/hotStep*hotStep) }

type nexmarkGenerator struct {
	calendar calendar
	text     *nexmarkText
	prices   *powerTables
	tags     []int64 // scratch, where the batch has no column for the tag
}

func newNexmarkGenerator(w *Workload, text *nexmarkText) *nexmarkGenerator {
	return &nexmarkGenerator{
		calendar: w.calendar(nexmarkName),
		text:     text,
		prices:   logPowers,
	}
}

func (g *nexmarkGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	tags := b.Cols[nexmarkType]
	if tags == nil {
		g.tags = grown(g.tags, b.Cap())
		tags = g.tags
	}
	tags = tags[:len(seq)]
	for i, n := range seq {
		_, _, tags[i] = newestOf(uint64(n))
	}
	g.fillBids(b, seq)
	if wants(b, personID, bidAuction) {
		g.fillOthers(b, tags)
	}
}

// wants says whether the batch has any of the columns from..to-1.
func wants(b *Batch, from, to int) bool {
	for _, col := range b.Cols[from:to] {
		if col != nil {
			return true
		}
	}
	return false
}

// fillOthers writes the rows that are people or auctions, one in twelve.
func (g *nexmarkGenerator) fillOthers(b *Batch, tags []int64) {
	for i, tag := range tags {
		switch tag {
		case personTag:
			g.person(b, i)
		case auctionTag:
			g.auction(b, i)
		}
	}
}

// put writes a value where the batch has the column.
func put(b *Batch, col, row int, v int64) {
	if c := b.Cols[col]; c != nil {
		c[row] = v
	}
}

func (g *nexmarkGenerator) person(b *Batch, row int) {
	key, n := g.calendar.key, uint64(b.Seq[row])
	p, _, _ := newestOf(n)
	name := below(key.draw(n, 0), uint64(len(nexmarkFirstNames)))*uint64(len(nexmarkLastNames)) +
		below(key.draw(n, 1), uint64(len(nexmarkLastNames)))
	email := g.text.email(key.draw(n, 2), key.draw(n, 3))
	var card uint64
	for d := range uint64(4) {
		card = card*10_000 + below(key.draw(n, 4+d), 10_000)
	}
	city := below(key.draw(n, 8), uint64(len(nexmarkCities)))
	state := below(key.draw(n, 9), uint64(len(nexmarkStates)))
	const idAndCard = 8 + len("0000 0000 0000 0000")
	size := uint64(idAndCard+len(g.text.names[name])+len(nexmarkCities[city])+
		len(nexmarkStates[state])) + emailLength(email)
	put(b, personID, row, int64(firstID+p))
	put(b, personName, row, int64(name))
	put(b, personEmail, row, email)
	put(b, personCard, row, int64(card))
	put(b, personCity, row, int64(city))
	put(b, personState, row, int64(state))
	put(b, personTime, row, b.TS[row])
	put(b, personExtra, row, extra(key.draw(n, 10), size, 200))
}

func (g *nexmarkGenerator) auction(b *Batch, row int) {
	key, n := g.calendar.key, uint64(b.Seq[row])
	p, a, _ := newestOf(n)
	seller := hot(p)
	if below(key.draw(n, 0), 4) == 0 {
		seller = somePerson(key.draw(n, 1), p)
	}
	initial := g.prices.price(key.draw(n, 3))
	item, description := g.text.pools.str(key.draw(n, 5), 20), g.text.pools.str(key.draw(n, 6), 100)
	_, itemSize := unspan(item & (1<<32 - 1))
	_, descriptionSize := unspan(description & (1<<32 - 1))
	tl := g.calendar.timeline
	flight := uint64(tl.PlaceMs(n+auctionEvents) - tl.PlaceMs(n))
	put(b, auctionID, row, int64(firstID+a))
	put(b, auctionItem, row, item)
	put(b, auctionDescription, row, description)
	put(b, auctionInitialBid, row, initial)
	put(b, auctionReserve, row, initial+g.prices.price(key.draw(n, 7)))
	put(b, auctionTime, row, b.TS[row])
	put(b, auctionExpires, row, b.TS[row]+1+int64(below(key.draw(n, 4), max(2*flight, 1))))
	put(b, auctionSeller, row, seller)
	put(b, auctionCategory, row, int64(10+below(key.draw(n, 2), 5)))
	put(b, auctionExtra, row, extra(key.draw(n, 8), 48+itemSize+descriptionSize, 500))
}
