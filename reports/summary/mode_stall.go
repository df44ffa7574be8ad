package summary

import (
	"fmt"
	"math"

	"github.com/streambench/streambench/matrix/stats"
	"github.com/streambench/streambench/reports/record"
)

const (
	// stallRiseB is how much memory may rise while the sink takes nothing: what is under way when
	// it stalls, and the buffers that fill.
	stallRiseB = 256 << 20
	// stallSlopeB is the rise a second that is left to chance once buffers are full.
	stallSlopeB = 1 << 20
	// fillShare of a stall is the time buffers have to fill: 5 s of 30.
	fillShare = 6
	// calmShare of the time after a stall may be backpressure: bursts of results fill a buffer for
	// a moment now and then.
	calmShare = 0.01
	// toldNs is how long after a stall a system may still add the time it waited to its account:
	// many do when the wait is over, and ticks are a quarter of a second apart.
	toldNs = 500e6
	// slackNs of the schedule may wait beyond what waited before the stall, or the system has not
	// caught up.
	slackNs = 10e6
)

// judgeStall judges a repetition whose sink stalled.
func judgeStall(c modeCase) modeFinding {
	if c.Mode == nil || c.Mode.Stall == nil {
		return modeFinding{exit: exitInvalid, text: "the record tells of no stall",
			remedy: "run it again: steady must last until the stall is over"}
	}
	s := stall{
		trail: c.Trail, from: c.Mode.Stall.FromNs, to: c.Mode.Stall.ToNs,
		logged: c.conditions.Transport != "embedded",
		slots:  max(1, float64(c.conditions.Workers)*math.Ceil(c.conditions.WorkerCPUs)),
	}
	s.memory()
	s.pressure()
	s.catchUp(c.share)
	f := s.finding
	f.text = fmt.Sprintf("the sink stalled for %s; %s",
		Format(float64(s.to-s.from), record.Nanoseconds), s.text())
	return f
}

// stall is what the ticks of a repetition say about a time in which its sink took nothing.
type stall struct {
	trail    *Trail
	from, to int64
	// logged says that events wait in a log of the transport's, which takes them whatever the
	// system does. That it has stopped reading shows in its memory and its backpressure alone, and
	// that it has caught up in its results.
	logged   bool
	slots    float64 // threads whose backpressure adds up
	caughtNs int64   // since T0: when the system had taken what was due again; 0 = never
	finding  modeFinding
	broken   []string
}

func (s *stall) text() string {
	if len(s.broken) > 0 {
		text := s.broken[0]
		for _, b := range s.broken[1:] {
			text += ", and " + b
		}
		return text
	}
	return "nothing was lost and nothing hoarded: " + s.finding.evidence[0].Measured +
		" of memory more, " + s.finding.evidence[len(s.finding.evidence)-1].Measured + " to catch up"
}

// hold adds evidence, and what it breaks if it does not hold.
func (s *stall) hold(e Evidence, holds bool, broken string) {
	s.finding.evidence = append(s.finding.evidence, e)
	if !holds {
		s.broken = append(s.broken, broken)
		s.finding.exit = exitLimit
		s.finding.remedy = "bound what the system buffers between its source and its sink"
	}
}

func (s *stall) figure(name string, value float64, of record.Unit, means string) {
	s.finding.figures = append(s.finding.figures, ModeFigure{name, value, of, means})
}

// resident is the memory of all roles that may hoard.
func resident(k *record.Tick) float64 { return float64(k.MemoryB + k.SystemMemoryB) }

// memory holds the rise of memory against its bounds.
func (s *stall) memory() {
	var before, peak float64
	var at, size []float64
	filled := s.from + (s.to-s.from)/fillShare
	for _, e := range s.trail.Ticks {
		k := e.Tick
		switch {
		case k.ScheduleNs < s.from:
			before = resident(k)
		case k.ScheduleNs <= s.to:
			peak = max(peak, resident(k))
			if k.ScheduleNs >= filled {
				at, size = append(at, float64(k.ScheduleNs)/1e9), append(size, resident(k))
			}
		}
	}
	rise := max(0, peak-before)
	s.hold(Evidence{"memory at its peak in the stall, above that before it",
		Format(rise, record.Bytes), "≤ 256 MiB"}, rise <= stallRiseB,
		"memory rose by "+Format(rise, record.Bytes))
	slope := stats.TheilSen(at, size)
	s.hold(Evidence{"slope of memory once buffers had filled", fmt.Sprintf("%s a second, 95%% "+
		"interval from %s", Format(slope.Value, record.Bytes), Format(slope.Lo, record.Bytes)),
		"from ≤ 1 MiB a second"}, slope.Lo <= stallSlopeB,
		"memory went on rising by "+Format(slope.Value, record.Bytes)+" a second")
	s.figure("memory.stall", peak, record.Bytes, "peak of memory while the sink stalled")
}

