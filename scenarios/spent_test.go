package scenarios

import "testing"

func TestRolesSpendNoMoreThanTheirProcess(t *testing.T) {
	before := spent{driverNs: 10, systemNs: 20, otherNs: 0, processNs: 100}
	for _, c := range []struct {
		what      string
		now, want spent
	}{
		{"a quiet host", spent{60, 70, 0, 250}, spent{50, 50, 0, 150}},
		{"a host that ran something else half of the time", spent{110, 220, 100, 300},
			spent{50, 100, 50, 200}},
		{"a host that does not tell", spent{60, 70, 0, 0}, spent{50, 50, 0, 0}},
	} {
		if got := c.now.since(before); got != c.want {
			t.Errorf("%s: spent %+v, want %+v", c.what, got, c.want)
		}
	}
	var all spent
	last := all
	for i := int64(1); i < 50; i++ { // claims run ahead of the process, and fall behind it
		all.add(spent{i * 40, i * 40, 0, i * 50}.since(spent{(i - 1) * 40, (i - 1) * 40, 0, (i - 1) * 50}))
		all.add(spent{0, 0, 0, i + 1}.since(spent{0, 0, 0, 1}))
		if all.toolNs() < last.toolNs() || all.driverNs < last.driverNs {
			t.Fatalf("a counter fell: %+v after %+v", all, last)
		}
		last = all
	}
}
