//go:build linux

package chaos

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestThePreparedProcessIsTheOneThatIsMeant(t *testing.T) {
	self, err := ProcessOf(os.Getpid())
	if err != nil || self.Start == 0 || !self.Alive() {
		t.Fatalf("%+v, %v", self, err)
	}
	h, err := hold(self)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if h.ended(0) {
		t.Error("this process has ended")
	}
	if _, err := hold(Process{PID: self.PID, Start: self.Start + 1}); err == nil {
		t.Error("a process with another start is held")
	}
}

func TestNamesOfProcessesDoNotConfuse(t *testing.T) {
	line := "7 (a) R 1 (x) 0) S 3 7 7 0 -1 4194560 1 2 3 4 50 60 0 0 20 0 9 0 4711 1 2 18446744073709551615"
	v, err := parseVital([]byte(line))
	want := vital{State: 'S', Parent: 3, Group: 7, Ticks: 110, Start: 4711}
	if err != nil || v != want {
		t.Errorf("%+v, %v; want %+v", v, err, want)
	}
	for _, bad := range []string{"", "7", "7 (a)", "7 (a) S 1 2"} {
		if _, err := parseVital([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestAFamilyIsAllOfANode(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 120 & sh -c 'sleep 121 & sleep 122'; wait")
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	root, err := ProcessOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		all, err := family(root)
		if err != nil {
			t.Error(err)
		}
		for _, p := range slices.Backward(all) {
			if h, err := hold(p); err == nil {
				h.signal(9)
				h.close()
			}
		}
		cmd.Wait()
	}()
	eventually(t, "five processes", func() bool {
		all, err := family(root)
		return err == nil && len(all) == 5 && all[0] == root
	})
}

func TestAThrottleReadsWhatItIsGiven(t *testing.T) {
	want := []Process{{PID: 12, Start: 34}, {PID: 56, Start: 78}}
	cores, all, err := parseThrottle(formatThrottle(0.25, want))
	if err != nil || cores != 0.25 || !slices.Equal(all, want) {
		t.Errorf("%v, %v, %v", cores, all, err)
	}
	for _, bad := range []string{"", "0.5", "0 12:34", "NaN 12:34", "0.5 1:2", "0.5 x"} {
		if _, _, err := parseThrottle(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestAHelperWithoutATaskEnds(t *testing.T) {
	// The other end of its stdin is gone before it is told to begin, as when the tool has died.
	h, err := startThrottle(t.Context(), Target{}, 0.5, []Process{{PID: 1 << 22, Start: 1}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	h.end()
	if time.Since(began) > limit {
		t.Error("it had to be killed")
	}
}
