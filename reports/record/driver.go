package record

import "time"

// DriverSchema is the version of the record of a driver.
const DriverSchema = "streambench/driver/v1"

// Driver is what a driver of its own process leaves behind: one shard of a load, as it was offered.
type Driver struct {
	Schema     string           `json:"schema"`
	Run        string           `json:"run"` // the run it was offered to
	Shard      int              `json:"shard"`
	Shards     int              `json:"shards"`
	Start      time.Time        `json:"start"` // T0, by the driver's own clock
	Host       string           `json:"host"`
	Version    string           `json:"version"`
	Conditions DriverConditions `json:"conditions"`
	// Due are the events of the shard, Sent those acknowledged, Unknown those whose outcome is not
	// known: neither acknowledged nor refused.
	Due     uint64 `json:"due"`
	Sent    uint64 `json:"sent"`
	Unknown uint64 `json:"unknown"`
	// WorstNs is the longest time from the due time of an event to its acknowledgement.
	WorstNs int64 `json:"worstNs"`
	// Lag is how far the driver was behind its schedule in steady: pairs of a lag in nanoseconds,
	// rounded up by at most 1%, and the events with it.
	Lag   [][2]int64 `json:"lag"`
	CPUNs int64      `json:"cpuNs"`
	// ClockFromNs to ClockToNs is how far the clock of the brokers was ahead of the driver's, before
	// and after.
	ClockFromNs int64  `json:"clockFromNs"`
	ClockToNs   int64  `json:"clockToNs"`
	Failure     string `json:"failure,omitempty"` // why it ended early
}

// DriverConditions are what all drivers of a run, and the run itself, must have alike.
type DriverConditions struct {
	StreamDigest string `json:"streamDigest"` // of workload, parameters, seed and rate of event time
	Rate         string `json:"rate"`
	Events       uint64 `json:"events"` // of all shards
	Partitions   int    `json:"partitions"`
	Format       string `json:"format"`
}
