package summary

import (
	"fmt"
	"slices"

	"github.com/streambench/streambench/reports/record"
)

// The reasons for which a probe fails, in one word each.
const (
	reasonFailure = "failure" // the system died
	reasonOracle  = "oracle"  // a result is not right
	reasonLatency = "limit"   // a limit of the search is broken
	reasonBacklog = "backlog" // it grows
)

// The codes of rules that a probe is asked about apart.
const codeOracle, codeLag = "oracle-inconclusive", "driver-lag"

// leftShare of the events due by the end of steady that wait for the system tell of a backlog where
// too few results came to see it grow.
const leftShare = 0.01

// Probed is the answer of a repetition that was a probe: its entries, its latency log, and the
// limits of the search. The same rules and figures decide as in a report of it. A repetition that has no
// ledger yet can already fail, but not pass.
func Probed(
	m *record.Manifest, entries []record.Entry, h *record.HistogramLog, limits []record.Limit,
) record.Probe {
	t := Trail{}
	for _, e := range entries {
		t.System, t.Rep = e.System, e.Rep
		t.add(e)
	}
	if t.End == nil {
		t.End = &record.End{}
	}
	p := record.Probe{Answer: record.ProbeFail, Rep: t.Rep}
	r := repetition(m, &t, h, false)
	figures := measured(m, &t, h)
	switch invalid, why := unreadable(&r); {
	case r.Status == Failed:
		p.Reason, p.Text = reasonFailure, fmt.Sprintf("it failed in %s: %s", t.Failure.Phase,
			t.Failure.Text)
	case r.Ledger != nil && r.Ledger.Conclusive && offended(r.Ledger) > 0:
		p.Reason, p.Text = reasonOracle, account(r.Ledger)
	case invalid:
		p.Answer, p.Reason, p.Text = record.ProbeInvalid, why.Code, why.Text
	default:
		p.Reason, p.Text = unsustained(&t, figures, limits)
		lag, lags := r.reason(codeLag)
		switch {
		case p.Reason == "":
			r.Figures = figures
			p = sound(p, &t, &r, limits)
		case lags:
			p.Answer, p.Reason, p.Text = record.ProbeInvalid, lag.Code, lag.Text
		}
	}
	return p
}

// unreadable is the first reason for which the figures cannot be believed. What the oracle has to
// say is asked apart: a probe that fails by its figures needs no oracle. So is the driver's lag: it
// only adds to latency and backlog, so a probe may pass in spite of it, but not fail.
func unreadable(r *Repetition) (bool, Reason) {
	for _, reason := range r.Reasons {
		if reason.Code != codeOracle && reason.Code != codeLag {
			return true, reason
		}
	}
	return false, Reason{}
}

// reason finds the reason of a code.
func (r *Repetition) reason(code string) (Reason, bool) {
	i := slices.IndexFunc(r.Reasons, func(reason Reason) bool { return reason.Code == code })
	if i < 0 {
		return Reason{}, false
	}
	return r.Reasons[i], true
}

// unsustained says which limit is broken, or how backlog grew; nothing where the rate holds.
func unsustained(
	t *Trail, figures map[string]float64, limits []record.Limit,
) (reason, text string) {
	slope, ok := growth(t)
	switch left := float64(t.End.BlockedAtSteadyEnd); {
	case ok && slope.Lo > 0:
		return reasonBacklog, fmt.Sprintf("backlog grew by %s a second (95%% interval %s to %s)",
			Format(slope.Value, record.Events), Count(slope.Lo), Count(slope.Hi))
	case !ok && left > leftShare*float64(t.End.DueAtSteadyEnd):
		return reasonBacklog, fmt.Sprintf("%s of the %s due had not been taken when steady ended",
			Format(left, record.Events), Count(float64(t.End.DueAtSteadyEnd)))
	}
	for _, l := range limits {
		value, ok := figures[l.Metric]
		if m, _ := record.FindMetric(l.Metric); ok &&
			(l.AtLeast && value < l.Value || !l.AtLeast && value > l.Value) {
			return reasonLatency, fmt.Sprintf("%s was %s, limit %s", l.Metric,
				Format(value, m.Unit), bound(l))
		}
	}
	return "", ""
}

// sound is the answer of a probe whose figures hold: it passes if they are all there and the oracle
// found every result right.
func sound(
	p record.Probe, t *Trail, r *Repetition, limits []record.Limit,
) record.Probe {
	_, seen := growth(t)
	oracle, unanswered := r.reason(codeOracle)
	silent := slices.IndexFunc(limits, func(l record.Limit) bool {
		_, ok := r.Figures[l.Metric]
		return !ok
	})
	switch {
	case unanswered:
		p.Answer, p.Reason, p.Text = record.ProbeInvalid, oracle.Code, oracle.Text
	case !seen:
		p.Answer, p.Reason = record.ProbeInvalid, "few-results"
		p.Text = "too few results came to tell whether backlog grows: lengthen load.steady, or " +
			"lower load.event-rate so that windows close more often"
	case silent >= 0:
		p.Answer, p.Reason = record.ProbeInvalid, "silent-metric"
		p.Text = "there is no figure of " + limits[silent].Metric + " to hold its limit against"
	default:
		p.Answer, p.Reason = record.ProbePass, ""
		if p99, ok := r.Figures["latency.p99"]; ok {
			p.Text = "latency p99 " + Format(p99, record.Nanoseconds)
		}
	}
	return p
}
