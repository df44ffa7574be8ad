package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// moment is a line of the story of a fault.
type moment struct {
	atNs     int64
	mark     string // t0 to t6, where it is one of these
	sentence string
}

// told is a line of the story as the page has it: since T0, since t0, and what happened.
type told struct{ At, Since, Mark, Sentence string }

// most is how many lines of one kind a story has before they are put together.
const most = 4

// story tells a fault second by second: what the injector did, what the witness saw, what the
// system said of itself, and when results were as before.
func (b *breakage) story(f *record.Fault, at instants) []moment {
	if _, took := faultState(f); !took {
		return []moment{{atNs: max(f.ActualNs, f.PlannedNs), sentence: FaultSentence(f)}}
	}
	all := []moment{{atNs: f.ActualNs, mark: "t0", sentence: FaultSentence(f)}}
	if last := b.lastCheckpoint(f.ActualNs); last != nil {
		all = append(all, moment{atNs: last.AtNs, sentence: MilestoneSentence(last) +
			": the last before the fault"})
	}
	all = append(all, b.milestonesAfter(f, at)...)
	all = append(all, b.results(f, at)...)
	if f.HealedNs > 0 {
		all = append(all, moment{atNs: f.HealedNs, sentence: HealSentence(f)})
	}
	slices.SortStableFunc(all, func(x, y moment) int { return cmp.Compare(x.atNs, y.atNs) })
	return all
}

// lastCheckpoint is the last that was complete before a time.
func (b *breakage) lastCheckpoint(before int64) *record.Milestone {
	var last *record.Milestone
	for i := range b.milestones {
		m := &b.milestones[i]
		if m.AtNs <= before && milestoneName(m) == record.MilestoneCompleted {
			last = m
		}
	}
	return last
}

// milestonesAfter are what the system said from t0 or t1 until the next fault. Of checkpoints only
// those are told that were given up or torn, and the first that is complete again.
func (b *breakage) milestonesAfter(f *record.Fault, at instants) []moment {
	said := map[string][]*record.Milestone{}
	since, end := f.ActualNs, b.until(f)
	if at[1] > 0 { // the system can be quicker than the witness
		since = min(since, at[1])
	}
	for i := range b.milestones {
		m := &b.milestones[i]
		name := milestoneName(m)
		switch {
		case m.AtNs < since || end > 0 && m.AtNs >= end || untold[name]:
		case name == record.MilestoneCompleted && (at[3] == 0 || m.AtNs < at[3] || said[name] != nil):
		default:
			said[name] = append(said[name], m)
		}
	}
	var all []moment
	for _, name := range slices.Sorted(maps.Keys(said)) {
		all = append(all, tellAll(name, said[name], at)...)
	}
	return all
}

// untold are the milestones that go on all the time and explain nothing.
var untold = map[string]bool{record.MilestoneStarted: true, record.MilestonePrecommit: true,
	record.MilestoneCommit: true, record.MilestoneDeployed: true}

// tellAll tells milestones of one name; of many the first and the last.
func tellAll(name string, said []*record.Milestone, at instants) []moment {
	n, many := len(said), len(said) > most
	if many {
		said = []*record.Milestone{said[0], said[n-1]}
	}
	var all []moment
	for i, m := range said {
		line := moment{atNs: m.AtNs, mark: markOf(name, m, at), sentence: MilestoneSentence(m)}
		switch {
		case name == record.MilestoneCompleted:
			line.sentence += ": the first after the fault"
		case many && i == 0:
			line.sentence += fmt.Sprintf(" (the first of %d)", n)
		case many:
			line.sentence += fmt.Sprintf(" (the last of %d)", n)
		}
		all = append(all, line)
	}
	return all
}

// markOf names the instant a milestone is the evidence of, if it is of one.
func markOf(name string, m *record.Milestone, at instants) string {
	for i, of := range []string{"", record.MilestoneDetected, record.MilestoneReassigned,
		record.MilestoneRestored} {
		if i > 0 && name == of && m.AtNs == at[i] {
			return fmt.Sprintf("t%d", i)
		}
	}
	return ""
}

// results are the instants that are seen in results alone: the first of the first and of the last
// key range, the backlog in band, and all as before.
func (b *breakage) results(f *record.Fault, at instants) []moment {
	var all []moment
	first, last, none := b.firstResults(f)
	switch {
	case last != nil && *first != *last:
		all = append(all, moment{atNs: first.atNs, sentence: fmt.Sprintf("first result of key range "+
			"%d that needed an event due after the fault", first.slot)})
		fallthrough
	case last != nil:
		all = append(all, moment{atNs: last.atNs, mark: equalMark(last.atNs, at[4], "t4"),
			sentence: fmt.Sprintf("first such result of the last key range, %d: every range is "+
				"answered again", last.slot)})
	}
	if none > 0 && last != nil {
		all[len(all)-1].sentence = fmt.Sprintf("first such result of key range %d; %d of the ranges "+
			"had none at all", last.slot, none)
	}
	for i, sentence := range map[int]string{
		4: "first result that needed an event due after the fault",
		5: "the backlog was back in band: all that waited was answered",
		6: "rate, latency and backlog were in band from here on for 10 s: recovered",
	} {
		if at[i] > 0 && (i > 4 || last == nil) {
			all = append(all, moment{atNs: at[i], mark: fmt.Sprintf("t%d", i), sentence: sentence})
		}
	}
	return all
}

func equalMark(x, y int64, name string) string {
	if x == y {
		return name
	}
	return ""
}

type firstOf struct {
	slot int
	atNs int64
}

// firstResults are the earliest and the latest first result of the key ranges, and how many ranges
// had none; nil where the record has none of any.
func (b *breakage) firstResults(f *record.Fault) (first, last *firstOf, none int) {
	for slot, at := range b.firsts[f.ID].AtNs {
		if at == 0 {
			none++
		}
		if at <= 0 { // below zero: a range that has no results at any time
			continue
		}
		if first == nil || at < first.atNs {
			first = &firstOf{slot, at}
		}
		if last == nil || at > last.atNs {
			last = &firstOf{slot, at}
		}
	}
	return first, last, none
}

// lines writes a story: seconds since T0, and how long after t0.
func lines(story []moment, t0 int64) []told {
	var all []told
	for _, m := range story {
		line := told{At: fmt.Sprintf("%.3f s", float64(m.atNs)/1e9), Mark: m.mark, Sentence: m.sentence}
		if t0 > 0 && m.atNs != t0 {
			line.Since = signed(m.atNs - t0)
		}
		all = append(all, line)
	}
	return all
}

func signed(ns int64) string {
	if ns < 0 {
		return "−" + summary.Format(float64(-ns), record.Nanoseconds)
	}
	return "+" + summary.Format(float64(ns), record.Nanoseconds)
}
