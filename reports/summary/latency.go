package summary

import (
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// latencies are the families of figures that are read from a latency series each.
var latencies = []struct {
	prefix, stage string
	gap           string // why a result may be missing in it
}{
	{"latency.", record.StageResult, ""},
	{"ingest.", record.StageIngest, "their trigger was taken so long ago that nobody knows when"},
	{"contributor.", record.StageContributor, ""},
	{"refinement.", record.StageRefinement, "they took in several late events at once, or none"},
}

// codeUntimed begins the code of a warning that a series lacks results; its stage follows.
const codeUntimed = "untimed-"

// stageOf is the latency series a figure is read from.
func stageOf(figure string) (stage string, ok bool) {
	figure = strings.TrimPrefix(figure, "calm.")
	for _, of := range latencies {
		if strings.HasPrefix(figure, of.prefix) {
			return of.stage, figure != "latency.area"
		}
	}
	return "", false
}

// untimed tells of results that are in no sample of a series.
func untimed(t *Trail) []record.Warning {
	var ws []record.Warning
	for _, of := range latencies {
		if n := t.End.Untimed[of.stage]; n > 0 {
			ws = append(ws, record.Warning{Code: codeUntimed + of.stage, Text: of.stage +
				" latency leaves out " + Format(float64(n), record.Results) + ": " + of.gap})
		}
	}
	return ws
}
