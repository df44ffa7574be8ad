package summary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
	"github.com/streambench/streambench/reports/summary"
)

func TestAReplayIsJudgedByBothLedgersTheLinesAndTheView(t *testing.T) {
	sound := record.Replay{
		FromNs: 7e9, ReadyNs: 7.5e9, CaughtNs: 10e9, Events: 9_000_000, Ns: 2e9, Due: 3_000_000,
		CPUNs: 3e9, Field: "w", Switch: 1_767_225_610_000, SwitchNs: 11e9,
		Lines: 12, LiveLines: 12, LinesSHA256: "ab", LiveSHA256: "ab", OfLive: 7, OfShadow: 5,
		Ledger: &record.Ledger{Conclusive: true, Expected: 12, Received: 12, Matched: 12},
	}
	for _, tt := range []struct {
		name  string
		plant func(p *record.Replay)
		state summary.State
		exit  int
		text  string
	}{
		{"nothing planted", func(*record.Replay) {}, summary.Pass, 0, "the same 12 results, byte for " +
			"byte, at 4.50M events/s, 3 times the load, and caught up in 3.00 s; from the window of " +
			"00:00:10.000 on"},
		{"per event", func(p *record.Replay) { p.Field, p.Switch = "seq", 15_000_000 },
			summary.Pass, 0, "from event 15 000 000 on"},
		{"first results after it had caught up", func(p *record.Replay) { p.AtLeast = true },
			summary.Pass, 0, "at no less than 4.50M events/s, 3 times the load"},
		{"no pace to read", func(p *record.Replay) { p.Ns, p.Events, p.Due = 0, 0, 0 },
			summary.Pass, 0, "at a pace its results do not tell"},
		{"a line that differs", func(p *record.Replay) {
			p.LinesSHA256, p.Differs = "cd", "only the replay has 5|7"
		}, summary.Fail, 12, "only the replay has 5|7"},
		{"sums that differ", func(p *record.Replay) { p.LiveSHA256 = "cd" }, summary.Fail, 12, "differ"},
		{"a result lost", func(p *record.Replay) { p.Ledger.Lost = 1 },
			summary.Fail, 12, "replayed, 1 lost"},
		{"a view with one twice", func(p *record.Replay) {
			p.ViewDiffers = "5 is there once too often"
		}, summary.Fail, 12, "5 is there once too often"},
		{"a view with too few", func(p *record.Replay) { p.OfShadow = 4 }, summary.Fail, 12, "7 and 4 of 12"},
		{"slower than the load", func(p *record.Replay) {
			p.CaughtNs, p.Switch, p.SwitchNs, p.Events = 0, 0, 0, 2_000_000
		}, summary.Fail, 10, "could never have caught up"},
		{"faster, and not in time", func(p *record.Replay) { p.CaughtNs, p.Switch, p.SwitchNs = 0, 0, 0 },
			summary.Unknown, 6, "before the replay had caught up"},
		{"no window left", func(p *record.Replay) { p.Switch, p.SwitchNs = 0, 0 },
			summary.Unknown, 6, "before the view could be switched"},
		{"an end that never came", func(p *record.Replay) {
			p.Ledger.Conclusive, p.Ledger.Why = false, "no new result"
		}, summary.Unknown, 6, "no new result"},
		{"no replay", func(p *record.Replay) { p.Ledger = nil }, summary.Unknown, 6, "tells of no replay"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recordtest.New(t, recordtest.Options{})
			r.Manifest.Conditions.Mode = record.ModeReplay
			p, ledger := sound, *sound.Ledger
			p.Ledger = &ledger
			tt.plant(&p)
			at := slices.IndexFunc(r.Entries, func(e record.Entry) bool { return e.Ledger != nil })
			r.Entries = slices.Insert(r.Entries, at, record.Entry{T: r.Entries[at].T,
				Kind: record.KindMode, System: "native", Rep: 1, Mode: &record.Mode{Replay: &p}})
			res := summarize(t, r, r.Log(t))
			if v := modeVerdict(t, res); v.State != tt.state || v.Exit != tt.exit ||
				!strings.Contains(v.Text, tt.text) || summary.Meaning(v) == "" {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

// TestLatencyDuringAReplayIsHeldBesideThatBefore has latencies of another size while the second
// instance catches up.
func TestLatencyDuringAReplayIsHeldBesideThatBefore(t *testing.T) {
	r := recordtest.New(t, recordtest.Options{})
	r.Manifest.Conditions.Mode = record.ModeReplay
	at := slices.IndexFunc(r.Entries, func(e record.Entry) bool { return e.Ledger != nil })
	r.Entries = slices.Insert(r.Entries, at, record.Entry{T: r.Entries[at].T, Kind: record.KindMode,
		System: "native", Rep: 1, Mode: &record.Mode{Replay: &record.Replay{
			FromNs: 7e9, CaughtNs: 10e9, Events: 9, Ns: 1, Due: 3, CPUNs: 3e9, Field: "w", Switch: 1,
			SwitchNs: 11e9, Lines: 3, LiveLines: 3, OfLive: 3,
			Ledger: &record.Ledger{Conclusive: true},
		}}})
	log := r.Log(t)
	trail := summary.Trails(r.Entries)[0]
	tag := record.Tag{System: "native", Rep: 1, Stage: record.StageResult}
	slices := log.Intervals[tag]
	for i, v := range slices {
		row := 10 // 2^(10/8) µs
		if v.ToNs > trail.T0Ns()+7e9 && v.FromNs < trail.T0Ns()+10e9 {
			row = 40
		}
		slices[i].Cells = []record.Cell{{Row: 0, N: 1}, {Row: row, N: 999}}
	}
	figures := map[string]float64{}
	for _, f := range summarize(t, r, log).Systems[0].Mode {
		figures[f.Name] = f.Value
	}
	if figures["latency.p99.before"] != record.CellFloorNs(11) ||
		figures["latency.p99.during"] != record.CellFloorNs(41) {
		t.Errorf("figures %v", figures)
	}
	if figures["catch-up"] != 3e9 || figures["replay.cpu"] != 3e9 {
		t.Errorf("figures %v", figures)
	}
}
