package workloads

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// streams are settings that reach every law of the generators.
var streams = []struct {
	workload string
	rate     uint64
	params   map[string]string
}{
	{iotName, 100_000, map[string]string{"keys": "1000"}},
	{iotName, 7, map[string]string{"keys": "1", "groups": "1000", "disorder": "0ms"}},
	{iotName, 1_500_000, map[string]string{"groups": "64", "disorder": "500k:1ms:1m"}},
	{ysbName, 10_000, nil},
	{ysbName, 333, map[string]string{"skew": "true", "disorder": "100ms", "groups": "100"}},
	{nexmarkName, 10_000, nil},
	{nexmarkName, 999, map[string]string{"query": "q0", "disorder": "100000:3s:3s",
		"groups": "50"}},
	{clickstreamName, 1000, nil},
	{clickstreamName, 100, map[string]string{"profile": "lateness", "groups": "10"}},
	{ordersName, 100, nil},
	{ordersName, 10_000, map[string]string{"groups": "100"}},
}

func eachStream(t *testing.T, fn func(t *testing.T, w *Workload)) {
	for _, s := range streams {
		name := fmt.Sprintf("%s %d %v", s.workload, s.rate, s.params)
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			fn(t, newWorkload(t, s.workload, s.rate, s.params))
		})
	}
}

// events are the binary forms of the events of slots, in their order.
func events(w *Workload, b *Batch, g Generator, s Slots) []string {
	codec := BinaryCodec(w.Schema)
	var out []string
	for s.N > 0 {
		n := min(s.N, b.Cap())
		g.Fill(b, Slots{First: s.First, Step: s.Step, N: n})
		for row := range b.N {
			out = append(out, string(codec.Append(nil, b, row)))
		}
		s.First += uint64(n) * s.Step
		s.N -= n
	}
	return out
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("event %d differs:\n got %q\nwant %q", i, got[i], want[i])
		}
	}
}

const someEvents = 5000

func TestOneSeedIsOneStream(t *testing.T) {
	eachStream(t, func(t *testing.T, w *Workload) {
		tmpl, _ := Find(w.Name)
		again, err := tmpl.New(w.Settings)
		if err != nil {
			t.Fatal(err)
		}
		all := Slots{First: 0, Step: 1, N: someEvents}
		want := events(w, NewBatch(w.Schema, 1024), w.Events(), all)
		compare(t, events(again, NewBatch(w.Schema, 77), again.Events(), all), want)
		other := w.Settings
		other.Seed++
		third, err := tmpl.New(other)
		if err != nil {
			t.Fatal(err)
		}
		same := 0
		for i, e := range events(third, NewBatch(w.Schema, 1024), third.Events(), all) {
			if e == want[i] {
				same++
			}
		}
		if same > someEvents/100 {
			t.Errorf("another seed repeats %d of %d events", same, someEvents)
		}
	})
}

func TestShardsGiveTheSameStream(t *testing.T) {
	eachStream(t, func(t *testing.T, w *Workload) {
		want := events(w, NewBatch(w.Schema, 512), w.Events(), Slots{0, 1, someEvents})
		for shards := 1; shards <= 8; shards++ {
			got := make([]string, someEvents)
			for m := range shards {
				n := (someEvents - m + shards - 1) / shards
				part := events(w, NewBatch(w.Schema, 300), w.Events(),
					Slots{uint64(m), uint64(shards), n})
				for i, e := range part {
					got[m+i*shards] = e
				}
			}
			compare(t, got, want)
		}
	})
}

func TestASeekFindsWhatIterationFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	eachStream(t, func(t *testing.T, w *Workload) {
		want := events(w, NewBatch(w.Schema, 512), w.Events(), Slots{0, 1, someEvents})
		one, g := NewBatch(w.Schema, 1), w.Events()
		for range 300 {
			slot := rng.Uint64N(someEvents)
			compare(t, events(w, one, g, Slots{slot, 1, 1}), want[slot:slot+1])
		}
		// Far from the start the running quotient of a batch still is the division's.
		far := uint64(1e15) + rng.Uint64N(1e15)
		long := events(w, NewBatch(w.Schema, 1000), g, Slots{far, 3, 1000})
		for range 20 {
			i := rng.Uint64N(1000)
			compare(t, events(w, one, g, Slots{far + 3*i, 1, 1}), long[i:i+1])
		}
	})
}

