package summary

import (
	"fmt"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// judgeReplay judges a repetition in which a second instance read the input again. The oracle has
// found the results of the first right; so must it those of the second, line by line, and the view
// that was switched from one to the other must have every one of them once.
func judgeReplay(c modeCase) modeFinding {
	if c.Mode == nil || c.Mode.Replay == nil || c.Mode.Replay.Ledger == nil {
		return modeFinding{exit: exitInvalid, text: "the record tells of no replay", remedy: runAgain}
	}
	r := replayed{c.Mode.Replay, modeFinding{}}
	if !r.equal() {
		return r.finding
	}
	r.measure(c)
	if r.Projection {
		return r.rebuilt()
	}
	if !r.switched() {
		return r.finding
	}
	r.finding.text = fmt.Sprintf("the replay gave the same %s, byte for byte, %s, and caught up in "+
		"%s; from %s on the view is the second instance's, and has every result once",
		Format(float64(r.Lines), record.Results), r.paceText(),
		Format(float64(r.CaughtNs-r.FromNs), record.Nanoseconds), r.place())
	return r.finding
}

// replayed is a replay under judgement.
type replayed struct {
	*record.Replay
	finding modeFinding
}

func (r *replayed) fails(exit int, remedy, format string, args ...any) bool {
	r.finding.exit, r.finding.remedy = exit, remedy
	r.finding.text = fmt.Sprintf(format, args...)
	return false
}

// equal holds the results of the second instance against the oracle and the first.
func (r *replayed) equal() bool {
	const look = "see the first line that differs, and both ledgers in the record"
	r.finding.evidence = append(classes(r.Ledger), Evidence{"SHA-256 of the sorted lines, replayed",
		r.LinesSHA256, r.LiveSHA256 + ", of the first instance"})
	switch {
	case !r.Ledger.Conclusive:
		return r.fails(exitInvalid, "lengthen load.drain",
			"the replay was not answered to its end: %s", r.Ledger.Why)
	case offended(r.Ledger) > 0:
		return r.fails(exitGuarantee, look, "replayed, %s", account(r.Ledger))
	case r.Differs != "" || r.LinesSHA256 != r.LiveSHA256 || r.Lines != r.LiveLines:
		return r.fails(exitGuarantee, look, "replayed results differ: %s against %s; %s",
			Count(float64(r.Lines)), Count(float64(r.LiveLines)), r.Differs)
	case r.ViewDiffers != "" || r.SwitchNs > 0 && r.OfLive+r.OfShadow != r.LiveLines:
		return r.fails(exitGuarantee, look, "the view switched at %s has %s and %s of %s: %s",
			r.place(), Count(float64(r.OfLive)), Count(float64(r.OfShadow)),
			Count(float64(r.LiveLines)), r.ViewDiffers)
	}
	return true
}

// rebuilt judges a projection that a second instance has built again.
func (r *replayed) rebuilt() modeFinding {
	caught := "once the stream had ended"
	if r.CaughtNs > 0 {
		caught = "and caught up in " + Format(float64(r.CaughtNs-r.FromNs), record.Nanoseconds)
	}
	r.finding.text = fmt.Sprintf("the projection that was rebuilt equals the live one in all of its "+
		"%s values; it was rebuilt %s, %s", Count(float64(r.Lines)), r.paceText(), caught)
	return r.finding
}

// switched reports whether the second instance caught up and took over while events were offered.
func (r *replayed) switched() bool {
	longer := "lengthen load.steady, or lower load.rate"
	switch {
	case r.CaughtNs == 0 && r.Ns > 0 && r.Events <= r.Due:
		return r.fails(exitLimit, "lower load.rate, or give the system more of the host",
			"the second instance replayed %s, and could never have caught up", r.paceText())
	case r.CaughtNs == 0:
		return r.fails(exitInvalid, longer, "the stream ended before the replay had caught up")
	case r.SwitchNs == 0:
		return r.fails(exitInvalid, longer, "the stream ended before the view could be switched")
	}
	r.finding.evidence = append(r.finding.evidence, Evidence{"results the switched view took of " +
		"each instance", Count(float64(r.OfLive)) + " and " + Count(float64(r.OfShadow)),
		"together " + Count(float64(r.LiveLines)) + ", each once"})
	return true
}

// place says where the view was switched: at a window or, of results that answer single events, at
// one of those.
func (r *replayed) place() string {
	if r.Field == "seq" {
		return "event " + Count(float64(r.Switch))
	}
	return "the window of " + time.UnixMilli(r.Switch).UTC().Format("15:04:05.000")
}

// rate is the pace of the replay in events a second, 0 where its results do not tell.
func (r *replayed) rate() float64 {
	if r.Ns <= 0 {
		return 0
	}
	return float64(r.Events) / float64(r.Ns) * 1e9
}

// ratio is the pace of the replay as a multiple of the load, 0 where it is not known.
func (r *replayed) ratio() float64 {
	if r.Ns <= 0 || r.Due == 0 {
		return 0
	}
	return float64(r.Events) / float64(r.Due)
}

// atLeast says so where the pace is a lower bound.
func (r *replayed) atLeast() string {
	if r.AtLeast {
		return "no less than "
	}
	return ""
}

func (r *replayed) paceText() string {
	if r.ratio() == 0 {
		return "at a pace its results do not tell"
	}
	return fmt.Sprintf("at %s%s, %.3g times the load", r.atLeast(),
		Format(r.rate(), record.PerSecond), r.ratio())
}

// measure adds the figures of a replay whose results were right.
func (r *replayed) measure(c modeCase) {
	figure := func(name string, value float64, of record.Unit, means string) {
		r.finding.figures = append(r.finding.figures, ModeFigure{name, value, of, means})
	}
	if r.ratio() > 0 {
		figure("replay.rate", r.rate(), record.PerSecond, fmt.Sprintf("events the second instance "+
			"replayed a second: %s%.3g times the load", r.atLeast(), r.ratio()))
	}
	if r.CaughtNs == 0 {
		return
	}
	figure("catch-up", float64(r.CaughtNs-r.FromNs), record.Nanoseconds, "from the second instance's "+
		"deployment until results came less than 1 s after their triggers were due")
	figure("replay.cpu", float64(r.CPUNs), record.Nanoseconds, "processor time of the second "+
		"instance until then")
	t0 := c.T0Ns()
	steady, _, _ := c.Steady()
	slices := c.log.Intervals[tagOf(c.Trail, record.StageResult)]
	before := percentileOf(slices, 0.99, func(v record.Interval) bool {
		return v.FromNs >= t0+steady && v.ToNs <= t0+r.FromNs
	})
	during := percentileOf(slices, 0.99, func(v record.Interval) bool {
		return v.ToNs > t0+r.FromNs && v.FromNs < t0+r.CaughtNs
	})
	if before > 0 && during > 0 {
		figure("latency.p99.before", before, record.Nanoseconds,
			"p99 of the first instance in steady before the replay, to 9%")
		figure("latency.p99.during", during, record.Nanoseconds,
			"p99 of the first instance while the second caught up, in whole seconds, to 9%")
	}
}

// percentileOf is a percentile of the samples of some intervals, merged: the upper bound of the row
// of the heat map it lies in, which are 9 % apart; 0 without samples.
func percentileOf(of []record.Interval, share float64, takes func(record.Interval) bool) float64 {
	rows := map[int]int64{}
	var all, sum int64
	highest := 0
	for _, v := range of {
		if !takes(v) {
			continue
		}
		for _, c := range v.Cells {
			rows[c.Row] += c.N
			all += c.N
			highest = max(highest, c.Row)
		}
	}
	for row := 0; row <= highest && all > 0; row++ {
		if sum += rows[row]; float64(sum) >= share*float64(all) {
			return record.CellFloorNs(row + 1)
		}
	}
	return 0
}
