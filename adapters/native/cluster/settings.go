package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the cluster's own, as a scenario hands them to the system by name.
type settings struct {
	Heartbeat time.Duration // between any two nodes that are connected
	// Timeout is how long nothing may be heard of a node before it counts as lost.
	Timeout time.Duration
	// CheckpointTimeout is how long a checkpoint may take before it is abandoned.
	CheckpointTimeout time.Duration
	// Spares are workers that have no slots until one of the others is lost. Standbys are spares
	// that read every checkpoint as it completes.
	Spares, Standbys int
}

// settingNames are the names of settings, with their defaults.
var settingNames = []struct {
	name, value string
	set         func(*settings, string) error
}{
	{"heartbeat", "100ms", func(s *settings, v string) error { return setTime(&s.Heartbeat, v) }},
	{"heartbeat.timeout", "1s", func(s *settings, v string) error { return setTime(&s.Timeout, v) }},
	{"checkpoint.timeout", "30s",
		func(s *settings, v string) error { return setTime(&s.CheckpointTimeout, v) }},
	{"spares", "0", func(s *settings, v string) error { return setCount(&s.Spares, v) }},
	{"standbys", "0", func(s *settings, v string) error { return setCount(&s.Standbys, v) }},
}

// profiles are the settings that a scenario's profile lays below its own: what differs from the
// defaults. An equal detection takes a silent node for lost after 6 s, as it does of every system.
var profiles = map[string]map[string]string{
	"equal-detection": {"heartbeat": "2s", "heartbeat.timeout": "6s"},
	"vendor-tuned":    {"standbys": "1"},
}

// newSettings reads settings by name; those not given have those of the profile, or their defaults.
// The error says which is wrong and what may stand there.
func newSettings(profile string, values map[string]string) (settings, error) {
	var s settings
	var names []string
	for _, n := range settingNames {
		v, ok := values[n.name]
		if !ok {
			v = cmp.Or(profiles[profile][n.name], n.value)
		}
		if err := n.set(&s, v); err != nil {
			return s, fmt.Errorf("setting %s: %w", n.name, err)
		}
		names = append(names, n.name)
	}
	for name := range values {
		if !slices.Contains(names, name) {
			return s, fmt.Errorf("native has no setting %q: write one of %s", name,
				strings.Join(names, ", "))
		}
	}
	if s.Timeout < 2*s.Heartbeat {
		return s, fmt.Errorf("setting heartbeat.timeout: %s is less than two heartbeats of %s: "+
			"a node would be lost by chance", s.Timeout, s.Heartbeat)
	}
	return s, nil
}

func setTime(into *time.Duration, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < 5*time.Millisecond || d > time.Hour {
		return fmt.Errorf("%q is no time from 5ms to 1h: write 500ms", value)
	}
	*into = d
	return nil
}

func setCount(into *int, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 16 {
		return fmt.Errorf("%q is no number from 0 to 16", value)
	}
	*into = n
	return nil
}
