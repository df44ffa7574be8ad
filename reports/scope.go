package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// spanBar is a row of the noise picture: a distribution from p50 to p99.9.
type spanBar struct {
	name          string
	p50, p99, top float64
	colour        string
}

func barOf(name string, h *hdr.Histogram, colour string) spanBar {
	return spanBar{name: name, colour: colour, p50: float64(h.ValueAtPercentile(50)),
		p99: float64(h.ValueAtPercentile(99)), top: float64(h.ValueAtPercentile(99.9))}
}

// noisePicture sets the latencies of each system and the lag of the driver against the grey range,
// in which this host itself is late. It is empty where no repetition is valid.
func noisePicture(run *Run) template.HTML {
	var bars []spanBar
	lags := spectraOf(run, record.StageDriver)
	for i, s := range spectraOf(run, record.StageResult) {
		bars = append(bars, barOf(s.system+": result latency", s.all, palette[i%len(palette)].colour))
		for _, l := range lags {
			if l.system == s.system {
				bars = append(bars, barOf(s.system+": driver lag", l.all, faint))
			}
		}
	}
	if len(bars) == 0 || run.Manifest.Conditions.RateMax {
		return ""
	}
	canary := canaryOf(run)
	const rowH = 30.0
	left := 190.0
	for _, b := range bars {
		left = max(left, 6.4*float64(len(b.name))+12)
	}
	h := float64(len(bars))*rowH + 66
	c := newCanvas(pageW, h, "Latency and driver lag against the noise of this host")
	x := scale{from: left, to: pageW - 90, log: true, lo: math.Inf(1)}
	for _, b := range bars {
		x.lo, x.hi = min(x.lo, b.p50), max(x.hi, b.top)
	}
	if canary != nil {
		x.lo = min(x.lo, float64(canary.ValueAtPercentile(50)))
		x.hi = max(x.hi, float64(canary.ValueAtPercentile(99.9)))
	}
	x.lo, x.hi = max(x.lo/1.6, 1e3), x.hi*1.6
	noiseBand(c, canary, x, h)
	for _, v := range x.ticks(10) {
		c.line(point{x.at(v), 26}, point{x.at(v), h - 34}, `stroke="`+gridInk+`"`)
		c.text(point{x.at(v), h - 18}, axisLabel(v, record.Nanoseconds),
			`text-anchor="middle" fill="`+faint+`"`)
	}
	for i, b := range bars {
		b.draw(c, x, 44+float64(i)*rowH)
	}
	return c.html()
}

// canaryOf merges the canaries of all systems: they sang on the same host. It is nil without any.
func canaryOf(run *Run) *hdr.Histogram {
	var all *hdr.Histogram
	for _, s := range spectraOf(run, record.StageCanary) {
		if all == nil {
			all = s.all
		} else {
			all.Merge(s.all) // same range, so nothing can be refused
		}
	}
	return all
}

// noiseBand is the grey range: the canary's late wake-ups from p50 to p99.9.
func noiseBand(c *canvas, canary *hdr.Histogram, x scale, h float64) {
	if canary == nil {
		return
	}
	from := x.at(float64(canary.ValueAtPercentile(50)))
	to := x.at(float64(canary.ValueAtPercentile(99.9)))
	c.rect(box{from, 26, max(to-from, 1), h - 60}, `fill="`+noise+`"`)
	c.text(point{(from + to) / 2, 18}, "noise of this host",
		`text-anchor="middle" font-size="11" fill="`+faint+`"`)
}

func (b spanBar) draw(c *canvas, x scale, y float64) {
	c.text(point{x.from - 12, y + 4}, b.name, `text-anchor="end"`)
	c.line(point{x.at(b.p50), y}, point{x.at(b.top), y}, `stroke="`+b.colour+`" stroke-width="3"`)
	for _, m := range []struct {
		v    float64
		name string
	}{{b.p50, "p50"}, {b.p99, "p99"}, {b.top, "p99.9"}} {
		c.line(point{x.at(m.v), y - 6}, point{x.at(m.v), y + 6}, `stroke="`+b.colour+`" stroke-width="3"`)
	}
	c.text(point{x.at(b.top) + 8, y + 4},
		"p99.9 "+summary.Format(b.top, record.Nanoseconds), `font-size="11" fill="`+faint+`"`)
}

// row is a line of a table of two or three columns.
type row struct{ Name, Value, Note string }

