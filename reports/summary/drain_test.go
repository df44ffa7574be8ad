package summary

import (
	"math"
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
)

// drained is the record of 1M events filled within 1 s by 1.5 cores, and then drained by a core of
// the system and half a core of brokers.
func drained(l *record.Ledger) []record.Entry {
	entries := []record.Entry{{Kind: record.KindLedger, System: "s", Rep: record.FirstProbe, Ledger: l}}
	for ms := int64(0); ms <= 6000; ms += 250 {
		fill, drain := min(ms, 1000), max(0, ms-1000)
		entries = append(entries, record.Entry{Kind: record.KindTick, System: "s",
			Rep: record.FirstProbe, Tick: &record.Tick{
				ScheduleNs: ms * 1e6, Accepted: uint64(fill) * 1000,
				CPU: record.CPU{ToolNs: 7e12 + fill*15e5, SystemNs: 5e12 + drain*1e6,
					BrokerNs: 3e12 + drain*5e5},
			}})
	}
	return entries
}

func TestADrainTellsWhatTheHostAllowsWithTheDriverAtWork(t *testing.T) {
	clean := &record.Ledger{Expected: 50, Received: 50, Matched: 50, Conclusive: true}
	d := record.Drain{Events: 1e6, FilledNs: 1e9, FromNs: 2e9, ToNs: 6e9, EventsPerS: 2e5}
	p := Drained(drained(clean), d, 2)
	if p.Answer != record.ProbePass || p.Rate != 2e5 || !strings.HasPrefix(p.Text, "50 results right") {
		t.Errorf("%+v", p)
	}
	// 1.5 µs to fill and 7.5 µs to drain an event make 222 000 of 2 cores.
	if d := p.Drain; math.Abs(d.SystemCores-1) > 0.01 || math.Abs(d.BrokerCores-0.5) > 0.01 ||
		math.Abs(d.Together/222_222-1) > 0.01 || d.Most() != 2e5 {
		t.Errorf("%+v", d)
	}
	if p = Drained(drained(clean), d, 1); p.Drain.Most() != p.Drain.Together {
		t.Errorf("one core: %+v", p.Drain)
	}
}

func TestADrainThatIsNotRightEstimatesNothing(t *testing.T) {
	d := record.Drain{Events: 1e6, FilledNs: 1e9, FromNs: 2e9, ToNs: 6e9, EventsPerS: 2e5}
	for _, tt := range []struct {
		ledger *record.Ledger
		rate   float64
		answer string
		text   string
	}{
		{&record.Ledger{Expected: 50, Matched: 49, Lost: 1, Conclusive: true}, 2e5, record.ProbeFail,
			"1 lost"},
		{&record.Ledger{Why: "no new result for 10s"}, 2e5, record.ProbeInvalid, "no new result"},
		{nil, 2e5, record.ProbeInvalid, "the oracle was not asked"},
		{&record.Ledger{Expected: 1, Matched: 1, Conclusive: true}, 0, record.ProbeInvalid,
			"too few results"},
		{&record.Ledger{Received: 9, Conclusive: true}, 2e5, record.ProbePass, "not checked against"},
	} {
		d.EventsPerS = tt.rate
		entries := drained(tt.ledger)
		if tt.ledger == nil {
			entries = entries[1:]
		}
		if p := Drained(entries, d, 2); p.Answer != tt.answer || !strings.Contains(p.Text, tt.text) {
			t.Errorf("%+v, want %s of %s", p, tt.answer, tt.text)
		}
	}
	failed := append(drained(nil)[1:], record.Entry{Kind: record.KindError, System: "s",
		Rep: record.FirstProbe, Error: &record.Failure{Phase: "drain", Text: "it died"}})
	if p := Drained(failed, d, 2); p.Answer != record.ProbeFail || !strings.Contains(p.Text, "it died") {
		t.Errorf("%+v", p)
	}
}
