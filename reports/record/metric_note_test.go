package record

import "testing"

func TestEveryNoteBelongsToAMetric(t *testing.T) {
	used := map[string]bool{}
	for _, m := range Metrics() {
		used[m.Note()] = true
	}
	for name, note := range notes {
		if !used[note] {
			t.Errorf("no metric shows the note of %s", name)
		}
	}
	p99, _ := FindMetric("latency.p99.9")
	lag, _ := FindMetric("lag.max")
	calm, _ := FindMetric("calm.latency.p50")
	tax, _ := FindMetric("recovery.tax")
	if p99.Note() != notes["latency"] || lag.Note() != notes["lag"] ||
		calm.Note() != notes["calm.latency"] || tax.Note() != notes["recovery.tax"] {
		t.Error("a family's note is not that of its figures")
	}
}
