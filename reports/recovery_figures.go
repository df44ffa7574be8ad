package reports

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// figures are what a recovery cost, with what each figure is.
func (r *recovery) figures() []row {
	c := r.cost
	rows := []row{{"Recovery time, t6 − t0", orUnresolved(c.TotalNs), "from the fault until rate, " +
		"latency and backlog were in band for good" + r.missing()}}
	rows = append(rows, outageRow(c), taxRow(c))
	if c.PartialNs != nil {
		rows = append(rows, row{"Partial outage", duration(*c.PartialNs), fmt.Sprintf("the sum of "+
			"the outages of key ranges, %d here, over the number of all, %d: what a caller with any key "+
			"waits on average", len(c.Ranges), c.All)})
	}
	rows = append(rows, dipRow(c.Dip))
	if d := c.Dip; d != nil {
		rows = append(rows, row{"Depth; longest gap", fmt.Sprintf("%.0f%%; %s", 100*d.Depth,
			duration(d.LongestNs)), "1 − least rate of a second over the offered rate; longest time " +
			"without a result; at most " + summary.Format(d.Peak, record.Events) + " waited"})
	}
	area := row{"Latency area", unresolved, "result latency above the median before the fault, " +
		"summed over all results: it grows with the square of the outage"}
	if c.LatencyArea != nil {
		area.Value = summary.Format(*c.LatencyArea, record.EventSeconds)
	}
	rows = append(rows, area, lawRow(c.Law), replayRow(c.Replay))
	if c.Checkpoints != nil {
		rows = append(rows, checkpointRow(c.Checkpoints))
	}
	rows = append(rows, costRows(c.Cost)...)
	for _, n := range c.Notes {
		if !strings.HasPrefix(n, "recovery is "+unresolved) { // said beside the recovery time
			rows = append(rows, row{"Note", "", n})
		}
	}
	return rows
}

// missing names the instants without evidence, and why there is none.
func (r *recovery) missing() string {
	text := ""
	for _, at := range r.cost.Instants {
		if at.AtNs == nil {
			text += fmt.Sprintf("; %s (%s) is unresolved: %s", at.Name, at.Is, at.Why)
		}
	}
	return text
}

func spreadText(s *summary.Spread) string {
	if s == nil {
		return unresolved
	}
	return fmt.Sprintf("%s; %s", duration(s.MaxNs), duration(s.MeanNs))
}

func outageRow(c *summary.Recovery) row {
	r := row{"Outage, t4 − t0: max; mean", spreadText(c.Outage), "until a result came that needed " +
		"an event due after the fault, over the key ranges of the victim"}
	if c.ResolutionNs > 0 {
		r.Note += "; results are " + duration(c.ResolutionNs) + " apart, so it is known no better"
	}
	return r
}

func taxRow(c *summary.Recovery) row {
	r := row{"Recovery tax, t3 − t1: max; mean", spreadText(c.Tax), "the redistribution: from the " +
		"moment the loss was noticed until the state of the key ranges was there again"}
	if c.TaxShare != nil {
		r.Note += fmt.Sprintf("; %.2g%% of the recovery time", 100**c.TaxShare)
	}
	if c.Work != nil {
		r.Note += fmt.Sprintf("; %.3g range-seconds of work", *c.Work)
	}
	if c.RestoredB > 0 {
		r.Note += "; " + summary.Format(float64(c.RestoredB), record.Bytes) + " of state read back"
	}
	return r
}

func dipRow(d *summary.Dip) row {
	r := row{"Dip area", unresolved, "offered and not answered from t0 to t6: the shaded area"}
	if d != nil {
		r.Value = summary.Format(d.Area, record.Events)
		r.Note += fmt.Sprintf("; as much as %.3g s without any answer", d.Seconds)
	}
	return r
}

func lawRow(l *summary.Law) row {
	r := row{"Catch-up, t5 − t4: measured; law", unresolved, "to be D behind at a share ρ of the " +
		"capacity takes D·ρ/(1−ρ) to catch up"}
	if l == nil {
		return r
	}
	r.Value = fmt.Sprintf("%s; %s", duration(l.MeasuredNs), duration(l.LawNs))
	r.Note += fmt.Sprintf("; D was %s of load at the first result, above what the band allows; "+
		"residual %+.0f%%, ρ %.2f of %s", duration(l.BehindNs), 100*l.Residual, l.Share,
		summary.Format(l.Capacity, record.PerSecond))
	if l.From != "" {
		r.Note += ", " + l.From
	}
	if l.Estimate {
		r.Note += " (an estimate: the sustainable rate was not searched)"
	}
	return r
}