// scopeRows say what the run can and cannot say.
func scopeRows(run *Run) []row {
	c, h := run.Manifest.Conditions, run.Manifest.Host
	rows := []row{repetitionsRow(run), warmupRow(run)}
	rows = append(rows, row{"Host", fmt.Sprintf("%s, %d cores, %s", h.CPU, h.Cores,
		summary.Format(float64(h.MemoryB), record.Bytes)), hostNote(run)})
	for _, s := range run.Result.Systems {
		rows = append(append(rows, lagRow(&s, c.RateMax)), headroomRows(run, &s)...)
		rows = append(append(rows, driftRows(&s)...), modeRows(&s)...)
	}
	share, note := fmt.Sprintf("%d × %g cores for workers", c.Workers, c.WorkerCPUs), ""
	if c.Transport == "embedded" {
		note = "embedded: the sources run inside the system's own threads"
	} else {
		share += fmt.Sprintf(", %g for the driver", c.DriverCPUs)
	}
	if c.Shared {
		note = "SHARED CORES: the shares exceed the host's cores, so each part slows the others"
	}
	return append(append(rows,
		row{"Shares", share, note},
		row{"Conditions", strings.Join([]string{transportOf(c), c.Format + " format",
			c.Guarantee, "checkpoint " + c.Checkpoint}, ", "),
			"figures are compared only with runs of the same conditions"},
		row{"Profile", c.Profile, profileNotes[c.Profile]}), declaredRows(c)...)
}

// profileNotes say what a profile of recovery settings is.
var profileNotes = map[string]string{
	"defaults":        "each system as its makers ship it; what was in force is in the tables below",
	"equal-detection": "a silent node counts as lost after 6 s, whatever the system's own default",
	"vendor-tuned":    "as each system's makers advise for fast recovery",
}

// declaredRows tell what a scenario declares of systems beyond their names.
func declaredRows(c record.Conditions) []row {
	var rows []row
	for _, d := range c.Systems {
		plain := record.Declared{System: d.Name, Name: d.Name, Workers: c.Workers}
		if d.String() == plain.String() && d.System == d.Name {
			continue
		}
		rows = append(rows, row{"System " + d.System, d.String(),
			"what the scenario declares of it; what was in force is in the table below"})
	}
	return rows
}

// modeRows are what the mode of the run measured.
func modeRows(s *summary.System) []row {
	var rows []row
	for _, f := range s.Mode {
		rows = append(rows, row{f.Name + ", " + s.Name, summary.Format(f.Value, f.Unit), f.Means})
	}
	return rows
}

// transportOf is the transport with what figures over it depend on.
func transportOf(c record.Conditions) string {
	if c.Broker == "" {
		return c.Transport + " transport"
	}
	text := c.Transport + " transport, "
	if c.Broker == "address" {
		text += "a broker that was there"
	} else {
		text += c.Broker + " broker"
	}
	text += fmt.Sprintf(", %d partitions", c.Partitions)
	if c.Linger != "" {
		text += ", linger " + c.Linger
	}
	return text
}

func repetitionsRow(run *Run) row {
	kept, valid, discarded, twins := 0, 0, 0, 0
	for _, s := range run.Result.Systems {
		for _, r := range s.Repetitions {
			switch {
			case r.Twin:
				twins++
			case !r.Kept:
				discarded++
			case r.Status == summary.Valid:
				valid++
				fallthrough
			default:
				kept++
			}
		}
	}
	r := row{Name: "Repetitions", Value: fmt.Sprintf("%d kept, %d of them valid, %d discarded",
		kept, valid, discarded)}
	if twins > 0 {
		r.Value += fmt.Sprintf(", %d without the faults beside them", twins)
	}
	if per := valid / max(len(run.Result.Systems), 1); per < 6 {
		r.Note = "no interval and no test of a difference: both need 6 valid repetitions a system"
	}
	return r
}

// warmupRow states what was discarded of each repetition: its least and most where they differ.
func warmupRow(run *Run) row {
	r := row{Name: "Warm-up", Value: "none",
		Note: "results whose trigger was due in warm-up are checked by the oracle, but not timed"}
	least, most := int64(math.MaxInt64), int64(0)
	for _, s := range run.Result.Systems {
		for _, rep := range s.Repetitions {
			if rep.SteadyToNs > 0 {
				least, most = min(least, rep.SteadyFromNs), max(most, rep.SteadyFromNs)
			}
		}
	}
	ns := func(v int64) string { return summary.Format(float64(v), record.Nanoseconds) }
	switch {
	case least > most:
		r.Value = "never ended"
	case most > 0 && ns(least) != ns(most):
		r.Value = ns(least) + " to " + ns(most) + " of each repetition discarded"
	case most > 0:
		r.Value = ns(most) + " of each repetition discarded"
	}
	if run.Manifest.Conditions.Warmup == "auto" {
		r.Value += ", until throughput and p99 showed no change point over 10 s"
	}
	return r
}