func TestGroupsOnlyChangeTheOrder(t *testing.T) {
	for _, groups := range []string{"2", "1000", "954"} {
		plain := newWorkload(t, iotName, 1000, map[string]string{"keys": "100"})
		mixed := newWorkload(t, iotName, 1000, map[string]string{"keys": "100", "groups": groups})
		n := int(mixed.Timeline.Groups) * 3
		want := events(plain, NewBatch(plain.Schema, 100), plain.Events(), Slots{0, 1, n})
		moved := 0
		for slot, e := range events(mixed, NewBatch(plain.Schema, 100), mixed.Events(),
			Slots{0, 1, n}) {
			if event := mixed.Timeline.Event(uint64(slot)); e != want[event] {
				t.Fatalf("groups of %s: slot %d is not event %d", groups, slot, event)
			} else if event != uint64(slot) {
				moved++
			}
		}
		if groups != "2" && moved < n/2 {
			t.Errorf("groups of %s move %d of %d events", groups, moved, n)
		}
	}
}

// TestABatchGetsTheColumnsItHas asks for every column alone and for none.
func TestABatchGetsTheColumnsItHas(t *testing.T) {
	eachStream(t, func(t *testing.T, w *Workload) {
		full := NewBatch(w.Schema, 500)
		w.Events().Fill(full, Slots{10, 1, 500})
		for col := -1; col < w.Schema.Width(); col++ {
			b := NewBatchOf(w.Schema, []int{col}, 500)
			w.Events().Fill(b, Slots{10, 1, 500})
			for row := range b.N {
				if b.Seq[row] != full.Seq[row] || b.TS[row] != full.TS[row] {
					t.Fatalf("column %d: row %d has another number or time", col, row)
				}
				if col >= 0 && holds(w.Schema, full, col, row) &&
					b.Cols[col][row] != full.Cols[col][row] {
					t.Fatalf("column %d alone: row %d is %d, not %d", col, row,
						b.Cols[col][row], full.Cols[col][row])
				}
			}
		}
	})
}

// holds says whether a column belongs to the variant of a row.
func holds(s Schema, b *Batch, col, row int) bool {
	if s.Tag == "" || col == 0 {
		return true
	}
	v := int(b.Cols[0][row])
	return col >= s.Offset(v) && col < s.Offset(v)+len(s.Variants[v].Fields)
}

func TestGeneratingDoesNotAllocate(t *testing.T) {
	eachStream(t, func(t *testing.T, w *Workload) {
		for _, b := range []*Batch{NewBatch(w.Schema, 256), NewBatchOf(w.Schema, []int{2}, 256)} {
			g := w.Events()
			at := uint64(0)
			if n := testing.AllocsPerRun(20, func() {
				g.Fill(b, Slots{at, 1, 256})
				at += 256
			}); n != 0 {
				t.Errorf("%v allocations a batch", n)
			}
		}
	})
}

// TestDelaysStayWithinTheirRange checks the law of disorder against the place of each event.
func TestDelaysStayWithinTheirRange(t *testing.T) {
	w := newWorkload(t, iotName, 10_000, map[string]string{"disorder": "250k:10ms:19ms"})
	var delays [20]int
	const n = 200_000
	scan(w, n, func(b *Batch) {
		for row := range b.N {
			delays[w.Timeline.PlaceMs(uint64(b.Seq[row]))-b.TS[row]]++
		}
	})
	for d, count := range delays {
		want := map[bool]int{true: n / 40, false: 0}[d >= 10]
		if d == 0 {
			want = n * 3 / 4
		}
		if off := count - want; off*off > 50*want {
			t.Errorf("%d events delayed by %d ms, want about %d", count, d, want)
		}
	}
}

