package workloads

import "fmt"

const (
	fraudName     = "fraud"
	fraudAccounts = 1_000_000
	fraudWindowMs = 60_000 // how long a small payment makes its account suspect
	// Amounts in cents: below fraudSmall they are small, above fraudLarge large.
	fraudSmall = 100
	fraudLarge = 50_000
	// fraudLeastRate is the least rate at which a small payment and the large one that belongs to it,
	// 2000 events later, are less than a minute apart.
	fraudLeastRate = 34
)

// fraudTemplate is a bank that looks for a small payment followed by a large one within a minute:
// keyed state and a timer for every account, and an answer for very few events.
func fraudTemplate() Template {
	return Template{
		Name: fraudName,
		Doc: "Payments of a million accounts; a payment below 1.00 that one above 500.00 follows " +
			"within a minute is an alert.",
		Rate:   500_000,
		Params: []Param{boundParamOf("0ms")},
		New:    newFraud,
	}
}

// Columns of an event of fraud.
const (
	fraudAccount = iota
	fraudAmount
)

func newFraud(s Settings) (*Workload, error) {
	t := fraudTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	if s.EventRate < fraudLeastRate {
		return nil, fmt.Errorf("make workload %s: event rate of %d/s: write at least %d/s, or the "+
			"two payments of a fraud are too far apart", fraudName, s.EventRate, fraudLeastRate)
	}
	w := t.base(s)
	w.Timeline.Groups = 1
	w.Schema = Schema{Variants: []Variant{{Name: "payment", Fields: []Field{
		{Name: "account"}, {Name: "amount"},
	}}}}
	w.Query = Query{
		Name: fraudName,
		Key:  "account",
		Process: &Process{
			Name:       fraudName,
			Reads:      []string{"amount"},
			Sorted:     true,
			TimerMs:    fraudWindowMs,
			StateWords: fraudWords,
			Step:       fraudStep,
			Fire:       fraudFire,
		},
		BoundMs: w.Timeline.BoundMs,
		Output:  Output{Fields: resultFields([]string{"small", "large"}, "account")},
	}
	w.Events = func() Generator { return newFraudGenerator(w) }
	w.oracle = func(o *oracle) folder { return &fraudFold{o: o, small: map[int64]payment{}} }
	return w, nil
}

// State of an account.
const (
	fraudFlag = iota // 1 after a small payment
	fraudSeq         // its number
	fraudTime        // and when it was made
	fraudWords
)

// fraudStep flags an account at a small payment and answers a large one while the flag is set. The
// distance is tested although the timer clears the flag: a watermark may pass later than the time
// of the timer.
func fraudStep(state []int64, e ProcessEvent, out []int64) ([]int64, int64) {
	switch amount := e.Values[0]; {
	case amount < fraudSmall:
		state[fraudFlag], state[fraudSeq], state[fraudTime] = 1, e.Seq, e.TS
		return out, e.TS + fraudWindowMs
	case amount > fraudLarge && state[fraudFlag] != 0:
		if apart := e.TS - state[fraudTime]; apart >= 0 && apart < fraudWindowMs {
			out = append(out, state[fraudSeq], e.Seq, e.Key)
			clear(state)
			return out, -1
		}
	}
	return out, 0
}

func fraudFire(state []int64, _, _ int64, out []int64) ([]int64, int64) {
	clear(state)
	return out, 0
}

// Blocks of events with one small payment each, and what of them follows the plan.
const (
	fraudBlock   = 4096
	fraudFirstAt = 17   // the small payment, in the wrong order the large one
	fraudNextAt  = 2017 // the other one of the two
	fraudLastAt  = 3017 // a large payment that comes more than a minute after its small one
)

// The plan of a block is drawn from 0 to 9: up to 5 a fraud, then what is none.
const (
	fraudPlans     = 10
	fraudLastHit   = 5
	fraudSwapped   = 6 // the large payment first
	fraudElsewhere = 7 // of another account
	fraudTooOld    = 8
)

type fraudGenerator struct {
	calendar calendar
	plan     streamKey
	behind   uint64 // blocks between a small payment and the large one that comes too late
}

func newFraudGenerator(w *Workload) *fraudGenerator {
	behind := (fraudWindowMs/1000*w.Timeline.EventRate+fraudBlock-1)/fraudBlock + 1
	return &fraudGenerator{
		calendar: w.calendar(fraudName), behind: behind,
		plan: newStreamKey(w.Settings.Seed, fraudName+"-plan"),
	}
}

// Fill writes payments that mean nothing, then those of the plan.
func (g *fraudGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	key.fillBelow(b.Cols[fraudAccount], seq, 0, fraudAccounts)
	key.fillBelow(b.Cols[fraudAmount], seq, 1, fraudLarge-fraudSmall+1)
	for i := range min(len(b.Cols[fraudAmount]), len(seq)) {
		b.Cols[fraudAmount][i] += fraudSmall
	}
	for i, n := range seq {
		switch uint64(n) % fraudBlock {
		case fraudFirstAt, fraudNextAt, fraudLastAt:
			g.planned(b, i, uint64(n))
		}
	}
}

// planned writes a payment of the plan, if the plan has one there.
func (g *fraudGenerator) planned(b *Batch, row int, n uint64) {
	block, place := n/fraudBlock, n%fraudBlock
	kind := g.kind(block)
	account, small := g.account(block), false
	switch {
	case place == fraudFirstAt:
		small = kind != fraudSwapped
	case place == fraudNextAt && kind <= fraudElsewhere:
		small = kind == fraudSwapped
		if kind == fraudElsewhere {
			account = (account + 1) % fraudAccounts
		}
	case place == fraudLastAt && block >= g.behind && g.kind(block-g.behind) == fraudTooOld:
		account = g.account(block - g.behind)
	default:
		return
	}
	put(b, fraudAccount, row, int64(account))
	draw := g.calendar.key.draw(n, 2)
	if small {
		put(b, fraudAmount, row, int64(1+below(draw, fraudSmall-1)))
	} else {
		put(b, fraudAmount, row, int64(fraudLarge+1+below(draw, 950_000)))
	}
}

func (g *fraudGenerator) account(block uint64) uint64 {
	return below(g.plan.draw(block, 0), fraudAccounts)
}

func (g *fraudGenerator) kind(block uint64) uint64 {
	return below(g.plan.draw(block, 1), fraudPlans)
}
