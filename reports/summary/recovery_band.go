package summary

import (
	"slices"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

const (
	// calmNs is how much before a fault the band is taken from, and leastCalmNs the least of it. A
	// fault at 10 s of steady may take effect a little before what its schedule says.
	calmNs      = int64(30e9)
	leastCalmNs = int64(9.75e9)
	sliceNs     = int64(1e9)
	// p99InBand of the median slice's p99 is in the band; so is a backlog of backlogInBand seconds
	// of the offered rate above the worst of the baseline.
	p99InBand     = 1.1
	backlogInBand = 0.1
)

// witnessed says whether a fault took effect by its witness: t0 is known.
func witnessed(f *record.Fault) bool {
	return f.Unsupported == "" && f.ActualNs > 0 && f.Witness != nil && f.Witness.Holds
}

// band takes the band from what preceded a fault, back to a time since T0 at which the system was
// undisturbed; ok is false where that is less than 10 s.
func (r *recovering) band(calmFrom, t0 int64) (*Band, bool) {
	from := max(calmFrom, t0-calmNs)
	if t0-from < leastCalmNs {
		return nil, false
	}
	from = max(from, t0-(t0-from)/sliceNs*sliceNs) // whole slices
	calm := r.course.inside(from, t0)
	was := CalmOf(r.readings(from, t0), 0)
	b := &Band{
		FromNs: from, ToNs: t0, OfferedAt: was.OfferedAt, RateFrom: rateInBand * was.OfferedAt,
		BacklogTo: worstBacklog(calm) + backlogInBand*was.OfferedAt, LongestNs: worstLatency(calm),
		ResolvedNs: spacing(calm), BurstNs: was.BurstNs,
	}
	var p50s, p99s []float64
	for _, v := range r.intervals {
		if v.FromNs >= r.t0Ns+from && v.ToNs <= r.t0Ns+t0 && v.N > 0 {
			p50s, p99s = append(p50s, float64(v.P50Ns)), append(p99s, float64(v.P99Ns))
		}
	}
	if len(p99s) > 0 {
		b.P99Ns = int64(max(p99InBand*stats.Median(p99s).Median, slices.Max(p99s)))
		b.MedianNs = int64(stats.Median(p50s).Median)
	}
	return b, b.OfferedAt > 0
}

// readings are how far the system had come between two times since T0.
func (r *recovering) readings(from, to int64) []Reading {
	read := func(ns int64) Reading {
		return Reading{ns, r.trail.at(ns, offered), r.course.answeredBy(ns)}
	}
	all := []Reading{read(from)}
	for _, s := range r.course.inside(from, to) {
		all = append(all, read(s.to))
	}
	if all[len(all)-1].AtNs < to {
		all = append(all, read(to))
	}
	return all
}
