package flink

import (
	"fmt"
	"strconv"

	"github.com/streambench/streambench/adapters"
)

const mebi = 1 << 20

const (
	// jobManagerB is the memory of a JobManager: it keeps no state of any job.
	jobManagerB = 1 << 30
	// leastWorkerB is what a TaskManager needs at least.
	leastWorkerB = 768 * mebi
)

// memory is how a TaskManager's memory is divided, in MiB.
type memory struct {
	heap, offHeap, network, managed, metaspace, overhead uint64
}

// divide divides the memory limit of a worker. What is not needed elsewhere is heap, where state
// lives, unless RocksDB has it.
func divide(limitB uint64, rocksDB bool) (memory, error) {
	if limitB < leastWorkerB {
		return memory{}, fmt.Errorf("resources.worker.memory: %d MiB, where a TaskManager needs %d",
			limitB/mebi, leastWorkerB/mebi)
	}
	all := limitB / mebi
	m := memory{
		offHeap: 128, metaspace: 160, network: min(max(64, all/16), 512), overhead: max(128, all/10),
	}
	rest := all - m.offHeap - m.metaspace - m.network - m.overhead
	if rocksDB {
		m.managed = rest / 2
	}
	m.heap = rest - m.managed
	return m, nil
}

// settings are all that a TaskManager wants to be told where no script starts it.
func (m memory) settings(job adapters.Job) map[string]string {
	mib := func(n uint64) string { return strconv.FormatUint(n, 10) + " mb" }
	frameworkHeap := min(64, m.heap/4)
	return map[string]string{
		"taskmanager.numberOfTaskSlots":              strconv.Itoa(job.WorkerCPUs),
		"taskmanager.cpu.cores":                      strconv.Itoa(job.WorkerCPUs) + ".0",
		"taskmanager.memory.framework.heap.size":     mib(frameworkHeap),
		"taskmanager.memory.task.heap.size":          mib(m.heap - frameworkHeap),
		"taskmanager.memory.framework.off-heap.size": mib(m.offHeap / 2),
		"taskmanager.memory.task.off-heap.size":      mib(m.offHeap / 2),
		"taskmanager.memory.network.min":             mib(m.network),
		"taskmanager.memory.network.max":             mib(m.network),
		"taskmanager.memory.managed.size":            mib(m.managed),
		"taskmanager.memory.jvm-metaspace.size":      mib(m.metaspace),
		"taskmanager.memory.jvm-overhead.min":        mib(m.overhead),
		"taskmanager.memory.jvm-overhead.max":        mib(m.overhead),
	}
}

// java are the options of a TaskManager's virtual machine that agree with the division.
func (m memory) java(cpus int) string {
	collector := "-XX:+UseParallelGC"
	if cpus <= 1 {
		collector = "-XX:+UseSerialGC"
	}
	return fmt.Sprintf("-Xms%dm -Xmx%dm -XX:MaxDirectMemorySize=%dm -XX:MaxMetaspaceSize=%dm %s",
		m.heap, m.heap, m.offHeap+m.network, m.metaspace, collector)
}

// jobManagerJava are the options of the JobManager's virtual machine, which is not where time is
// spent.
const jobManagerJava = "-Xms128m -Xmx448m -XX:MaxMetaspaceSize=256m -XX:+UseSerialGC " +
	"-XX:TieredStopAtLevel=1"
