package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

func TestThePictureMarksWhatAModeDid(t *testing.T) {
	for name, c := range map[string]struct {
		mode record.Mode
		want string
	}{
		record.ModeBackpressure: {record.Mode{Stall: &record.Stall{FromNs: 4e9, ToNs: 6e9}},
			"the sink stalls"},
		record.ModeReplay: {record.Mode{Replay: &record.Replay{FromNs: 4e9, CaughtNs: 5e9}},
			"a second instance replays"},
	} {
		html := string(rendered(t, folder(t, recordtest.Options{}, func(r *recordtest.Run) {
			r.Manifest.Conditions.Mode = name
			at := slices.IndexFunc(r.Entries, func(e record.Entry) bool { return e.Ledger != nil })
			r.Entries = slices.Insert(r.Entries, at, record.Entry{T: r.Entries[at].T,
				Kind: record.KindMode, System: "native", Rep: 1, Mode: &c.mode})
		}))[PageFile])
		if !strings.Contains(html, c.want+"</text>") || !strings.Contains(html, bandInk) {
			t.Errorf("%s: no band says %q", name, c.want)
		}
	}
}

func TestAValidRunWithoutLatencyIsNotCalledInvalid(t *testing.T) {
	dir := folder(t, recordtest.Options{}, func(r *recordtest.Run) { r.Manifest.Limits = nil })
	var log bytes.Buffer
	h, err := record.NewHistograms(&log, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, record.LatencyFile), log.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	html := string(rendered(t, dir)[PageFile])
	for text, want := range map[string]bool{
		"so there is no latency.": true, "No result was timed.": true,
		"no repetition is valid": false, "No result arrived": false,
	} {
		if strings.Contains(html, text) != want {
			t.Errorf("the page says %q: %v, want %v", text, !want, want)
		}
	}
}
