package workloads

import (
	"bytes"
	"encoding/json"
	"testing"
)

// poisoned calls fn with the wire form of events 0..n-1 of which Spoil has damaged some.
func poisoned(w *Workload, n int, fn func(seq uint64, event []byte, spoilt bool)) {
	codec := JSONCodec(w.Schema)
	buf := []byte("what stands before an event stays as it is")
	from := len(buf)
	scan(w, n, func(b *Batch) {
		for row := range b.N {
			seq := uint64(b.Seq[row])
			var spoilt bool
			buf, spoilt = w.Spoil(codec.Append(buf[:from], b, row), from, seq)
			fn(seq, buf[from:], spoilt)
		}
	})
}

// TestMalformedEventsAreTheGoldenOnes tells the kinds of damage apart by what is left of an event.
func TestMalformedEventsAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, poisonName, 100_000, map[string]string{"keys": "1000"})
	clean := newWorkload(t, iotName, 100_000, map[string]string{"keys": "1000"})
	codec, b, g := JSONCodec(clean.Schema), NewBatch(clean.Schema, 1), clean.Events()
	var kinds [damages]int
	poisoned(w, 1_000_000, func(seq uint64, event []byte, spoilt bool) {
		g.Fill(b, Slots{First: seq, Step: 1, N: 1})
		whole := codec.Append(nil, b, 0)
		reason := w.reason(seq)
		if spoilt != (reason != 0) || spoilt == bytes.Equal(event, whole) {
			t.Fatalf("event %d: said to be spoilt %v: %.200s", seq, spoilt, event)
		}
		if !spoilt {
			return
		}
		if (reason == TooLarge) != (len(event) > w.Query.MaxEventB) {
			t.Errorf("event %d of %d bytes: reason %d", seq, len(event), reason)
		}
		switch {
		case len(event) == 1<<20 && bytes.Equal(bytes.TrimRight(event, " "), whole):
			kinds[4]++
		case bytes.Equal(bytes.Replace(event, []byte{0xff}, nil, 1), whole) && event[1] == 0xff:
			kinds[3]++
		case len(event) == len(whole)/2 && bytes.HasPrefix(whole, event):
			kinds[0]++
		case bytes.Contains(event, []byte(`,"milli_c":"`)) && json.Valid(event):
			kinds[1]++
		case !bytes.Contains(event, []byte(`sensor`)) && json.Valid(event):
			kinds[2]++
		default:
			t.Errorf("event %d is spoilt in an unknown way: %.200s", seq, event)
		}
	})
	if kinds != [damages]int{20, 23, 26, 18, 19} {
		t.Errorf("malformed by kind %v", kinds)
	}
}

// TestNobodyCanReadAMalformedEvent holds the codec to it, and a decoder of another make.
func TestNobodyCanReadAMalformedEvent(t *testing.T) {
	w := newWorkload(t, poisonName, 100_000, map[string]string{"keys": "1000", "malformed": "50"})
	codec, b := JSONCodec(w.Schema), NewBatch(w.Schema, 1)
	refused := map[damage]int{}
	poisoned(w, 20_000, func(seq uint64, event []byte, spoilt bool) {
		var other struct {
			Seq, Sensor *int64
			MilliC      *int64 `json:"milli_c"`
		}
		errOther := json.Unmarshal(event, &other)
		readable := errOther == nil && other.Sensor != nil && other.MilliC != nil &&
			len(event) <= w.Query.MaxEventB
		err := codec.Decode(event, b, 0)
		kind := (&poison{key: newStreamKey(1, poisonName), every: 50}).damage(seq)
		switch {
		case readable == spoilt:
			t.Fatalf("event %d, spoilt %v, is read as %+v", seq, spoilt, other)
		case spoilt && kind == padded:
			if len(event) <= w.Query.MaxEventB {
				t.Fatalf("event %d has %d bytes", seq, len(event))
			}
			refused[kind]++
		case spoilt != (err != nil):
			t.Fatalf("event %d, spoilt %v: %v: %.200s", seq, spoilt, err, event)
		case spoilt:
			refused[kind]++
		}
	})
	if len(refused) != int(damages) {
		t.Errorf("refused by kind: %v", refused)
	}
}

// A stream without malformed events is what the throughput of one with them is compared with.
func TestTheCleanTwinHasTheSameEvents(t *testing.T) {
	w := newWorkload(t, poisonName, 1000, nil)
	twin := newWorkload(t, poisonName, 1000, map[string]string{"malformed": "0"})
	if twin.Spoil != nil || w.Spoil == nil {
		t.Error("the twin spoils its events, or the workload does not")
	}
	all := Slots{First: 0, Step: 1, N: 1000}
	compare(t, events(w, NewBatch(w.Schema, 100), w.Events(), all),
		events(twin, NewBatch(w.Schema, 100), twin.Events(), all))
}
