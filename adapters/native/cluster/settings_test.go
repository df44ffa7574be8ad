package cluster

import (
	"testing"
	"time"
)

// TestProfilesLieBelowTheSettingsOfAScenario lays both over the defaults.
func TestProfilesLieBelowTheSettingsOfAScenario(t *testing.T) {
	for _, c := range []struct {
		profile   string
		given     map[string]string
		heartbeat time.Duration
		timeout   time.Duration
		standbys  int
	}{
		{"defaults", nil, 100 * time.Millisecond, time.Second, 0},
		{"", nil, 100 * time.Millisecond, time.Second, 0},
		{"equal-detection", nil, 2 * time.Second, 6 * time.Second, 0},
		{"equal-detection", map[string]string{"heartbeat": "1s"}, time.Second, 6 * time.Second, 0},
		{"vendor-tuned", nil, 100 * time.Millisecond, time.Second, 1},
		{"vendor-tuned", map[string]string{"standbys": "2"}, 100 * time.Millisecond, time.Second, 2},
	} {
		s, err := newSettings(c.profile, c.given)
		if err != nil || s.Heartbeat != c.heartbeat || s.Timeout != c.timeout ||
			s.Standbys != c.standbys {
			t.Errorf("%s with %v: %+v, %v", c.profile, c.given, s, err)
		}
	}
}
