package workloads

import "fmt"

const (
	shuffleName = "shuffle"
	// shuffleSelectivity is how many of a million events all rules together match, an event that
	// several match counted as often.
	shuffleSelectivity = 200_000
	shuffleRest        = 1008 // bytes of an event's text: with the two integers before it 1024
	shuffleBatch       = 10   // matches of a rule after which it answers
	shuffleMaxRules    = 1_000_000
)

// shuffleTemplate is ShuffleBench: every event is handed to the state of each rule it matches, so
// that what is measured is how fast events change places, and nothing is windowed.
func shuffleTemplate() Template {
	return Template{
		Name: shuffleName,
		Doc: "Large events go to the rules they match, one in five to any; each rule answers with " +
			"count and sum of ten matches.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: keysParam, Kind: CountParam, Default: "1000", Min: 1, Doc: "number of rules"},
		}, orderParams("0ms", "0ms")...),
		New: newShuffle,
	}
}

// Columns of an event of shuffle.
const (
	shuffleHigh = iota
	shuffleLow
	shuffleText
)

func newShuffle(s Settings) (*Workload, error) {
	t := shuffleTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	count := s.Values[keysParam].Int
	if count > shuffleMaxRules {
		return nil, fmt.Errorf("make workload %s: parameter %q: %d rules: write at most %s",
			shuffleName, keysParam, count, countText(shuffleMaxRules))
	}
	w := t.base(s)
	text := newPools(s.Seed)
	w.Schema = Schema{Variants: []Variant{{Name: "event", Fields: []Field{
		{Name: "high"}, {Name: "low"}, {Name: "rest", Kind: Text, Text: text.appendLetters},
	}}}}
	w.RouteBy = seqField
	w.Query = shuffleQuery(w, newRules(s.Seed, int(count), shuffleSelectivity))
	w.Events = func() Generator { return &shuffleGenerator{w.calendar(shuffleName)} }
	return w, nil
}

// State of a rule.
const (
	shuffleCount = iota
	shuffleSum
	shuffleFirst
	shuffleLast
	shuffleWords
)

func shuffleQuery(w *Workload, r *rules) Query {
	return Query{
		Name: shuffleName,
		Process: &Process{
			Name:       shuffleName,
			Reads:      []string{"high", "low"},
			Keys:       r.matching,
			Plain:      r.matchingOneByOne,
			StateWords: shuffleWords,
			Step:       shuffleStep,
			End:        shuffleEnd,
			Parts:      "count",
		},
		BoundMs: w.Timeline.BoundMs,
		Output: Output{
			Kind:   Additive,
			Fields: resultFields([]string{"rule"}, "count", "sum"),
		},
	}
}

// shuffleStep counts a match; the tenth makes the rule answer and start anew.
func shuffleStep(state []int64, e ProcessEvent, out []int64) ([]int64, int64) {
	if state[shuffleCount] == 0 {
		state[shuffleFirst] = e.TS
	}
	state[shuffleCount]++
	state[shuffleSum] += e.Values[shuffleHigh]
	state[shuffleLast] = e.TS
	if state[shuffleCount] == shuffleBatch {
		out = shuffleEnd(state, e.Key, out)
		clear(state)
	}
	return out, 0
}

// shuffleEnd answers with what has matched since the last answer.
func shuffleEnd(state []int64, rule int64, out []int64) []int64 {
	if state[shuffleCount] == 0 {
		return out
	}
	return append(out, rule, state[shuffleCount], state[shuffleSum])
}

type shuffleGenerator struct{ calendar calendar }

func (g *shuffleGenerator) Fill(b *Batch, s Slots) {
	seq := g.calendar.fill(b, s)
	key := g.calendar.key
	for col, dst := range b.Cols[:shuffleText] {
		for i := range min(len(dst), len(seq)) {
			dst[i] = int64(key.draw(uint64(seq[i]), uint64(col)))
		}
	}
	dst := b.Cols[shuffleText]
	key.fillBelow(dst, seq, 2, extraSpan)
	for i := range min(len(dst), len(seq)) {
		dst[i] = span(uint64(dst[i]), shuffleRest)
	}
}
