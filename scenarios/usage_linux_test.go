package scenarios

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// child is a deployment of one process.
type child map[string]int

func (c child) Pids() map[string]int { return c }

func TestAProcessIsReadWhileItLives(t *testing.T) {
	own, ok := readProcess(os.Getpid())
	self := readUsage()
	if !ok || own.memoryB < 1<<20 || own.peakB < own.memoryB {
		t.Errorf("this process is read as %+v, %v", own, ok)
	}
	if d := time.Duration(self.cpuNs - own.cpuNs); d < -50*time.Millisecond || d > time.Second {
		t.Errorf("it used %d ns by one source and %d ns by the other", self.cpuNs, own.cpuNs)
	}
	cmd := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; read x")
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var p account
	of := child{"broker-1": cmd.Process.Pid}
	cpu, memory := p.used(of)
	for cpu == 0 { // it counts a while
		time.Sleep(10 * time.Millisecond)
		cpu, memory = p.used(of)
	}
	if memory == 0 {
		t.Error("a process that runs has no memory")
	}
	in.Close()
	cmd.Wait()
	if _, ok := readProcess(cmd.Process.Pid); ok {
		t.Error("a process that is gone is read")
	}
	if after, memory := p.used(of); after < cpu || memory != 0 {
		t.Errorf("gone, it has used %d ns, %d bytes; before %d ns", after, memory, cpu)
	}
	if cpu, memory := (&account{}).used("nothing"); cpu != 0 || memory != 0 {
		t.Error("a deployment without account has used something")
	}
}