// driftRows tell how far throughput, latency and cost moved over the repetitions in run order, for
// a system with repetitions enough for an interval.
func driftRows(s *summary.System) []row {
	var parts []string
	for _, name := range []string{"accepted", "latency.p99", "cpu"} {
		if d := s.Figures[name].Drift; d != nil {
			parts = append(parts, fmt.Sprintf("%s %+.1f%% (%+.1f%% to %+.1f%%)", name, 100*d.Share,
				100*d.Lo, 100*d.Hi))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []row{{"Drift, " + s.Name, strings.Join(parts, ", "), "Theil-Sen slope over the " +
		"repetitions in the order they ran, with its 95% interval, as a share of the median"}}
}

func hostNote(run *Run) string {
	h := run.Manifest.Host
	parts := []string{"kernel " + h.Kernel}
	if h.Governor != "" {
		parts = append(parts, "governor "+h.Governor)
	}
	if h.Clock != "" {
		parts = append(parts, "clock "+h.Clock)
	}
	if h.Container {
		parts = append(parts, "in a container")
	}
	if h.CgroupCPUs > 0 {
		parts = append(parts, fmt.Sprintf("limited to %g cores", h.CgroupCPUs))
	}
	if h.CgroupMemoryB > 0 {
		parts = append(parts, "limited to "+summary.Format(float64(h.CgroupMemoryB), record.Bytes))
	}
	return strings.Join(append(parts, "fingerprint "+h.Hash), ", ")
}

func lagRow(s *summary.System, rateMax bool) row {
	r := row{Name: "Driver lag, " + s.Name, Value: "not shown"}
	lag, ok := s.Figures["lag.p99.9"]
	switch {
	case rateMax:
		r.Note = "at rate max nothing is due, so nothing can be late"
	case !ok:
		r.Note = "no valid repetition measured it"
	default:
		r.Value = "p99.9 " + summary.Format(lag.Median, lag.Unit)
		if p99 := s.Figures["latency.p99"].Median; p99 > 0 {
			r.Note = fmt.Sprintf("%.1f%% of the result latency's p99; above 10%%, and 1 ms, and the "+
				"host's own noise, a repetition is INVALID", 100*lag.Median/p99)
		}
	}
	return r
}

// headroomRows tell how much of the host was idle during steady, and how far the claim is from what
// driver, transport and collector can do by themselves.
func headroomRows(run *Run, s *summary.System) []row {
	idle := row{Name: "Headroom, " + s.Name, Value: "not known"}
	if all := float64(run.Manifest.Host.Cores); s.Cores != nil && all > 0 {
		idle.Value = fmt.Sprintf("%.0f%% of the host idle", 100*max(0, 1-s.Cores.Sum()/all))
		idle.Note = coresNote(s.Cores, all)
	}
	ceiling := row{Name: "Null ceiling, " + s.Name, Value: "not measured",
		Note: "what driver, transport and collector reach without a system: streambench check " +
			"--calibrate"}
	if h := s.Headroom; h != nil {
		ceiling.Value = fmt.Sprintf("%s; this run takes %.0f%% of it",
			summary.Format(h.Ceiling, record.PerSecond), 100*h.Share)
		ceiling.Note = "what driver, transport and collector reach on this host with a pass-through " +
			"in place of a system; above 70% a claim is stamped DRIVER-LIMITED"
		if h.Outdone {
			ceiling.Note = "measured before, when the host was busier, so it is none; what driver, " +
				"transport and collector reach is measured again by streambench check --calibrate"
		}
		if h.DriverLimited {
			ceiling.Value = "DRIVER-LIMITED: " + ceiling.Value
		}
	}
	return []row{idle, ceiling}
}

// coresNote lists what each role took of the host's cores.
func coresNote(c *summary.Cores, all float64) string {
	note := fmt.Sprintf("over steady the system used %.2f, the driver %.2f, ", c.System, c.Driver)
	if c.Broker > 0 {
		note += fmt.Sprintf("the brokers %.2f, ", c.Broker)
	}
	return note + fmt.Sprintf("the tool beside them (collector, canary) %.2f of %g cores", c.Tool, all)
}
