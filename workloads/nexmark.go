package workloads

import "fmt"

const nexmarkName = "nexmark"

// Variants of a Nexmark event, the values of its tag.
const (
	personTag = iota
	auctionTag
	bidTag
)

// nexmarkTemplate is the auction house of the Nexmark benchmark: people, auctions and bids 1:3:46.
func nexmarkTemplate() Template {
	return Template{
		Name: nexmarkName,
		Doc:  "An auction house: people, auctions and bids, and the queries q0 to q20.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: queryParam, Kind: ChoiceParam, Default: "q5",
				Choices: []string{"q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11", "q12",
					"q18", "q20"},
				Doc: "the question asked"},
			{Name: windowParam, Kind: MillisParam, Default: "10s", Min: 1,
				Queries: []string{"q5", "q7", "q8", "q12"}, Doc: "size of the window"},
			{Name: slideParam, Kind: MillisParam, Default: "2s", Min: 1,
				Queries: []string{"q5"}, Doc: "distance of two windows"},
			{Name: gapParam, Kind: MillisParam, Default: "10s", Min: 1,
				Queries: []string{"q11"}, Doc: "longest silence inside a session"},
		}, orderParams("0ms", "4s")...),
		New: newNexmark,
	}
}

func newNexmark(s Settings) (*Workload, error) {
	t := nexmarkTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	text := newNexmarkText(s.Seed)
	w.Schema = nexmarkSchema(text)
	w.Query = nexmarkQuery(w).typed(w.Schema)
	w.Events = func() Generator { return newNexmarkGenerator(w, text) }
	w.Warnings = nexmarkWarnings(w)
	return w, nil
}

// shortestFlight is how long, in milliseconds of event time, a hundred auctions have to be in
// flight for their bids to say anything.
const shortestFlight = 10

// nexmarkWarnings tells of event rates at which the answers say nothing: 1000 bidders are active
// at a time, 50 000 events' worth, and a session only ends if they outlive the gap; auctions whose
// winner is asked for have to live for some milliseconds.
func nexmarkWarnings(w *Workload) []string {
	if j, flight := w.Query.Join, auctionEvents*1000/w.Timeline.EventRate; j != nil &&
		j.Kind == BestJoin && flight < shortestFlight {
		return []string{fmt.Sprintf("nexmark %s: at %d events per second of event time a hundred "+
			"auctions are over within %dms, so hardly any bid is in time for its auction: use an "+
			"event rate of at most %d/s", w.Query.Name, w.Timeline.EventRate, flight,
			auctionEvents*1000/shortestFlight)}
	}
	gap := w.Query.Window.GapMs
	if rate := w.Timeline.EventRate; w.Query.Window.Kind == Session &&
		50_000*1000 < 2*uint64(gap)*rate {
		return []string{fmt.Sprintf("nexmark %s: at %d events per second of event time bidders "+
			"come and go within two gaps of %s, so sessions hardly ever end by silence: use an "+
			"event rate of at most %d/s", w.Query.Name, rate, millisText(gap),
			50_000*1000/(2*uint64(gap)))}
	}
	return nil
}

var (
	nexmarkFirstNames = []string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie",
		"Sarah", "Deiter", "Walter"}
	nexmarkLastNames = []string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton",
		"Smith", "Jones", "Noris"}
	nexmarkCities = []string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
		"Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	nexmarkStates      = []string{"AZ", "CA", "ID", "OR", "WA", "WY"}
	nexmarkHotChannels = []string{"Google", "Facebook", "Baidu", "Apple"}
)

// Columns of a Nexmark event: the tag, then the fields of its three variants.
const (
	nexmarkType = iota
	personID
	personName
	personEmail
	personCard
	personCity
	personState
	personTime
	personExtra
	auctionID
	auctionItem
	auctionDescription
	auctionInitialBid
	auctionReserve
	auctionTime
	auctionExpires
	auctionSeller
	auctionCategory
	auctionExtra
	bidAuction
	bidBidder
	bidPrice
	bidChannel
	bidURL
	bidTime
	bidExtra
)

func nexmarkSchema(t *nexmarkText) Schema {
	return Schema{Tag: "type", Variants: []Variant{
		{Name: "person", Fields: []Field{
			{Name: "id"},
			{Name: "name", Kind: Dict, Dict: t.names},
			{Name: "emailAddress", Kind: Text, Text: t.appendEmail},
			{Name: "creditCard", Kind: Text, Text: appendCard},
			{Name: "city", Kind: Dict, Dict: nexmarkCities},
			{Name: "state", Kind: Dict, Dict: nexmarkStates},
			{Name: "dateTime"},
			{Name: "extra", Kind: Text, Text: t.pools.appendLetters},
		}},
		{Name: "auction", Fields: []Field{
			{Name: "id"},
			{Name: "itemName", Kind: Text, Text: t.pools.appendWords},
			{Name: "description", Kind: Text, Text: t.pools.appendWords},
			{Name: "initialBid"},
			{Name: "reserve"},
			{Name: "dateTime"},
			{Name: "expires"},
			{Name: "seller"},
			{Name: "category"},
			{Name: "extra", Kind: Text, Text: t.pools.appendLetters},
		}},
		{Name: "bid", Fields: []Field{
			{Name: "auction"},
			{Name: "bidder"},
			{Name: "price"},
			{Name: "channel", Kind: Text, Text: t.appendChannel},
			{Name: "url", Kind: Text, Text: t.appendURL},
			{Name: "dateTime"},
			{Name: "extra", Kind: Text, Text: t.pools.appendLetters},
		}},
	}}
}
