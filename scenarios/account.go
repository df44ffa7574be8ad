package scenarios

import (
	"context"
	"time"

	"github.com/streambench/streambench/adapters"
)

// accountWithin bounds how long a deployment may take to tell what it has used: a tick waits for
// it.
const accountWithin = 300 * time.Millisecond

// account is what the nodes of a deployment have used: containers by their own word, processes of
// this host by the operating system's. It counts from the first time it is asked, as a deployment
// may have served others before, and never falls back.
type account struct {
	cpuNs map[int]int64 // of processes ever seen: one that has died keeps what it had

	asked  bool
	before int64 // processor time of containers when they were first asked
	told   adapters.Usage
}

// used is the processor time of all nodes ever seen, and the memory of those that run.
func (a *account) used(of any) (cpuNs int64, memoryB uint64) {
	if by, ok := of.(adapters.Accounted); ok {
		a.ask(by)
	} else if ps, ok := of.(adapters.Processes); ok {
		memoryB = a.look(ps)
	}
	for _, ns := range a.cpuNs {
		cpuNs += ns
	}
	if a.asked {
		cpuNs += max(0, a.told.CPUNs-a.before)
		if of != nil {
			memoryB += a.told.MemoryB
		}
	}
	return cpuNs, memoryB
}

func (a *account) ask(by adapters.Accounted) {
	ctx, cancel := context.WithTimeout(context.Background(), accountWithin)
	defer cancel()
	u, err := by.Used(ctx)
	if err != nil && u.CPUNs <= a.told.CPUNs {
		return // it does not know better than before
	}
	if !a.asked {
		a.asked, a.before = true, u.CPUNs
	}
	u.CPUNs = max(u.CPUNs, a.told.CPUNs)
	a.told = u
}

func (a *account) look(ps adapters.Processes) (memoryB uint64) {
	for _, pid := range ps.Pids() {
		u, ok := readProcess(pid)
		if !ok {
			continue
		}
		if a.cpuNs == nil {
			a.cpuNs = map[int]int64{}
		}
		a.cpuNs[pid] = u.cpuNs
		memoryB += u.memoryB
	}
	return memoryB
}
