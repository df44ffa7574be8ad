package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRunFoldersAreNamedByTimeAndNeverShared(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("east", 3600))
	var ids []string
	for range 3 {
		id, err := makeRunDir(dir, "a/b ../c", at)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	want := "20260102T020405Z-a-b----c 20260102T020405Z-a-b----c-2 20260102T020405Z-a-b----c-3"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("folders %q, want %q", got, want)
	}
	for _, id := range ids[:2] {
		if err := linkLatest(dir, id); err != nil {
			t.Fatal(err)
		}
	}
	if to, err := os.Readlink(filepath.Join(dir, "latest")); err != nil || to != ids[1] {
		t.Errorf("latest is %q, %v", to, err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, ids[0]))
	if err != nil || len(entries) != 0 {
		t.Errorf("the probe left %v, %v", entries, err)
	}
}

func TestRunsOnOneHostSeeEachOther(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "streambench-mark-4242-1")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := announce(dir)
	if err != nil {
		t.Fatal(err)
	}
	if others := one.others(); len(others) != 0 {
		t.Errorf("alone on the host, it sees %v", others)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the mark of a run that was killed is still there")
	}
	two, err := announce(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := one.others(), two.others(); len(a) != 1 || len(b) != 1 {
		t.Errorf("of two runs one sees %v, the other %v", a, b)
	}
	two.withdraw()
	if others := one.others(); len(others) != 0 {
		t.Errorf("a run that has ended is still seen: %v", others)
	}
	one.withdraw()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAHostHasAStableFingerprint(t *testing.T) {
	a, b := readHost(), readHost()
	if a != b || len(a.Hash) != 12 || a.Cores < 1 || a.MemoryB == 0 || a.OS == "" || a.Kernel == "" {
		t.Errorf("fingerprints %+v and %+v", a, b)
	}
}

func TestUsageIsRead(t *testing.T) {
	resetPeak()
	u := readUsage()
	if u.cpuNs <= 0 || u.memoryB == 0 || u.peakB < u.memoryB/2 {
		t.Errorf("usage %+v", u)
	}
}