func replayRow(p *summary.Replay) row {
	r := row{"Replayed", unresolved, "inputs processed twice: those since the last durable commit"}
	if p == nil {
		return r
	}
	if p.Nothing {
		r.Value, r.Note = "0 events", "no state was restored, so no input was processed twice"
		return r
	}
	r.Value = summary.Format(p.Events, record.Events)
	r.Note += fmt.Sprintf(", at %.3f s", float64(p.SinceNs)/1e9)
	if p.Counted > 0 {
		r.Note += "; the system counted " + summary.Count(float64(p.Counted))
	}
	return r
}

func checkpointRow(c *summary.Checkpoints) row {
	return row{"Checkpoints: while it lasted; before", duration(c.DuringNs) + "; " +
		duration(c.BeforeNs), fmt.Sprintf("median time from the barrier until all of it was durable; "+
		"%d were completed while it lasted", c.During)}
}

func costRows(c *summary.Cost) []row {
	if c == nil {
		return nil
	}
	premium := row{"Premium of fault tolerance", notMeasured, "capacity lost to protection: the " +
		"rate has to be searched with it and without it (load.rate: of-capacity)"}
	if c.Premium != nil {
		premium.Value = fmt.Sprintf("%.1f%%", 100**c.Premium)
		premium.Note = "capacity lost to protection, whether or not anything breaks"
	}
	day := row{"Cost a day, at one fault a day", notMeasured, "premium and dip area as seconds of " +
		"the offered rate; one fault alone is " + duration(c.FaultNs)}
	if c.ADayNs != nil {
		day.Value = duration(*c.ADayNs)
	}
	return []row{premium, day}
}

// ranges is the table of key ranges: t3, t4, outage and tax of each.
func (r *recovery) ranges() (head []string, table [][]string) {
	head = []string{"key range", "state restored (t3)", "first result (t4)", "outage (t4 − t0)",
		"tax (t3 − t1)"}
	since := func(ns *int64) string {
		if ns == nil {
			return unresolved
		}
		return fmt.Sprintf("%.3f s", float64(*ns)/1e9)
	}
	for _, k := range r.cost.Ranges {
		table = append(table, []string{fmt.Sprint(k.Range), since(k.RestoredNs), since(k.FirstNs),
			orUnresolved(k.OutageNs), orUnresolved(k.TaxNs)})
	}
	if len(table) > 0 {
		line := []string{"max; mean", "", "", spreadText(r.cost.Outage), spreadText(r.cost.Tax)}
		table = append(table, line)
	}
	return head, table
}

// instantRows say of each instant when it was and what says so.
func (r *recovery) instantRows() []row {
	var rows []row
	for i, at := range r.cost.Instants {
		line := row{at.Name + ": " + at.Is, unresolved, at.Why}
		if at.AtNs != nil {
			line.Value = fmt.Sprintf("%.3f s", float64(*at.AtNs)/1e9)
			if i > 0 {
				line.Value += ", " + signed(*at.AtNs-r.at[0]) + " after t0"
			}
		}
		if at.ResolutionNs > 0 {
			line.Note += "; known to " + duration(at.ResolutionNs)
		}
		rows = append(rows, line)
	}
	if b := r.cost.Band; b != nil {
		rows = append(rows, bandRow(b))
	}
	return rows
}

func bandRow(b *summary.Band) row {
	text := fmt.Sprintf("rate ≥ %s, backlog ≤ %s", summary.Format(b.RateFrom, record.PerSecond),
		summary.Format(b.BacklogTo, record.Events))
	if b.P99Ns > 0 {
		text += ", p99 ≤ " + duration(b.P99Ns)
	}
	note := fmt.Sprintf("from %.1f s to %.1f s, at %s offered", float64(b.FromNs)/1e9,
		float64(b.ToNs)/1e9, summary.Format(b.OfferedAt, record.PerSecond))
	if b.BurstNs > 0 {
		note += fmt.Sprintf("; answers come in bursts up to %s apart, and the rate may be short of one",
			duration(b.BurstNs))
	}
	if b.Of > 0 {
		note += fmt.Sprintf("; of fault %d, as there was no calm of 10 s in between", b.Of)
	}
	return row{"Band", text, note}
}
