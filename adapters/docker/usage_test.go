package docker

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestControlGroupsAreThoseOfBothVersions(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string
	}{
		"version 1": {"11:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n",
			map[string]string{
				"memory": "/sys/fs/cgroup/memory/docker/abc",
				"cpu":    "/sys/fs/cgroup/cpu,cpuacct/docker/abc", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/docker/abc",
			}},
		"version 2": {"0::/system.slice/docker-abc.scope\n",
			map[string]string{"": "/sys/fs/cgroup/system.slice/docker-abc.scope"}},
		"the root, as seen from inside": {"0::/\n", map[string]string{}},
	} {
		if got := groupsOf(c.text); !maps.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

func TestMemoryIsWhatIsNotGivenUpAtOnce(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"memory.current": "1000\n", "memory.stat": "anon 300\nfile 700\ninactive_file 600\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readMemory(dir, "memory.current"); err != nil || got != 400 {
		t.Errorf("%d, %v", got, err)
	}
	v1 := map[string]uint64{"inactive_file": 1, "total_inactive_file": 2}
	if idle(v1) != 2 {
		t.Error("in version 1 those of groups below count")
	}
}

func TestWhatAContainerHasUsedSumsOverItsStarts(t *testing.T) {
	var l life
	for _, look := range []struct {
		cpuNs   int64
		memoryB uint64
	}{{100, 5}, {300, 9}, {50, 2}, {80, 4}} {
		l.note(look.cpuNs, look.memoryB)
	}
	if l.before+l.cpuNs != 380 || l.nowB != 4 || l.peakB != 9 {
		t.Errorf("%+v", l)
	}
}
