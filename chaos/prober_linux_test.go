package chaos

import (
	"syscall"
	"testing"
	"time"
)

func TestProberSeesProcessesStandStillAndEnd(t *testing.T) {
	p := newTestProber(t, newDirect(), trio)
	cmd, process := idler(t)
	if err := p.Watch("worker-1", process); err != nil {
		t.Fatal(err)
	}
	unseen(t, p, Expectation{SinceNs: p.now(), Gone: []Process{process}}, "is there")
	unseen(t, p, Expectation{SinceNs: p.now(), Stopped: []Process{process}}, "does not stand still")
	since := p.now()
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, p, Expectation{SinceNs: since, Stopped: []Process{process}})
	since = p.now()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, p, Expectation{SinceNs: since, Gone: []Process{process}})
	unseen(t, p, Expectation{SinceNs: p.now(), Stopped: []Process{process}}, "does not stand still")
}

func TestProberSeesAProcessKeptFromRunning(t *testing.T) {
	p := newTestProber(t, newDirect(), trio)
	cmd, process := idler(t)
	if err := p.Watch("worker-1", process); err != nil {
		t.Fatal(err)
	}
	unseen(t, p, Expectation{SinceNs: p.now(), Throttled: []Process{process}}, "not kept")
	since, stop := p.now(), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			_ = cmd.Process.Signal(syscall.SIGSTOP)
			<-tick.C
			_ = cmd.Process.Signal(syscall.SIGCONT)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	await(t, p, Expectation{SinceNs: since, Throttled: []Process{process}})
	close(stop)
	<-done
}

func TestProberSeesWhoEndsAConnection(t *testing.T) {
	onEveryPlane(t, func(t *testing.T, n plane) {
		p := newTestProber(t, n, trio)
		a, b := pair(t, n, "worker-1", "worker-2")
		since := p.now()
		cutEdges(t, n, there, back)
		a.SetLinger(0)
		a.Close()
		quiet := Expectation{SinceNs: since, Silent: []Edge{there, back}, Quiet: []string{"worker-1"}}
		await(t, p, quiet)
		mendEdges(t, n, there, back)
		_ = b.SetReadDeadline(time.Now().Add(patience))
		// A reset that was dropped is sent again to whoever asks; the relay has held it.
		_, _ = b.Write([]byte("are you there?"))
		if _, err := b.Read(make([]byte, 1)); err == nil {
			t.Fatal("no end after all")
		}
		unseen(t, p, Expectation{SinceNs: since, Quiet: []string{"worker-1"}}, "has ended a connection")
	})
}
