package workloads

import (
	"context"
	"testing"
)

const goldenOrders = 2_000_000

// TestOrdersAreTheGoldenOnes holds results and the set of events that come too late.
func TestOrdersAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, ordersName, 10_000, nil)
	count, digest, err := w.Answer(context.Background(), goldenOrders)
	if err != nil {
		t.Fatal(err)
	}
	if count != 20995 || digest != "1bd730e4fa7e1e38" {
		t.Errorf("results %d %s, want 20995 1bd730e4fa7e1e38", count, digest)
	}
}

// TestOrdersThatAreTooLateAreTheGoldenOnes finds them without any window: a watermark of the whole
// stream, and the rule that a window is dropped once it has passed its end, bound and lateness. The
// events planted to be in time, late and too late are counted beside; of those planted late some
// still find their window open.
func TestOrdersThatAreTooLateAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, ordersName, 10_000, nil)
	n, sum, top := 0, uint64(0), int64(0)
	var met Lateness
	var planted [3]int
	scan(w, goldenOrders, func(b *Batch) {
		for i, ts := range b.TS[:b.N] {
			delay := w.Timeline.PlaceMs(uint64(b.Seq[i])) - ts
			switch {
			case delay >= 60_000:
				planted[2]++
			case delay >= 2000:
				planted[1]++
			default:
				planted[0]++
			}
			switch end := ts/10_000*10_000 + 10_000; {
			case top >= end+1000+30_000:
				met.TooLate++
				n++
				row := []int64{b.Seq[i], b.Cols[orderRegion][i], b.Cols[orderAmount][i], ts}
				sum += fnv1a64(Line(nil, row))
				if delay < 60_000 {
					t.Fatalf("event %d, %d ms late, is too late", b.Seq[i], delay)
				}
			case top >= end+1000:
				met.Allowed++
			default:
				met.OnTime++
			}
			top = max(top, ts)
		}
	})
	checkSet(t, n, sum, "19187 a85ec15accef7216")
	if planted != [3]int{1942660, 38153, 19187} {
		t.Errorf("planted in time, late, too late: %v", planted)
	}
	got, err := w.Expect(context.Background(), goldenOrders, func(*Expected) error { return nil })
	if err != nil || got != met || met != (Lateness{1951280, 29533, 19187}) {
		t.Errorf("the oracle has %+v (%v), a plain scan %+v", got, err, met)
	}
}
