package workloads

const (
	cqrsName    = "cqrs"
	cqrsOpening = 100_000 // cents an account is opened with
)

// cqrsTemplate is a bank kept as the events of its accounts, and the balances as a view of them:
// an event out of order, lost or counted twice changes which withdrawals are rejected.
func cqrsTemplate() Template {
	return Template{
		Name: cqrsName,
		Doc: "Deposits and withdrawals of accounts, each with its version; the balance of each, and " +
			"how many withdrawals it rejected.",
		Rate: 200_000,
		Params: []Param{
			{Name: keysParam, Kind: CountParam, Default: "100k", Min: 1, Doc: "number of accounts"},
		},
		New: newCQRS,
	}
}

// Columns of an event of cqrs.
const (
	cqrsAccount = iota
	cqrsVersion
	cqrsType
	cqrsAmount
)

// What happens to an account, the values of cqrsType.
const (
	cqrsOpened = iota
	cqrsDeposited
	cqrsWithdrawn
)

func newCQRS(s Settings) (*Workload, error) {
	t := cqrsTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Timeline.Groups = 1
	w.Schema = Schema{Variants: []Variant{{Name: "change", Fields: []Field{
		{Name: "account"},
		{Name: "version"},
		{Name: "type", Kind: Dict, Dict: []string{"opened", "deposited", "withdrawn"}},
		{Name: "amount"},
	}}}}
	w.Query = Query{
		Name: cqrsName,
		Key:  "account",
		Process: &Process{
			Name:       cqrsName,
			Reads:      []string{"version", "type", "amount"},
			Sorted:     true,
			StateWords: cqrsWords,
			Step:       cqrsStep,
		},
		Output: Output{Kind: Upsert,
			Fields: resultFields([]string{"account"}, "version", "balance", "rejected")},
	}
	w.Events = func() Generator { return newCQRSGenerator(w) }
	w.oracle = newCQRSFold
	return w, nil
}

// State of an account.
const (
	cqrsBalance = iota
	cqrsRejected
	cqrsWords
)

// cqrsStep changes a balance; a withdrawal above it is rejected.
func cqrsStep(state []int64, e ProcessEvent, out []int64) ([]int64, int64) {
	version, kind, amount := e.Values[0], e.Values[1], e.Values[2]
	switch {
	case kind != cqrsWithdrawn:
		state[cqrsBalance] += amount
	case amount > state[cqrsBalance]:
		state[cqrsRejected]++
	default:
		state[cqrsBalance] -= amount
	}
	return append(out, e.Key, version, state[cqrsBalance], state[cqrsRejected]), 0
}

// cqrsGenerator goes through all accounts in rounds, in an order that each round begins elsewhere.
type cqrsGenerator struct {
	calendar calendar
	rounds   streamKey
	accounts uint64
	step     uint64 // between two accounts of a round; coprime to their number
}

func newCQRSGenerator(w *Workload) *cqrsGenerator {
	accounts := uint64(w.Settings.Values[keysParam].Int)
	return &cqrsGenerator{
		calendar: w.calendar(cqrsName), accounts: accounts, step: goldenStep(accounts),
		rounds: newStreamKey(w.Settings.Seed, cqrsName+"-round"),
	}
}

// goldenStep is the least odd number from 0.618 n on that is coprime to n.
func goldenStep(n uint64) uint64 {
	a := n/1000*618 + n%1000*618/1000 | 1
	for gcd(a, n) != 1 {
		a += 2
	}
	return a
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Fill steps from account to account: a round begins where the one before would have gone on,
// turned by a start of its own.
func (g *cqrsGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	round, place := s.First/g.accounts, s.First%g.accounts
	at, step := mulMod(g.step, place, g.accounts), mulMod(g.step, s.Step, g.accounts)
	start := g.start(round)
	for i := range seq {
		put(b, cqrsAccount, i, int64(turned(at, start, g.accounts)))
		put(b, cqrsVersion, i, int64(round+1))
		g.change(b, i, round)
		at = turned(at, step, g.accounts)
		if place += s.Step; place >= g.accounts {
			round, place = round+place/g.accounts, place%g.accounts
			start = g.start(round)
		}
	}
}

// turned is a+b modulo n, of numbers below n.
func turned(a, b, n uint64) uint64 {
	if a += b; a >= n {
		a -= n
	}
	return a
}

func (g *cqrsGenerator) start(round uint64) uint64 {
	return below(g.rounds.draw(round, 0), g.accounts)
}

// change writes what happens to the account.
func (g *cqrsGenerator) change(b *Batch, row int, round uint64) {
	kind, amount := int64(cqrsOpened), int64(cqrsOpening)
	if n, key := uint64(b.Seq[row]), g.calendar.key; round > 0 {
		kind, amount = cqrsWithdrawn, int64(1+below(key.draw(n, 1), 50_000))
		if below(key.draw(n, 0), 10) < 5 {
			kind, amount = cqrsDeposited, int64(1+below(key.draw(n, 1), 20_000))
		}
	}
	put(b, cqrsType, row, kind)
	put(b, cqrsAmount, row, amount)
}
