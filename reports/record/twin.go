package record

import "fmt"

// FirstTwin is the number of the first repetition of a system that is a twin: that of repetition
// 1 of the plan, before which it runs. Those of the plan, of probes, of bounded inputs and of
// repaired dead letters are below.
const FirstTwin = 4001

// RepetitionName is a repetition in words: "run 2", "twin of run 2".
func RepetitionName(rep int) string {
	if rep >= FirstTwin {
		return fmt.Sprintf("twin of run %d", rep-FirstTwin+1)
	}
	return fmt.Sprintf("run %d", rep)
}