// TestNoEventTimeLiesFurtherAheadThanTheLead is what the search for triggers relies on.
func TestNoEventTimeLiesFurtherAheadThanTheLead(t *testing.T) {
	eachStream(t, func(t *testing.T, w *Workload) {
		scan(w, 100_000, func(b *Batch) {
			for row := range b.N {
				if place := w.Timeline.PlaceMs(uint64(b.Seq[row])); b.TS[row] > place+
					w.Timeline.LeadMs {
					t.Fatalf("event %d at %d is placed at %d, lead %d", b.Seq[row], b.TS[row],
						place, w.Timeline.LeadMs)
				}
			}
		})
	})
}

func TestNexmarkReferencesPointAtWhatExists(t *testing.T) {
	w := newWorkload(t, nexmarkName, 10_000, nil)
	const n = 200_000
	scan(w, n, func(b *Batch) {
		for row := range b.N {
			p, a, tag := newestOf(uint64(b.Seq[row]))
			check := func(what string, id, newest int64, unborn int64) {
				if id < firstID || id > firstID+newest+unborn {
					t.Fatalf("event %d: %s %d, newest %d", b.Seq[row], what, id, newest)
				}
			}
			switch tag {
			case auctionTag:
				check("seller", b.Cols[auctionSeller][row], int64(p), unbornPeople)
				if b.Cols[auctionExpires][row] <= b.TS[row] ||
					b.Cols[auctionReserve][row] <= b.Cols[auctionInitialBid][row] {
					t.Fatalf("auction %d ends before it begins", b.Seq[row])
				}
			case bidTag:
				check("auction", b.Cols[bidAuction][row], int64(a), unbornAuctions)
				check("bidder", b.Cols[bidBidder][row], int64(p), unbornPeople)
			}
		}
	})
}

func TestNexmarkTextsHaveTheirSizes(t *testing.T) {
	w := newWorkload(t, nexmarkName, 10_000, nil)
	codec := BinaryCodec(w.Schema)
	var sizes, counts [3]int
	var buf []byte
	scan(w, 50_000, func(b *Batch) {
		for row := range b.N {
			tag := b.Cols[nexmarkType][row]
			buf = codec.Append(buf[:0], b, row)
			var fields int
			for i, f := range w.Schema.Variants[tag].Fields {
				if f.Kind == Text {
					text := string(f.Text(nil, b.Cols[w.Schema.Offset(int(tag))+i][row]))
					if strings.TrimSpace(text) != text || strings.Contains(text, "\x00") {
						t.Fatalf("event %d: %s %q", b.Seq[row], f.Name, text)
					}
					fields += len(text)
				}
			}
			sizes[tag] += fields
			counts[tag]++
		}
	})
	// Strings alone: 200 and 500 bytes less the integers; bids have channel and url beside extra.
	for tag, want := range []int{170, 450, 145} {
		if mean := sizes[tag] / counts[tag]; mean < want-15 || mean > want+15 {
			t.Errorf("%s: %d bytes of text, want about %d", w.Schema.Variants[tag].Name, mean, want)
		}
	}
}

