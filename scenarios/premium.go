package scenarios

import (
	"context"

	"github.com/streambench/streambench/reports/record"
)

// unprotected is the guarantee of a system that protects nothing.
const unprotected = "at-most-once"

// bareLeast of what is sustained with protection is the least that is tried without it.
const bareLeast = 0.7

// premium searches what a system would sustain without protection, beside what it does with it: the
// difference is what it pays each day for the day on which something breaks. It is searched where
// both something breaks and the rate has to be found anyway.
func (r *run) premium(ctx context.Context, q *quest, b *record.Bracket) {
	s := r.req.Scenario
	settled := b.Unsettled == "" && b.Passed > 0 && b.Failed > 0
	if ctx.Err() != nil || len(s.Faults) == 0 || !settled || b.Unprotected > 0 {
		return
	}
	if s.Guarantee == unprotected || s.Checkpoint == 0 {
		b.UnprotectedWhy = "this system runs without protection as it is"
		return
	}
	q.bare, q.start = true, b.Passed
	bare := r.search(ctx, q)
	b.Unprotected, b.UnprotectedWhy = bare.Passed, bare.Unsettled
	switch {
	case bare.Unsettled != "":
		b.Unprotected = 0
	case bare.Passed == 0:
		b.UnprotectedWhy = "no rate passed without checkpoints"
	case bare.Failed == 0:
		b.Unprotected = 0
		b.UnprotectedWhy = "without checkpoints every rate passed that the driver can offer"
	}
}

// bare has a repetition run without protection, and returns the manifest it is judged by.
func bare(m record.Manifest, rep *repetition) record.Manifest {
	rep.job.Guarantee, rep.job.Checkpoint = unprotected, 0
	m.Claim.Guarantee = unprotected
	m.Conditions.Guarantee, m.Conditions.Checkpoint = unprotected, formatDuration(0)
	return m
}
