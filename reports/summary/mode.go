package summary

import (
	"github.com/streambench/streambench/reports/record"
)

// ModeFigure is what a mode measured of a system, beside the figures every run has.
type ModeFigure struct {
	Name  string      `json:"name"`
	Value float64     `json:"value"`
	Unit  record.Unit `json:"unit"`
	Means string      `json:"means"`
}

// finding of a mode: an exit code of 0 is a pass.
type modeFinding struct {
	exit     int
	text     string
	remedy   string
	evidence []Evidence
	figures  []ModeFigure
}

// modeCase is a repetition that is valid and whose ledger is conclusive and without offence.
type modeCase struct {
	*Trail
	conditions record.Conditions
	figures    map[string]float64
	log        *record.HistogramLog
	share      float64 // of the system's capacity that was offered; 0 where that is not known
}

// modes are what is asked of each mode.
var modes = map[string]struct {
	question string
	judge    func(c modeCase) modeFinding
}{
	record.ModeBackpressure: {
		"While its sink takes nothing, a system must stop taking events, and neither lose any nor " +
			"hoard them: memory may rise by 256 MiB, and after the first sixth of the stall by " +
			"1 MiB/s at most. It must report backpressure meanwhile, and none once it has caught up.",
		judgeStall,
	},
	record.ModeBatch: {
		"The same events, bounded and as fast as the system takes them, must give the same results " +
			"as streamed by their schedule: the canonical lines of both, sorted, are equal byte for " +
			"byte, and both are what the oracle expects.",
		judgeBatch,
	},
	record.ModeReplay: {
		"A second instance reads the input again from its beginning while the first works on, and " +
			"catches up with it. Its results must be those of the first, their canonical lines equal " +
			"byte for byte and right by the oracle, and a view that takes the results before the next " +
			"window of the first instance and all others of the second has every result once.",
		judgeReplay,
	},
}

// modeQuestion is what the mode of a run asks, by its name.
func modeQuestion(name string) string { return modes[name].question }

// judgeMode asks of every repetition that counts what the mode of the run demands. One that fails
// convicts the system; figures are those of the last one that counts.
func judgeMode(
	c record.Conditions, s *System, trails []Trail, log *record.HistogramLog,
) []Verdict {
	name := c.Mode
	if name == "" {
		return nil
	}
	v := Verdict{System: s.Name, Rule: RuleMode, Code: name, State: Unknown, Exit: exitInvalid,
		Text: "mode " + name + ": there is no valid repetition to tell"}
	share := 0.0
	if s.Search != nil && s.Search.Settled() {
		share = s.Search.Offered / s.Search.Passed
	}
	for i, r := range s.Repetitions {
		if !r.counts() || r.Ledger == nil || !r.Ledger.Conclusive {
			continue
		}
		if offended(r.Ledger) > 0 {
			v.Rep, v.State, v.Exit = r.Rep, Fail, exitGuarantee
			v.Text, v.Evidence = "mode "+name+": "+account(r.Ledger), classes(r.Ledger)
			return []Verdict{v}
		}
		f := modes[name].judge(modeCase{&trails[i], c, r.Figures, log, share})
		s.Mode = f.figures
		v.State, v.Exit, v.Text = Pass, f.exit, "mode "+name+": "+f.text
		v.Remedy, v.Evidence = f.remedy, f.evidence
		if f.exit != 0 {
			v.Rep, v.State = r.Rep, Fail
			if f.exit == exitInvalid {
				v.State = Unknown
			}
			return []Verdict{v}
		}
	}
	return []Verdict{v}
}
