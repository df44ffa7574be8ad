package workloads

// calendar numbers events and dates them: the part of a generator every workload shares.
type calendar struct {
	timeline Timeline
	key      streamKey
	disorder Disorder
}

// Draws every workload keeps for the delay of an event.
const (
	delayedDraw = 60
	delayDraw   = 61
)

// fill writes seq and ts of the slots and sets b.N. It returns the event numbers.
func (c *calendar) fill(b *Batch, s Slots) []int64 {
	b.N = s.N
	seq, ts := b.Seq[:s.N], b.TS[:s.N]
	if c.timeline.Groups <= 1 {
		c.fillInOrder(seq, ts, s)
	} else {
		for i := range seq {
			n := c.timeline.Event(s.First + uint64(i)*s.Step)
			seq[i], ts[i] = int64(n), c.timeline.PlaceMs(n)
		}
	}
	if c.disorder.PPM > 0 {
		c.delay(seq, ts)
	}
	return seq
}

// fillInOrder divides once a batch: the quotient and the remainder of n*1000/rate are carried on.
func (c *calendar) fillInOrder(seq, ts []int64, s Slots) {
	if len(seq) == 0 {
		return
	}
	rate := c.timeline.EventRate
	n, place := s.First, c.timeline.PlaceMs(s.First)-c.timeline.silenceMs(s.First)
	rest := mulMod(s.First, 1000, rate)
	whole, part := int64(s.Step*1000/rate), s.Step*1000%rate
	ts = ts[:len(seq)]
	for i := range seq {
		seq[i], ts[i] = int64(n), place
		n += s.Step
		place += whole
		rest += part
		if rest >= rate {
			rest -= rate
			place++
		}
	}
	if ms := c.timeline.Silence.Ms; ms > 0 {
		for i, n := range seq {
			if uint64(n) >= c.timeline.Silence.At {
				ts[i] += ms
			}
		}
	}
}

func (c *calendar) delay(seq, ts []int64) {
	ppm, lo := uint64(c.disorder.PPM), c.disorder.Lo
	width := uint64(c.disorder.Hi - lo + 1)
	ts = ts[:len(seq)]
	base := c.key.at(delayedDraw)
	for i, n := range seq {
		if below(mix64(base+phi64*uint64(n)), 1_000_000) < ppm {
			ts[i] -= lo + int64(below(c.key.draw(uint64(n), delayDraw), width))
		}
	}
}