// TestTextsFollowTheirLaw renders the texts of events anew, from draws and rendered strings alone.
func TestTextsFollowTheirLaw(t *testing.T) {
	w := newWorkload(t, nexmarkName, 10_000, nil)
	pool, key := newPools(1), newStreamKey(1, nexmarkName)
	str := func(x, max uint64) string {
		o := below(mix64(x), 1<<20-128)
		return strings.Trim(string(pool.words[o:o+3+below(x, max-3)]), " ")
	}
	padding := func(x uint64, size, want int) string {
		if size > want {
			return ""
		}
		rest := want - size
		fifth := (2*rest + 5) / 10
		n := rest - fifth
		if fifth > 0 {
			n += int(below(x, uint64(2*fifth)))
		}
		o := below(mix64(x), 1<<20-1024)
		return string(pool.letters[o : o+uint64(n)])
	}
	b, g, codec := NewBatch(w.Schema, 1), w.Events(), JSONCodec(w.Schema)
	for n := range uint64(5000) {
		g.Fill(b, Slots{n, 1, 1})
		var got map[string]any
		if err := json.Unmarshal(codec.Append(nil, b, 0), &got); err != nil {
			t.Fatal(err)
		}
		U := func(d uint64) uint64 { return key.draw(n, d) }
		want := map[string]string{}
		switch b.Cols[nexmarkType][0] {
		case personTag:
			want["emailAddress"] = str(U(2), 7) + "@" + str(U(3), 5) + ".com"
			want["creditCard"] = fmt.Sprintf("%04d %04d %04d %04d", below(U(4), 10000),
				below(U(5), 10000), below(U(6), 10000), below(U(7), 10000))
			size := 8
			for _, f := range []string{"name", "emailAddress", "creditCard", "city", "state"} {
				size += len(got[f].(string))
			}
			want["extra"] = padding(U(10), size, 200)
		case auctionTag:
			want["itemName"], want["description"] = str(U(5), 20), str(U(6), 100)
			want["extra"] = padding(U(8), 48+len(want["itemName"])+len(want["description"]), 500)
		case bidTag:
			want["channel"] = fmt.Sprint("channel-", below(U(6), 10_000))
			if below(U(5), 2) > 0 {
				want["channel"] = nexmarkHotChannels[below(U(6), 4)]
			}
			want["extra"] = padding(U(7), 32, 100)
		}
		for field, text := range want {
			if got[field] != text {
				t.Fatalf("event %d: %s = %q, want %q", n, field, got[field], text)
			}
		}
	}
}

// TestWireFormOfKnownEvents holds the bytes of a few events of seed 1.
func TestWireFormOfKnownEvents(t *testing.T) {
	for _, c := range []struct {
		workload string
		n        uint64
		json     string
	}{
		{iotName, 0, `{"seq":0,"ts":1767225600000,"sensor":458,"site":58,"milli_c":19438,` +
			`"humidity":314,"battery":74}`},
		{nexmarkName, 4, `{"seq":4,"ts":1767225600000,"type":2,"auction":1008,"bidder":1001,` +
			`"price":39628,"channel":"Baidu",` +
			`"url":"https://www.nexmark.com/bgbe/gbh/ldg/item.htm?query=1",` +
			`"dateTime":1767225600000,` +
			`"extra":"wltfeslkkwimcgqbungxleucwaekbsceoqufesqnkzpxrpsqmoolsemaipw"}`},
		{nexmarkName, 5, `{"seq":5,"ts":1767225600000,"type":2,"auction":1000,"bidder":1001,` +
			`"price":4550032,"channel":"channel-2155",` +
			`"url":"https://www.nexmark.com/wwic/wkc/xyr/item.htm?query=1` +
			`&channel_id=1443889152","dateTime":1767225600000,` +
			`"extra":"ozmwsuwqxylokfdxpyiifdhhudcdmqmjnfsszthgvfnbamqlahfpkzmaapsyanzvfqlkuxr"}`},
		{ysbName, 0, `{"seq":0,"ts":1767225600000,` +
			`"user_id":"af588740-b0f1-ec97-8022-e19580e16d5a",` +
			`"page_id":"a1b33016-4005-032e-fa4f-6deab12c9285",` +
			`"ad_id":"5f26b765-2332-2dc1-8ceb-69af630428d8","ad_type":"modal",` +
			`"event_type":"view","event_time":1767225600000,"ip_address":"1.2.3.4"}`},
	} {
		params := map[string]string{}
		if c.workload == iotName {
			params["keys"] = "1000"
		}
		w := newWorkload(t, c.workload, 10_000, params)
		b := NewBatch(w.Schema, 1)
		w.Events().Fill(b, Slots{c.n, 1, 1})
		if got := string(JSONCodec(w.Schema).Append(nil, b, 0)); got != c.json {
			t.Errorf("%s, event %d:\n got %s\nwant %s", c.workload, c.n, got, c.json)
		}
	}
}
