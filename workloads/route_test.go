package workloads

import (
	"slices"
	"testing"
)

func TestEveryEventHasAPartitionThatItsKeyAloneDecides(t *testing.T) {
	const partitions = 8
	for _, template := range Catalog {
		w := newWorkload(t, template.Name, 10_000, nil)
		r, seen := w.NewRouter(partitions), map[string]int{}
		var counts [partitions]int
		scan(w, 20_000, func(b *Batch) {
			for row := range b.N {
				key, p := r.Route(nil, b, row)
				if was, ok := seen[string(key)]; ok && was != p {
					t.Fatalf("%s: key %q in partitions %d and %d", w.Name, key, was, p)
				}
				seen[string(key)] = p
				counts[p]++
			}
		})
		if len(seen) > 100 && slices.Min(counts[:]) == 0 {
			t.Errorf("%s: %d keys leave a partition empty: %v", w.Name, len(seen), counts)
		}
	}
}

func TestPartitionsAreTheDocumentedOnes(t *testing.T) {
	// below(mix64(key), 8), the key of an integer being itself and of a string its FNV-1a hash.
	iot := newWorkload(t, "iot-telemetry", 10_000, nil)
	b := NewBatch(iot.Schema, 1)
	for _, c := range []struct {
		sensor    int64
		key       string
		partition int
	}{
		{0, "\x00\x00\x00\x00\x00\x00\x00\x00", int(below(mix64(0), 8))},
		{258, "\x02\x01\x00\x00\x00\x00\x00\x00", int(below(mix64(258), 8))},
	} {
		b.Cols[0][0] = c.sensor
		if key, p := iot.NewRouter(8).Route(nil, b, 0); string(key) != c.key || p != c.partition {
			t.Errorf("sensor %d: key %q, partition %d", c.sensor, key, p)
		}
	}
	ysb := newWorkload(t, "ysb", 10_000, nil)
	b = NewBatch(ysb.Schema, 1)
	b.Cols[ysbAd][0] = 7
	ad := ysb.Schema.Variants[0].Fields[ysbAd].Dict[7]
	key, p := ysb.NewRouter(8).Route(nil, b, 0)
	if string(key) != ad || p != int(below(mix64(fnv1a64(ad)), 8)) {
		t.Errorf("ad %s: key %q, partition %d", ad, key, p)
	}
}

func TestAnEndEventEndsEveryWindowAndReadsBack(t *testing.T) {
	for _, template := range Catalog {
		w := newWorkload(t, template.Name, 10_000, nil)
		b := NewBatch(w.Schema, 1)
		q := w.Query
		ts := w.EndTS(1000)
		w.FillEnd(b, 0, ts)
		if ts < 1000+max(q.Window.SizeMs, q.Window.GapMs)+q.BoundMs+q.LatenessMs {
			t.Errorf("%s: the end comes at %d", w.Name, ts)
		}
		for _, form := range []string{BinaryForm, JSONForm} {
			c, err := NewCodec(w.Schema, form)
			if err != nil {
				t.Fatal(err)
			}
			got := NewBatch(w.Schema, 1)
			if err := c.Decode(c.Append(nil, b, 0), got, 0); err != nil || got.Seq[0] != -1 ||
				got.TS[0] != ts {
				t.Errorf("%s, %s: %d at %d: %v", w.Name, form, got.Seq[0], got.TS[0], err)
			}
		}
	}
}
