package recordtest

import (
	"fmt"
	"time"

	"github.com/streambench/streambench/reports/record"
)

func manifest(o Options) record.Manifest {
	return record.Manifest{
		Schema: record.ManifestSchema, ID: "20260504T030201Z-demo", Scenario: "demo",
		Start:   time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		Command: []string{"streambench", "run", "demo", "--set", "load.rate=1.5M/s"},
		Version: "0.1.0", Commit: "4c1f2a9", GoVersion: "go1.26.0",
		LockHash:     "9f3c1e77aa0b4d5c6e8f90123456789abcdef0123456789abcdef0123456789a",
		StreamDigest: streamHash,
		Host: record.Host{Hostname: "bench-1", OS: "linux", Arch: "amd64", Kernel: "6.12.9",
			CPU: "AMD EPYC 7B13", Cores: 2, MemoryB: 8 << 30, Governor: "performance", Clock: "tsc",
			Hash: "3b9f00c1d2e4"},
		Conditions: record.Conditions{
			Workload:  "iot-telemetry",
			Params:    map[string]string{"keys": "100k", "window": "2s", "disorder": "10000:1ms:2s"},
			Transport: "embedded", Format: "binary", Guarantee: "exactly-once", Checkpoint: "1s",
			Profile: "defaults", Rate: "1.5M/s", EventRate: rate, Seed: 1, Warmup: "3s",
			Steady: o.Steady.String(), Workers: 1, WorkerCPUs: 2, DriverCPUs: 1,
		},
		Limits: []record.Limit{
			{Metric: "latency.p99", Value: 5e6, Text: "5ms"},
			{Metric: "lost", Value: 0, Text: "0"},
		},
		Claim: record.Claim{Guarantee: "exactly-once"},
	}
}

func lock(o Options) string {
	return fmt.Sprintf(`name: demo
workload: iot-telemetry
params: {keys: 100k, window: 2s, disorder: "10000:1ms:2s"}
systems: %q
guarantee: exactly-once
load: {rate: 1.5M/s, transport: embedded, format: binary, seed: 1, warmup: 3s, steady: %s}
slo: {latency.p99: 5ms, lost: 0}
`, o.Systems, o.Steady)
}