// pressure holds the system's own account of backpressure against the stall.
func (s *stall) pressure() {
	read := func(k *record.Tick) float64 { return float64(k.BackpressureNs) }
	during := s.trail.Rise(s.from, s.to+toldNs, read)
	s.hold(Evidence{"backpressure the system reports of the stall",
		Format(during, record.Nanoseconds), "> 0"}, during > 0,
		"the system reported no backpressure meanwhile")
	s.figure("backpressure", during, record.Nanoseconds,
		"time parts of the system waited for room while the sink stalled, by its own account")
	if !s.logged {
		blocked := s.trail.Rise(s.from, s.to,
			func(k *record.Tick) float64 { return float64(k.BlockedNs) })
		s.hold(Evidence{"time in which events were due and the sources took none",
			Format(blocked, record.Nanoseconds), "> 0"}, blocked > 0,
			"backpressure never reached the sources")
	}
	s.calm(read)
}

// waiting is the number of events due and not taken by the system; of one that reads a log, those
// due and not answered.
func (s *stall) waiting(k *record.Tick) float64 {
	if s.logged {
		return offered(k) - float64(k.Processed)
	}
	return offered(k) - accepted(k)
}

// calm holds backpressure after the system caught up against none.
func (s *stall) calm(read Gauge) {
	last := s.lastDueNs()
	s.caughtNs = s.caught()
	from := max(s.caughtNs, s.to+toldNs)
	if s.caughtNs == 0 || last <= from {
		return
	}
	after := s.trail.Rise(from, last, read) / float64(last-from) / s.slots
	s.hold(Evidence{"backpressure the system reports after it caught up",
		fmt.Sprintf("%.1f%% of its slots' time", 100*after), "< 1%"}, after < calmShare,
		fmt.Sprintf("the system still reported backpressure for %.1f%% of its slots' time", 100*after))
}

// lastDueNs is when the stream's schedule ended.
func (s *stall) lastDueNs() int64 {
	_, to, _ := s.trail.Steady()
	return to
}

// caught is when no more events were waiting than before the stall; 0 = never.
func (s *stall) caught() int64 {
	steady, _, _ := s.trail.Steady()
	var usual, rate float64
	for _, e := range s.trail.Ticks {
		k := e.Tick
		waiting := s.waiting(k)
		switch {
		case k.ScheduleNs < steady:
		case k.ScheduleNs < s.from:
			usual = max(usual, waiting)
			rate = offered(k) / float64(k.ScheduleNs)
		case k.ScheduleNs > s.to && waiting <= usual+rate*slackNs:
			return k.ScheduleNs
		}
	}
	return 0
}

// catchUp tells how long the way back took, beside how long a queue emptied at the system's highest
// rate takes: D·ρ/(1−ρ) after a stall of D at a share ρ of that rate.
func (s *stall) catchUp(share float64) {
	var backlog float64
	for _, e := range s.trail.Ticks {
		if k := e.Tick; k.ScheduleNs >= s.from {
			backlog = max(backlog, float64(k.Backlog), s.waiting(k))
		}
	}
	s.figure("backlog.stall", backlog, record.Events, "most events due and not answered, from the "+
		"stall on")
	law := "no bound: load.rate of-capacity tells what to expect"
	if share > 0 && share < 1 {
		want := float64(s.to-s.from) * share / (1 - share)
		law = fmt.Sprintf("no bound; a queue at %.0f%% of the highest rate takes %s", 100*share,
			Format(want, record.Nanoseconds))
		s.figure("catch-up.law", want, record.Nanoseconds, "D·ρ/(1−ρ) for a stall of D at a share ρ "+
			"of the sustainable rate")
	}
	if s.caughtNs == 0 {
		s.hold(Evidence{"time to catch up", "never", law}, false,
			"the system never caught up with its input")
		return
	}
	took := float64(s.caughtNs - s.to)
	s.hold(Evidence{"time to catch up", Format(took, record.Nanoseconds), law}, true, "")
	s.figure("catch-up", took, record.Nanoseconds, "from the end of the stall until no more events "+
		"waited to be taken than before it")
}
