package chaos

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// throttleVariable has the cores that processes are left with, and after them the processes,
	// each as its number, a colon and its start.
	throttleVariable = "STREAMBENCH_THROTTLE"
	throttlePeriod   = 100 * time.Millisecond
	// throttleGrain is how often the time used is looked at.
	throttleGrain = 2 * time.Millisecond
)

// serveThrottle leaves processes, together, with a part of a core: in every period they run until
// they have used what is theirs and stand still for the rest of it. This is what a quota of a
// control group does, for who may make none. It begins when it is told to and ends, the processes
// running, when the other end of stdin is gone.
func serveThrottle(stdin io.Reader, stdout io.Writer) error {
	cores, all, err := parseThrottle(os.Getenv(throttleVariable))
	if err != nil {
		return err
	}
	var g grip
	defer g.release()
	for _, p := range all {
		h, err := hold(p)
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return err
		}
		g.all = append(g.all, h)
	}
	if _, err := fmt.Fprintln(stdout, ready); err != nil {
		return err
	}
	lines := bufio.NewReader(stdin)
	if _, err := lines.ReadString('\n'); err != nil {
		return nil // it was never to begin
	}
	end := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, lines) // how the tool's end came does not matter
		close(end)
	}()
	return duty(&g, cores, end)
}

// duty has processes run and stand still until end is closed, and lets them run.
func duty(g *grip, cores float64, end <-chan struct{}) (err error) {
	defer func() { err = errors.Join(err, g.signal(syscall.SIGCONT)) }()
	share := time.Duration(cores * float64(throttlePeriod))
	var debt time.Duration // used beyond the share in the period before
	for {
		began, used := time.Now(), g.used()
		for time.Since(began) < throttlePeriod && debt+g.used()-used < share {
			if over(end, throttleGrain) {
				return nil
			}
		}
		if err := g.signal(syscall.SIGSTOP); err != nil {
			return err
		}
		debt = max(debt+g.used()-used-share, 0)
		if over(end, max(throttlePeriod-time.Since(began), 0)) {
			return nil
		}
		if err := g.signal(syscall.SIGCONT); err != nil {
			return err
		}
	}
}

// over reports whether the end comes within a time.
func over(end <-chan struct{}, within time.Duration) bool {
	select {
	case <-end:
		return true
	case <-time.After(within):
		return false
	}
}

// used is the processor time of all, of those that have ended apart.
func (g *grip) used() time.Duration {
	var sum time.Duration
	for _, h := range g.all {
		var t unix.Timespec
		// The clock of the processor time of a process, as clock_getcpuclockid(3) names it.
		if err := unix.ClockGettime(int32(^h.PID<<3|2), &t); err == nil {
			sum += time.Duration(t.Nano())
		}
	}
	return sum
}

func formatThrottle(cores float64, all []Process) string {
	text := strconv.FormatFloat(cores, 'g', -1, 64)
	for _, p := range all {
		text += fmt.Sprintf(" %d:%d", p.PID, p.Start)
	}
	return text
}

func parseThrottle(text string) (cores float64, all []Process, err error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return 0, nil, fmt.Errorf("no processes to throttle in %q", text)
	}
	cores, err = strconv.ParseFloat(words[0], 64)
	if err != nil || !(cores > 0) {
		return 0, nil, fmt.Errorf("throttle to %q cores: not a share of a core", words[0])
	}
	for _, w := range words[1:] {
		var p Process
		if _, err := fmt.Sscanf(w, "%d:%d", &p.PID, &p.Start); err != nil || p.PID <= 1 {
			return 0, nil, fmt.Errorf("throttle %q: no process", w)
		}
		all = append(all, p)
	}
	return cores, all, nil
}
