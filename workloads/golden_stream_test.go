package workloads

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func newWorkload(t testing.TB, name string, rate uint64, params map[string]string) *Workload {
	t.Helper()
	tmpl, ok := Find(name)
	if !ok {
		t.Fatalf("no workload %q", name)
	}
	values, errs := tmpl.Resolve(params)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	w, err := tmpl.New(Settings{Seed: 1, EventRate: rate, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// scan calls fn with batches of events 0..n-1.
func scan(w *Workload, n int, fn func(b *Batch)) {
	b, g := NewBatch(w.Schema, 1000), w.Events()
	for at := 0; at < n; at += b.N {
		g.Fill(b, Slots{First: uint64(at), Step: 1, N: min(1000, n-at)})
		fn(b)
	}
}

func TestDrawsAreTheGoldenOnes(t *testing.T) {
	key := newStreamKey(1, "nexmark")
	for what, pair := range map[string][2]uint64{
		"key":        {uint64(key), 0x5d9b6eefaadaec1a},
		"U(0,0)":     {key.draw(0, 0), 0xa03f8d727ce37d13},
		"U(0,1)":     {key.draw(0, 1), 0xb35604cd44ba9513},
		"U(1,0)":     {key.draw(1, 0), 0xacddfc9847054e20},
		"U(10^9,63)": {key.draw(1e9, 63), 0xfdaebc6f0ee1f6ee},
		"price of a": {uint64(logPowers.price(key.draw(0, 0))), 569926},
		"price of 0": {uint64(logPowers.price(0)), 100},
		"price, mid": {uint64(logPowers.price(1 << 63)), 100_000},
		"price, top": {uint64(logPowers.price(1<<64 - 1)), 100_000_000},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %x, want %x", what, pair[0], pair[1])
		}
	}
	if got := string(newPools(1).letters[:32]); got != "fuxbyigxlmwlglahnrzyjfjhziubyakp" {
		t.Errorf("pool starts %s", got)
	}
	sum := sha256.Sum256(logPriceBin)
	if got := hex.EncodeToString(sum[:]); got !=
		"dad9b8c11db71b48ec8585a2fa10bc51552d85adc70dca89a00c614a98c14855" {
		t.Errorf("tables of powers: SHA-256 %s", got)
	}
}

func TestIoTEventsAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, iotName, 100_000, map[string]string{"keys": "1000"})
	b := NewBatch(w.Schema, 2)
	w.Events().Fill(b, Slots{First: 0, Step: 1, N: 2})
	for n, want := range [][2]int64{{458, 19438}, {917, 21899}} {
		if got := [2]int64{b.Cols[iotSensor][n], b.Cols[iotMilliC][n]}; got != want {
			t.Errorf("event %d: sensor, milli_c = %v, want %v", n, got, want)
		}
	}
}

// TestIoTResultsAreTheGoldenOnes folds the stream through a map, windows in event time being
// independent of the order of events as long as none is late.
func TestIoTResultsAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, iotName, 100_000, map[string]string{"keys": "1000"})
	type group struct{ sensor, window int64 }
	results := map[group]*[3]int64{}
	scan(w, 1_000_000, func(b *Batch) {
		for i := range b.N {
			k := group{b.Cols[iotSensor][i], b.TS[i] / 10_000 * 10_000}
			if results[k] == nil {
				results[k] = &[3]int64{2: b.Cols[iotMilliC][i]}
			}
			r := results[k]
			r[0] += b.Cols[iotMilliC][i]
			r[1]++
			r[2] = max(r[2], b.Cols[iotMilliC][i])
		}
	})
	var sum uint64
	for k, r := range results {
		sum += fnv1a64(Line(nil, []int64{k.sensor, k.window, r[0], r[1], r[2]}))
	}
	checkSet(t, len(results), sum, "1637 6f8c3f0af890b059")
}

func checkSet(t *testing.T, n int, sum uint64, want string) {
	t.Helper()
	if got := fmt.Sprintf("%d %016x", n, sum); got != want {
		t.Errorf("results %s, want %s", got, want)
	}
}

