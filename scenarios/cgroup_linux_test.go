package scenarios

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/streambench/streambench/reports/record"
)

func TestTheLeastLimitOfAllControlGroupsAboveCounts(t *testing.T) {
	cases := []struct {
		why, groups string
		files       map[string]string
		cpus        float64
		memory      uint64
	}{
		{"version 2 without limits", "0::/user\n",
			map[string]string{"user/cpu.max": "max 100000", "user/memory.max": "max"}, 0, 0},
		{"a group above that is smaller", "0::/a/b\n", map[string]string{
			"a/b/cpu.max": "400000 100000", "a/cpu.max": "150000 100000",
			"a/b/memory.max": "1073741824", "memory.max": "2147483648"}, 1.5, 1 << 30},
		{"version 1", "4:memory:/x\n1:cpu,cpuacct:/x\n0::/\n", map[string]string{
			"cpu/x/cpu.cfs_quota_us": "200000", "cpu/x/cpu.cfs_period_us": "100000",
			"memory/x/memory.limit_in_bytes": "536870912"}, 2, 512 << 20},
		{"version 1 says no limit with numbers", "4:memory:/\n1:cpu:/\n", map[string]string{
			"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000",
			"memory/memory.limit_in_bytes": "9223372036854771712"}, 0, 0},
		{"nothing that can be read", "junk\n0::/../..\n", nil, 0, 0},
	}
	for _, c := range cases {
		root := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		h := record.Host{MemoryB: 16 << 30}
		readLimits(&h, root, c.groups)
		if h.CgroupCPUs != c.cpus || h.CgroupMemoryB != c.memory {
			t.Errorf("%s: %v cores and %d bytes, want %v and %d", c.why, h.CgroupCPUs,
				h.CgroupMemoryB, c.cpus, c.memory)
		}
	}
}
