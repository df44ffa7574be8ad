package summary

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
)

// Drained is the answer of a repetition in which a system drained a full topic, over the stretch
// that its results gave: it passes if the oracle found every result right.
//
// hostCores are those that driver, brokers and system share where they work at the same time.
func Drained(entries []record.Entry, d record.Drain, hostCores int) record.Probe {
	t := Trail{}
	for _, e := range entries {
		t.System, t.Rep = e.System, e.Rep
		t.add(e)
	}
	p := record.Probe{Answer: record.ProbeFail, Rep: t.Rep, Rate: d.EventsPerS, Drain: &d}
	cores(&d, &t, float64(hostCores))
	switch l := t.Ledger; {
	case t.Failure != nil:
		p.Reason, p.Text = reasonFailure, fmt.Sprintf("it failed in %s: %s", t.Failure.Phase,
			t.Failure.Text)
	case l == nil:
		p.Answer, p.Reason, p.Text = record.ProbeInvalid, codeOracle, "the oracle was not asked"
	case !l.Conclusive:
		p.Answer, p.Reason, p.Text = record.ProbeInvalid, codeOracle, l.Why
	case offended(l) > 0:
		p.Reason, p.Text = reasonOracle, account(l)
	case d.EventsPerS == 0:
		p.Answer, p.Reason = record.ProbeInvalid, "few-results"
		p.Text = "too few results came to tell how fast it was"
	case l.Expected == 0 && l.Received > 0: // the logic is a user's own
		p.Answer = record.ProbePass
		p.Text = Format(float64(l.Received), record.Results) + ", not checked against an oracle"
	default:
		p.Answer = record.ProbePass
		p.Text = fmt.Sprintf("%s right, none lost, duplicated or wrong",
			Format(float64(l.Matched), record.Results))
	}
	return p
}

// cores fills in what the roles used over the stretch. The driver is done by then: what is left in
// its process is the collector's and the tool's.
func cores(d *record.Drain, t *Trail, host float64) {
	if d.ToNs <= d.FromNs {
		return
	}
	ns := float64(d.ToNs - d.FromNs)
	d.SystemCores = t.Rise(d.FromNs, d.ToNs, systemNs) / ns
	d.BrokerCores = t.Rise(d.FromNs, d.ToNs, brokerNs) / ns
	d.ToolCores = (t.Rise(d.FromNs, d.ToNs, toolNs) + t.Rise(d.FromNs, d.ToNs, driverNs)) / ns
	if d.EventsPerS > 0 {
		d.Together = together(d, t, host)
	}
}

// together is how many events a second this host allows where the driver is at work too: what
// filling and draining took of its cores, and no more than the driver could write by itself.
func together(d *record.Drain, t *Trail, host float64) float64 {
	if len(t.Ticks) == 0 {
		return 0
	}
	from := t.Ticks[0].Tick.ScheduleNs
	events := t.Rise(from, d.FilledNs, accepted)
	if events <= 0 {
		return 0
	}
	spent := t.Rise(from, d.FilledNs, func(k *record.Tick) float64 {
		return driverNs(k) + brokerNs(k) + systemNs(k) + toolNs(k)
	})
	fill := spent / 1e9 / events // core seconds of an event
	drain := (d.SystemCores + d.BrokerCores + d.ToolCores) / d.EventsPerS
	alone := events / float64(d.FilledNs-from) * 1e9
	if fill+drain <= 0 {
		return alone
	}
	return min(host/(fill+drain), alone)
}

func driverNs(k *record.Tick) float64 { return float64(k.CPU.DriverNs) }
func brokerNs(k *record.Tick) float64 { return float64(k.CPU.BrokerNs) }
func systemNs(k *record.Tick) float64 { return float64(k.CPU.SystemNs) }
func toolNs(k *record.Tick) float64   { return float64(k.CPU.ToolNs) }
