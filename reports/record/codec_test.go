package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func plan() Entry {
	return Entry{Kind: KindPlan, Plan: &Plan{Schema: Schema, Scenario: "demo"}}
}

func samples() []Entry {
	return []Entry{
		plan(),
		{T: 1, Kind: KindConfig, System: "native", Rep: 1, Config: map[string]string{"slots": "2"}},
		{T: 2, Kind: KindPhase, System: "native", Rep: 1, Phase: &Phase{Name: PhaseWarmup}},
		{T: 3, Kind: KindTick, System: "native", Rep: 1, Tick: &Tick{Phase: PhaseWarmup, Offered: 9}},
		{T: 4, Kind: KindLedger, System: "native", Rep: 1, Ledger: &Ledger{Expected: 4, Digest: "00"}},
		{T: 5, Kind: KindWarning, Warning: &Warning{Code: "shared-cores", Text: "two <on> one"}},
		{T: 6, Kind: KindError, System: "native", Error: &Failure{Phase: PhaseDeploy, Exit: 5}},
		{T: 6, Kind: KindSchedule, System: "native", Rep: 1, Schedule: []Planned{{1, "kill x", 9}}},
		{T: 6, Kind: KindMilestone, System: "native", Rep: 1, Milestone: &Milestone{
			Name: MilestoneRestored, AtNs: 5, Node: "worker-1", Slots: []int{2, 3}, Bytes: 9}},
		{T: 6, Kind: KindFault, System: "native", Rep: 1, Fault: &Fault{ID: 1, Text: "kill worker-2",
			Verb: "kill", Nodes: []string{"worker-2"}, Witness: &Witness{Holds: true, AtNs: 4}}},
		{T: 6, Kind: KindGate, System: "native", Rep: 1, Gate: &Gate{Fault: 1, Open: true}},
		{T: 6, Kind: KindFirsts, System: "native", Rep: 1, Firsts: &Firsts{Fault: 1,
			AtNs: []int64{7, 0}}},
		{T: 6, Kind: KindStretches, System: "native", Rep: 1, Stretches: []Stretch{{Results: 3}}},
		{T: 6, Kind: KindResidue, System: "native", Rep: 1, Residue: &Residue{Left: []string{"x"}}},
		{T: 7, Kind: KindEnd, End: &End{}},
	}
}

func encode(t *testing.T, entries ...Entry) string {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

func TestEveryKindOfEntryIsReadBackAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), RecordFile)
	w, err := CreateWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range samples() {
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
		data, _ := os.ReadFile(path)
		if got := bytes.Count(data, []byte("\n")); got != i+1 {
			t.Fatalf("after %d entries the file has %d lines: an entry is not flushed", i+1, got)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := Read(f, path)
	if err != nil || !reflect.DeepEqual(got, samples()) {
		t.Errorf("read back %v, %v", got, err)
	}
}

func TestARecordThatIsNotOneIsRefusedWithItsLine(t *testing.T) {
	good := encode(t, plan())
	cases := []struct{ why, text, want string }{
		{"not JSON at all", "hello\n", "r:1: not an entry"},
		{"foreign JSON", `{"level":"info"}` + "\n", "r:1: not an entry"},
		{"a record that does not begin with its plan", encode(t, samples()[6]), "r:1: not a record"},
		{"a schema of another version", strings.Replace(good, "/v1", "/v9", 1), "r:1: not a record"},
		{"a kind nobody knows", good + `{"t":1,"kind":"surprise"}` + "\n",
			`r:2: unknown kind "surprise"`},
		{"a kind without its member", good + `{"t":1,"kind":"tick"}` + "\n", "r:2: entry of kind"},
		{"a member of another kind", good + `{"t":1,"kind":"tick","end":{}}` + "\n",
			"r:2: entry of kind"},
		{"two values in a line", good + `{"t":1,"kind":"end","end":{}} {}` + "\n", "r:2: not an entry"},
		{"an empty line", good + "\n", "r:2: not an entry"},
		{"a line corrupted in the middle", good + "{\"t\":1,\x00\n" + good, "r:2: not an entry"},
	}
	for _, c := range cases {
		got, err := Read(strings.NewReader(c.text), "r")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || got != nil {
			t.Errorf("%s: got %v, %v; want error %s…", c.why, got, err, c.want)
		}
	}
}

func TestARecordCutOffAnywhereGivesTheEntriesBeforeTheCut(t *testing.T) {
	whole := encode(t, samples()...)
	for cut := range len(whole) {
		entries, err := Read(strings.NewReader(whole[:cut]), "r")
		lines := strings.Count(whole[:cut], "\n")
		if len(entries) != lines {
			t.Fatalf("cut at %d: %d entries, want %d", cut, len(entries), lines)
		}
		var off *CutOff
		inLine := cut == 0 || whole[cut-1] != '\n'
		if errors.As(err, &off) != inLine {
			t.Fatalf("cut at %d: error %v", cut, err)
		}
	}
}

func TestAFullDiskIsReportedAndNothingMoreIsWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this system: ", err)
	}
	w := &Writer{file: full}
	err = w.Add(plan())
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("first write: %v", err)
	}
	if again := w.Add(plan()); again != err {
		t.Errorf("second write: %v, want the first error", again)
	}
	if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("close: %v, want the first error", err)
	}
}

func TestWriterRefusesToOverwriteARecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), RecordFile)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateWriter(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
}

func TestWriteFileLeavesTheOldFileAndNothingElseWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.json")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("got %q", got)
	}
	blocked := filepath.Join(dir, "folder")
	if err := os.Mkdir(blocked, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(blocked, []byte("x")); err == nil {
		t.Error("a folder was overwritten")
	}
	if err := WriteFile(filepath.Join(dir, "none", "x"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func TestManifestIsReadBackAndForeignOnesAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ManifestFile)
	m := Manifest{Schema: ManifestSchema, ID: "x", Start: time.Unix(1, 0).UTC(),
		Limits: []Limit{{Metric: "latency.p99", Value: 5e6, Text: "5ms"}}}
	if err := WriteManifest(path, m); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadManifest(path); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v, %v", got, err)
	}
	for why, text := range map[string]string{
		"cut off":        `{"schema": "streambench/mani`,
		"foreign":        `{"name": "package.json"}`,
		"other version":  `{"schema": "streambench/manifest/v2"}`,
		"no schema name": `{}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadManifest(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func FuzzReadNeverPanicsAndNamesTheFile(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"t":0,"kind":"plan","plan":{"schema":"streambench/record/v1"}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := Read(bytes.NewReader(data), "r")
		if err != nil && !strings.HasPrefix(err.Error(), "r:") {
			t.Errorf("error without its place: %v", err)
		}
		for _, e := range entries {
			if err := e.check(); err != nil {
				t.Error(err)
			}
		}
	})
}
