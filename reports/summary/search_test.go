package summary_test

import (
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

func TestTheAnswerOfASearchIsTheHighestRateThatPassed(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	r.Manifest.Limits = []record.Limit{
		{Metric: "sustainable", AtLeast: true, Value: 1.6e6, Text: ">= 1.6M/s"}}
	r.Search(recordtest.Probes, &recordtest.Bracket, 4e6)
	res := summarize(t, r, r.Log(t))
	s := res.Systems[0]
	f := s.Figures["sustainable"]
	if res.Exit != 0 || f.Median != 1.62e6 || len(f.Warnings) != 0 || s.Search == nil ||
		len(s.Search.Probes) != len(recordtest.Probes) || s.Search.Failed != 1.7e6 {
		t.Fatalf("exit %d, %+v, %+v", res.Exit, f, s.Search)
	}
	if h := s.Headroom; h == nil || h.Share < 0.40 || h.Share > 0.41 || h.DriverLimited {
		t.Errorf("headroom %+v", h)
	}
	if want := "native sustains 1.62M events/s; 1.70M events/s failed: p99 was 1.31 s, limit 1s; " +
		"confirmed 1 of 1 times"; !strings.HasPrefix(res.Sentence, want) {
		t.Errorf("sentence %q", res.Sentence)
	}
	if !mentions(res, "sustainable is 1.62M events/s, limit ≥ 1.6M/s") {
		t.Errorf("verdicts %+v", res.Verdicts)
	}
}

func TestASearchWithoutAnAnswerIsUnknown(t *testing.T) {
	cut := recordtest.Bracket
	cut.Unsettled = "every probe near 1.5M/s was INVALID"
	none := record.Bracket{Failed: 1000, Reason: "backlog"}
	for why, c := range map[string]struct {
		probes  []record.Probe
		bracket *record.Bracket
		text    string
	}{
		"one that gave up":      {recordtest.Probes, &cut, "every probe near 1.5M/s was INVALID"},
		"one that was cut off":  {recordtest.Probes[:3], nil, "the record ends before the search does"},
		"one no rate passed in": {recordtest.Probes[3:4], &none, "1.00k events/s, failed: backlog"},
	} {
		r := recordtest.New(t, recordtest.Options{})
		r.Search(c.probes, c.bracket, 0)
		res := summarize(t, r, r.Log(t))
		if _, given := res.Systems[0].Figures["sustainable"]; given || res.Exit != 6 ||
			!mentions(res, c.text) {
			t.Errorf("%s: exit %d, %s", why, res.Exit, res.Sentence)
		}
	}
}

func TestARateThatDoesNotPassAgainIsWarned(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	b := recordtest.Bracket
	b.Repeats, b.Confirmed = 5, 3
	r.Search(recordtest.Probes, &b, 0)
	ws := summarize(t, r, r.Log(t)).Systems[0].Figures["sustainable"].Warnings
	if len(ws) != 1 || ws[0].Code != "unconfirmed" || !strings.Contains(ws[0].Text, "3 of 5") {
		t.Errorf("warnings %+v", ws)
	}
}

func TestAClaimNearTheNullCeilingIsStamped(t *testing.T) {
	for _, c := range []struct {
		ceiling float64
		limited bool
		outdone bool
	}{ // 70 % of the first two are 1.54M and 1.47M, 110% of the others 1.54M and 1.32M
		{2.2e6, false, false}, {2.1e6, true, false}, {1.4e6, true, false}, {1.2e6, false, true},
	} {
		r := recordtest.New(t, recordtest.Options{})
		r.Manifest.Conditions.Ceiling = c.ceiling
		res := summarize(t, r, r.Log(t))
		s := res.Systems[0]
		stamped := false
		for _, w := range s.Figures["accepted"].Warnings {
			stamped = stamped || w.Code == "driver-limited"
		}
		if s.Headroom == nil || s.Headroom.DriverLimited != c.limited || stamped != c.limited ||
			s.Headroom.Outdone != c.outdone ||
			strings.Contains(res.Sentence, "DRIVER-LIMITED") != c.limited || res.Exit != 0 {
			t.Errorf("ceiling %v: %+v, %s", c.ceiling, s.Headroom, res.Sentence)
		}
	}
	r := recordtest.New(t, recordtest.Options{})
	if h := summarize(t, r, r.Log(t)).Systems[0].Headroom; h != nil {
		t.Errorf("headroom %+v of a ceiling nobody measured", h)
	}
}