func TestYSBResultsAreTheGoldenOnes(t *testing.T) {
	for skew, want := range map[string]string{
		"false": "1000 f8a22c6b71d28af5",
		"true":  "1066 9d50d84b3a786f2e",
	} {
		w := newWorkload(t, ysbName, 10_000, map[string]string{"skew": skew})
		views, results := 0, map[[2]int64]int64{}
		scan(w, 1_000_000, func(b *Batch) {
			for i := range b.N {
				if b.Cols[ysbEventType][i] == 0 {
					views++
					campaign := w.Query.Lookup.Table[b.Cols[ysbAd][i]]
					results[[2]int64{campaign, b.TS[i] / 10_000 * 10_000}]++
				}
			}
		})
		var sum uint64
		for k, count := range results {
			sum += fnv1a64(Line(nil, []int64{k[0], k[1], count}))
		}
		if views != 333_664 {
			t.Errorf("skew %s: %d views, want 333664", skew, views)
		}
		checkSet(t, len(results), sum, want)
	}
}

func TestNexmarkEventsAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, nexmarkName, 10_000, nil)
	b, g := NewBatch(w.Schema, 1), w.Events()
	for _, c := range []struct {
		n      uint64
		fields string
	}{
		{0, "id=1000 name=Kate Smith city=San Francisco state=WY"},
		{1, fmt.Sprint("id=1000 seller=1000 category=12 initialBid=181 reserve=13203 expires=",
			EpochMs+324)},
		{4, "auction=1008 bidder=1001 price=39628"},
		{999_999, fmt.Sprint("auction=60934 bidder=20440 price=1990 dateTime=", EpochMs+99_999)},
	} {
		g.Fill(b, Slots{First: c.n, Step: 1, N: 1})
		got := ""
		variant := int(b.Cols[nexmarkType][0])
		for i, f := range w.Schema.Variants[variant].Fields {
			v := b.Cols[w.Schema.Offset(variant)+i][0]
			switch f.Name {
			case "name", "city", "state":
				got += fmt.Sprintf(" %s=%s", f.Name, f.Dict[v])
			case "seller", "category", "initialBid", "reserve", "expires", "auction", "bidder",
				"price":
				got += fmt.Sprintf(" %s=%d", f.Name, v)
			case "id":
				got += fmt.Sprintf(" id=%d", v)
			case "dateTime":
				if c.n == 999_999 {
					got += fmt.Sprintf(" dateTime=%d", v)
				}
			}
		}
		if got := canonicalWords(got); got != canonicalWords(c.fields) {
			t.Errorf("event %d: %s, want %s", c.n, got, c.fields)
		}
	}
}

// canonicalWords sorts name=value words, so that the order of fields does not matter.
func canonicalWords(s string) string {
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// TestNexmarkAnswersAreTheGoldenOnes answers the queries that need no state, event by event.
func TestNexmarkAnswersAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, nexmarkName, 10_000, nil)
	var counts [3]int
	var q0, q1, q2 uint64
	selected := 0
	var line []byte
	hash := func(row ...int64) uint64 {
		q := Query{Output: Output{Fields: make([]ResultField, len(row))}}
		line = Line(line[:0], row[:q.LineWidth()])
		return fnv1a64(line)
	}
	scan(w, 1_000_000, func(b *Batch) {
		for i := range b.N {
			counts[b.Cols[nexmarkType][i]]++
			if b.Cols[nexmarkType][i] != bidTag {
				continue
			}
			a, bidder, p := b.Cols[bidAuction][i], b.Cols[bidBidder][i], b.Cols[bidPrice][i]
			q0 += hash(b.Seq[i], a, bidder, p, b.TS[i])
			q1 += hash(b.Seq[i], a, bidder, 908*p, b.TS[i])
			if a%123 == 0 {
				selected++
				q2 += hash(b.Seq[i], a, p)
			}
		}
	})
	if counts != [3]int{20_000, 60_000, 920_000} {
		t.Errorf("people, auctions, bids: %v", counts)
	}
	checkSet(t, counts[bidTag], q0, "920000 1c23f11ec9eda844")
	checkSet(t, counts[bidTag], q1, "920000 cac0a04660023c42")
	checkSet(t, selected, q2, "6799 9dd959f1d0325f7a")
}
