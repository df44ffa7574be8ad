package reports

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

// fourAtTwoRates are four systems at a low rate, and at a share of what each can do at most.
var fourAtTwoRates = recordtest.Options{Systems: []string{
	"spark@20k/s", "spark@70%", "native@20k/s", "native@70%", "flink@20k/s", "flink@70%",
	"kafkastreams@20k/s", "kafkastreams@70%",
}}

// estimates plants what each of the four drained, and that one of them declares less.
func estimates(r *recordtest.Run) {
	r.Manifest.Conditions.Rate, r.Manifest.Conditions.Deployment = "20k/s and 70% of capacity", "once"
	r.Manifest.Conditions.Transport, r.Manifest.Conditions.Broker = "kafka", "container"
	r.Manifest.Conditions.Partitions, r.Manifest.Limits = 4, nil
	r.Manifest.Claim.Declared = map[string]string{"spark": "at-least-once"}
	plan := r.Entries[0].Plan
	plan.Systems = []string{"native", "flink", "kafkastreams", "spark"}
	for i, of := range plan.Order {
		base, mark, _ := strings.Cut(of.System, "@")
		plan.Order[i].Of, plan.Order[i].Rate = base, mark
		if mark == "70%" {
			plan.Order[i].Rate, plan.Order[i].Found = "70% of capacity", true
		}
	}
	found := r.Entries[:1:1]
	for _, d := range []struct {
		system         string
		rate, together float64
		cores          float64
	}{
		{"native", 2.4e6, 1.1e6, 1.9}, {"flink", 740e3, 0, 1.96}, {"kafkastreams", 140e3, 0, 1},
		{"spark", 310e3, 0, 0.4},
	} {
		drain := &record.Drain{Events: 6e6, FilledNs: 4e9, FromNs: 6e9, ToNs: 18e9,
			EventsPerS: d.rate, SystemCores: d.cores, BrokerCores: 0.3, ToolCores: 0.1,
			Together: d.together}
		if d.system == "flink" {
			found = append(found, record.Entry{T: 1e6, Kind: record.KindProbe, System: d.system,
				Rep: record.FirstProbe, Probe: &record.Probe{Rate: d.rate / 2,
					Answer: record.ProbePass, Drain: drain}})
		}
		found = append(found,
			record.Entry{T: 1e6, Kind: record.KindProbe, System: d.system, Rep: record.FirstProbe + 1,
				Probe: &record.Probe{Rate: d.rate, Answer: record.ProbePass, Drain: drain,
					Text: "600 000 results right, none lost, duplicated or wrong"}},
			record.Entry{T: 1e6, Kind: record.KindBracket, System: d.system,
				Bracket: &record.Bracket{Passed: d.rate, Offered: 0.7 * drain.Most(), Estimate: drain}})
	}
	r.Entries = append(found, r.Entries[1:]...)
}

func TestSystemsAtSeveralRatesStandSideBySide(t *testing.T) {
	files := rendered(t, folder(t, fourAtTwoRates, estimates))
	var result summary.Result
	if err := json.Unmarshal(files[ResultFile], &result); err != nil {
		t.Fatal(err)
	}
	c := result.Comparison
	if c == nil || len(c.Systems) != 4 {
		t.Fatalf("%+v", c)
	}
	for i, want := range []struct{ system, limit string }{
		{"native", "its own cores"}, {"flink", "its own cores"}, {"kafkastreams", "no processor"},
		{"spark", "no processor"},
	} {
		s := c.Systems[i]
		if s.System != want.system || !strings.HasPrefix(s.LimitedBy, want.limit) ||
			len(s.Rates) != 2 || !s.Estimated || s.Weaker != (s.System == "spark") {
			t.Errorf("%+v", s)
		}
	}
	if got := result.Systems[1].Figures["capacity"]; got.Median != 2.4e6 || len(got.Warnings) == 0 {
		t.Errorf("capacity %+v", got)
	}
	for name, wants := range map[string][]string{
		PageFile: {"2.40M/s ESTIMATED", "declared: at-least-once", "Unlike claims:",
			"this host allows with the driver at work", "Capacity of flink, ESTIMATED",
			"still warming up: the drain before had 370k events/s"},
		SummaryFile: {"| native | exactly-once | 2.40M/s ESTIMATED |",
			"| spark | at-least-once (declared) |", "Unlike claims: spark declares at-least-once"},
	} {
		for _, want := range wants {
			if !strings.Contains(string(files[name]), want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
	if n := strings.Count(string(files[PageFile]), "<h3>Settings in force"); n > 4 {
		t.Errorf("settings of %d systems", n)
	}
}
