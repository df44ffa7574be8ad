package workloads

import "testing"

func TestKarimovEventsAreTheGoldenOnes(t *testing.T) {
	w := newWorkload(t, karimovName, 100_000, nil)
	b := NewBatch(w.Schema, 2)
	w.Events().Fill(b, Slots{Step: 1, N: 2})
	c := b.Cols
	if c[karimovType][0] != purchaseTag || c[purchaseUser][0] != 30691 || c[purchasePack][0] != 496 ||
		c[purchasePrice][0] != 2515 {
		t.Errorf("event 0 is of type %d: user %d, pack %d, price %d", c[karimovType][0],
			c[purchaseUser][0], c[purchasePack][0], c[purchasePrice][0])
	}
	if c[karimovType][1] != adTag || c[adUser][1] != 43233 || c[adPack][1] != 518 {
		t.Errorf("event 1 is of type %d: user %d, pack %d", c[karimovType][1], c[adUser][1],
			c[adPack][1])
	}
}

// Keys are normal: a standard deviation of an eighth of them around the middle.
func TestKarimovKeysAreNormal(t *testing.T) {
	w := newWorkload(t, karimovName, 100_000, nil)
	const events = 100_000
	var within [4]int
	scan(w, events, func(b *Batch) {
		for i := range b.N {
			off := b.Cols[purchaseUser][i] - karimovUsers/2
			for sigmas := range int64(len(within)) {
				if max(off, -off) <= sigmas*karimovUsers/8 {
					within[sigmas]++
				}
			}
		}
	})
	for sigmas, want := range []float64{0, 0.6827, 0.9545, 0.9973} {
		if got := float64(within[sigmas]) / events; got < want-0.005 || got > want+0.005 {
			t.Errorf("%.4f of the keys within %d standard deviations, want %.4f", got, sigmas, want)
		}
	}
}
