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
	"heartbeat":          {"10ms to 1m", between(10*time.Millisecond, time.Minute)},
	"heartbeat.timeout":  {"50ms to 10m, and more than heartbeat", between(50*time.Millisecond, 10*time.Minute)},
	"checkpoint.timeout": {"100ms to 1h", between(100*time.Millisecond, time.Hour)},
	"recovery":           {"survivors or spare", func(s string) bool { return s == "survivors" || s == "spare" }},
	"spares":             {"0 to 16", counting(16)},
	"standbys":           {"0 to 16", counting(16)},
}

func between(least, most time.Duration) func(string) bool {
	return func(text string) bool {
		d, err := time.ParseDuration(text)
		return err == nil && d >= least && d <= most
	}
}

func counting(most int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && n >= 0 && n <= most
	}
}

// spares are workers that wait for another to be lost.
func (s System) spares() int {
	spares, _ := strconv.Atoi(s.Config["spares"])
	standbys, _ := strconv.Atoi(s.Config["standbys"])
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
	beat, _ := time.ParseDuration(sys.Config["heartbeat"])
	silence, err := time.ParseDuration(sys.Config["heartbeat.timeout"])
	if err == nil && beat >= silence {
		c.fail(path+"/config/heartbeat.timeout", fmt.Sprintf("a worker that is silent for %s is lost, and "+
			"it is heard of every %s", silence, beat), "write at least twice the heartbeat")
	}
	if sys.Config["recovery"] == "spare" && sys.spares() == 0 {
		c.fail(path+"/config/recovery", "recovery on a spare, and there is none", "add spares: 1")
	}
}
