package workloads

import "sync"

const (
	ordersName = "orders"
	// Orders come in regions of equal weight and from customers of very different ones.
	orderRegions    = 1000
	orderCustomersN = 1_000_000
	orderSkew       = 0.99
	// No order of the first ten seconds of event time is late: at a stream's start there is nothing
	// to be late behind.
	orderCalmSeconds = 10
)

// ordersTemplate is a shop whose orders come late: a window answers, refines its answer with every
// late order, and what comes after that goes to an output of its own.
func ordersTemplate() Template {
	return Template{
		Name: ordersName,
		Doc: "Orders of a shop, some late and some too late; sum and count of each region per " +
			"tumbling window, refined, and an output of what came too late.",
		Rate: 200_000,
		Params: []Param{
			{Name: windowParam, Kind: MillisParam, Default: "10s", Min: 1,
				Doc: "size of the window"},
			{Name: latenessParam, Kind: MillisParam, Default: "30s",
				Doc: "how late an event may be and still update a closed window"},
			boundParamOf("1s"), groupsParamOf(),
		},
		New: newOrders,
	}
}

// Columns of an event of orders.
const (
	orderRegion = iota
	orderCustomer
	orderAmount
	orderItems
)

func newOrders(s Settings) (*Workload, error) {
	t := ordersTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Schema = Schema{Variants: []Variant{{Name: "order", Fields: []Field{
		{Name: "region"}, {Name: "customer"}, {Name: "amount"}, {Name: "items"},
	}}}}
	lateness := s.Values[latenessParam].Int
	w.Query = Query{
		Name:   ordersName,
		Key:    "region",
		Window: Window{Kind: Tumbling, SizeMs: s.Values[windowParam].Int},
		Aggregates: []Aggregate{
			{Func: Sum, Field: "amount", As: "sum"},
			{Func: Count, As: "count"},
		},
		Late: &Output{
			Kind:   Append,
			Fields: resultFields([]string{seqField}, "region", "amount", TSField),
		},
		BoundMs:    w.Timeline.BoundMs,
		LatenessMs: lateness,
		Output: Output{
			Kind:   kindFor(lateness),
			Fields: resultFields([]string{"region", WindowStart}, "sum", "count"),
		},
	}
	w.Events = func() Generator {
		return &ordersGenerator{calendar: w.calendar(ordersName), customers: orderCustomers()}
	}
	return w, nil
}

// orderCustomers is the table of all customers, eight megabytes that every generator shares.
var orderCustomers = sync.OnceValue(func() *zipf { return newZipf(orderCustomersN, orderSkew) })

type ordersGenerator struct {
	calendar  calendar
	customers *zipf
}

func (g *ordersGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	g.delay(b.TS[:len(seq)], seq)
	key.fillBelow(b.Cols[orderRegion], seq, 0, orderRegions)
	g.customers.fill(b.Cols[orderCustomer], seq, key, 1)
	if amount := b.Cols[orderAmount]; amount != nil {
		amount = amount[:len(seq)]
		for i, n := range seq {
			amount[i] = logPowers.price(key.draw(uint64(n), 3))
		}
	}
	if items := b.Cols[orderItems]; items != nil {
		key.fillBelow(items, seq, 4, 5)
		for i := range items[:len(seq)] {
			items[i]++
		}
	}
}

// delay takes each event's delay from its time. The ranges stay ten seconds clear of where, with
// the default window, an event may or may not be too late.
func (g *ordersGenerator) delay(ts, seq []int64) {
	key, calm := g.calendar.key, int64(orderCalmSeconds*g.calendar.timeline.EventRate)
	for i, n := range seq {
		class := below(key.draw(uint64(n), delayedDraw), 100)
		by := key.draw(uint64(n), delayDraw)
		switch {
		case n < calm || class < 97:
			ts[i] -= int64(below(by, 1001)) // in time
		case class < 99:
			ts[i] -= 2000 + int64(below(by, 18_001)) // late, and counted
		default:
			ts[i] -= 60_000 + int64(below(by, 60_001)) // too late
		}
	}
}
