package summary

// Cores is the processor time each role took over steady, in cores: the mean over the repetitions
// that count.
type Cores struct {
	Driver float64 `json:"driver"`
	Broker float64 `json:"broker"`
	System float64 `json:"system"`
	Tool   float64 `json:"tool"` // collector, canary, progress: no part of an event's price
}

// Sum is the processor time of all roles.
func (c Cores) Sum() float64 { return c.Driver + c.Broker + c.System + c.Tool }

// coresOf is nil where no repetition counts.
func coresOf(trails []Trail) *Cores {
	var c Cores
	if len(trails) == 0 {
		return nil
	}
	for i := range trails {
		t := &trails[i]
		from, to, _ := t.Steady()
		for _, role := range []struct {
			sum  *float64
			read Gauge
		}{
			{&c.Driver, driverNs},
			{&c.Broker, brokerNs},
			{&c.System, systemNs},
			{&c.Tool, toolNs},
		} {
			*role.sum += t.Rise(from, to, role.read) / float64(to-from) / float64(len(trails))
		}
	}
	return &c
}
