package workloads

// fillBids writes the bids' columns of every row, people and auctions too: what stands there is
// unspecified, and a loop without a test for one row in twelve is faster than one with it.
// Choices are written as values picked by a condition, which compile to conditional moves: half
// of all bids are on hot auctions at random, and a branch would be mispredicted as often.
func (g *nexmarkGenerator) fillBids(b *Batch, seq []int64) {
	if c := b.Cols[bidAuction]; c != nil {
		g.fillBidAuction(c, seq)
	}
	if c := b.Cols[bidBidder]; c != nil {
		g.fillBidBidder(c, seq)
	}
	if c := b.Cols[bidPrice]; c != nil {
		c = c[:len(seq)]
		base := g.calendar.key.at(4)
		for i, n := range seq {
			c[i] = g.prices.price(mix64(base + phi64*uint64(n)))
		}
	}
	g.fillBidChannel(b, seq)
	if c := b.Cols[bidTime]; c != nil {
		copy(c, b.TS[:len(seq)])
	}
	if c := b.Cols[bidExtra]; c != nil {
		c = c[:len(seq)]
		base := g.calendar.key.at(7)
		for i, n := range seq {
			c[i] = extra(mix64(base+phi64*uint64(n)), 32, 100)
		}
	}
}

func (g *nexmarkGenerator) fillBidAuction(dst, seq []int64) {
	dst = dst[:len(seq)]
	base := g.calendar.key.at(0)
	for i, n := range seq {
		// Every bid has a whole set of auctions before it: the newest is the last of its mix.
		newest := uint64(n)/mix*auctionsInMix + auctionsInMix - 1
		x := base + phi64*uint64(n)
		from := newest - min(newest, activeAuctions)
		v := int64(firstID + from + below(mix64(x+phi), newest-from+unbornAuctions+1))
		if h := hot(newest); mix64(x)>>63 != 0 {
			v = h
		}
		dst[i] = v
	}
}

func (g *nexmarkGenerator) fillBidBidder(dst, seq []int64) {
	dst = dst[:len(seq)]
	base := g.calendar.key.at(2)
	for i, n := range seq {
		newest := uint64(n) / mix
		x := base + phi64*uint64(n)
		v := somePerson(mix64(x+phi), newest)
		if h := hot(newest) + 1; mix64(x)>>62 != 0 {
			v = h
		}
		dst[i] = v
	}
}

// fillBidChannel writes channel and url, which are two texts of one code.
func (g *nexmarkGenerator) fillBidChannel(b *Batch, seq []int64) {
	channel, url := b.Cols[bidChannel], b.Cols[bidURL]
	dst := channel
	if dst == nil {
		dst = url
	}
	if dst == nil {
		return
	}
	dst = dst[:len(seq)]
	base := g.calendar.key.at(5)
	for i, n := range seq {
		x := base + phi64*uint64(n)
		from, choices := uint64(0), uint64(nexmarkChannels)
		if mix64(x)>>63 != 0 {
			from, choices = nexmarkChannels, uint64(len(nexmarkHotChannels))
		}
		dst[i] = int64(from + below(mix64(x+phi), choices))
	}
	if channel != nil && url != nil {
		copy(url, dst)
	}
}
