package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// nativeSetting is a setting of the native system that a scenario may change.
type nativeSetting struct {
	write string // what to write, for people
	// sound says whether a value can be read and is in its bounds.
	sound func(text string) bool
}

// nativeSettings are all of them. They govern how worker processes notice and mend a loss; the
// adapter reads them as they stand.
var nativeSettings = map[string]nativeSetting{
	"heartbeat":          {"5ms to 1h", anHourAtMost},
	"heartbeat.timeout":  {"5ms to 1h, and at least two heartbeats", anHourAtMost},
	"checkpoint.timeout": {"5ms to 1h", anHourAtMost},
	"spares":             {"0 to 16", counting(16)},
	"standbys":           {"0 to 16", counting(16)},
}

func anHourAtMost(text string) bool {
	d, err := time.ParseDuration(text)
	return err == nil && d >= 5*time.Millisecond && d <= time.Hour
}

func counting(most int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && n >= 0 && n <= most
	}
}

// spares are workers that wait for another to be lost.
func (s System) spares(profile string) int {
	spares, _ := strconv.Atoi(s.Config["spares"])
	standbys, err := strconv.Atoi(s.Config["standbys"])
	if err != nil && profile == "vendor-tuned" {
		standbys = 1
	}
	return spares + standbys
}

// native checks the settings of the native system.
func (c *checker) native(path string, sys System) {
	if sys.Name != native || len(sys.Config) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(nativeSettings))
	for _, key := range slices.Sorted(maps.Keys(sys.Config)) {
		at, value := path+"/config/"+key, sys.Config[key]
		setting, ok := nativeSettings[key]
		switch {
		case !ok:
			c.failKey(at, fmt.Sprintf("native has no setting %q", clip(key)), didYouMean(key, names))
		case !setting.sound(value):
			c.fail(at, fmt.Sprintf("%s is %q", key, clip(value)), "write "+setting.write)
		}
	}
	if !c.sound(path) {
		return
	}
	silence, err := time.ParseDuration(sys.Config["heartbeat.timeout"])
	if beat := sys.heartbeat(c.s.Profile); err == nil && silence < 2*beat {
		c.fail(path+"/config/heartbeat.timeout", fmt.Sprintf("a worker that is silent for %s is lost, "+
			"and it is heard of every %s", formatDuration(silence), formatDuration(beat)),
			"write at least "+formatDuration(2*beat))
	}
}

// heartbeat is how often workers of the native system tell that they live.
func (s System) heartbeat(profile string) time.Duration {
	d, err := time.ParseDuration(s.Config["heartbeat"])
	switch {
	case err == nil:
		return d
	case profile == "equal-detection":
		return 2 * time.Second
	}
	return 100 * time.Millisecond
}
