package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Events come back in order of time, all of them and each once, however far apart they lie: within
// the wheel's reach, beyond it, or brought into it one by one.
func TestMomentsComeBackInOrderOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := arena{batchRows: 64}
		defer a.close()
		m, err := newMoments(&a, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		var waiting []int64
		spread := rapid.SampledFrom([]int64{3, leastPlaces, 5 * leastPlaces}).Draw(t, "spread")
		watermark, seq := int64(-40), int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			for range rapid.IntRange(0, 50).Draw(t, "events") {
				ts := watermark + rapid.Int64Range(0, spread).Draw(t, "ts")
				m.hang(&block{
					key: []int64{ts + 1}, ts: []int64{ts}, seq: []int64{seq}, values: [][]int64{{ts + 2}},
				}, 0)
				waiting = append(waiting, ts)
				seq++
			}
			slices.Sort(waiting)
			watermark += rapid.Int64Range(0, 2*spread).Draw(t, "advance")
			for ms, ok := m.next(watermark); ok; ms, ok = m.next(watermark) {
				m.take(func(events []int64) {
					for ; len(events) > 0; events = events[m.stride:] {
						if ts := waiting[0]; events[eventTS] != ts || ms != ts ||
							events[eventKey] != ts+1 || events[eventValues] != ts+2 {
							t.Fatalf("at %d: event %v, want that of %d", ms, events[:m.stride], ts)
						}
						waiting = waiting[1:]
					}
				})
			}
			if len(waiting) > 0 && waiting[0] < watermark || m.near+m.far != len(waiting) {
				t.Fatalf("watermark %d: %v wait, of which moments know %d and %d", watermark, waiting,
					m.near, m.far)
			}
		}
		if hooks := a.used / uint64(8*m.hooks.piece); len(waiting) == 0 && hooks > 0 {
			t.Fatalf("%d hooks are not freed", hooks)
		}
	})
}
