package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/matrix"
)

// EventRate is events a second.
type EventRate uint64

// Count is a number of things, which may be written 10000, 100k or 1M.
type Count uint64

// Cores is processor cores; fractions are shares of one.
type Cores float64

// Fraction is the N of a sample of one in N, written 1/20000.
type Fraction uint64

// The upper bounds of units: beyond them a number is a slip of the pen.
const (
	maxDuration  = 24 * time.Hour
	maxRate      = 100_000_000
	maxCount     = 1_000_000_000_000
	maxSize      = 1 << 40
	maxCores     = 1024
	maxBandwidth = 400_000_000_000
)

// How values are written, as messages show it.
const (
	writeDuration  = "50ms, 50us or 1.5s"
	writeRate      = "250k/s or 1.5M/s"
	writeSize      = "1536m or 2g"
	writeBandwidth = "80Mbit/s or 5MB/s"
	writePercent   = "5%"
	writeFraction  = "1/20000"
)

// unit is how a type of value is written: the decoder, the lock and the schema read this one table.
type unit struct {
	name    string // with its article
	write   string // examples, for messages
	pattern string // for editors; parse has the last word
	bare    bool   // a number without a unit will do
	parse   func(text string) (any, error)
	format  func(v any) string
}

var units = map[reflect.Type]unit{
	reflect.TypeFor[time.Duration](): {
		name: "a duration", write: writeDuration,
		pattern: `^[+-]?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
		parse:   func(text string) (any, error) { return parseDuration(text) },
		format:  func(v any) string { return formatDuration(v.(time.Duration)) },
	},
	reflect.TypeFor[EventRate](): {
		name: "a rate", write: writeRate, pattern: `^[0-9]+(\.[0-9]+)?[kM]?/s$`,
		parse:  func(text string) (any, error) { return parseRate(text) },
		format: func(v any) string { return formatCount(uint64(v.(EventRate))) + "/s" },
	},
	reflect.TypeFor[Count](): {
		name: "a count", write: "10000, 100k or 1M", bare: true, pattern: `^[0-9]+(\.[0-9]+)?[kMG]?$`,
		parse:  func(text string) (any, error) { n, err := parseCount(text); return Count(n), err },
		format: func(v any) string { return formatCount(uint64(v.(Count))) },
	},
	reflect.TypeFor[chaos.Size](): {
		name: "a size", write: writeSize, pattern: `^[0-9]+(\.[0-9]+)?[kmgKMG](i?[bB])?$`,
		parse:  func(text string) (any, error) { return parseSize(text) },
		format: func(v any) string { return formatSize(uint64(v.(chaos.Size))) },
	},
	reflect.TypeFor[chaos.Bandwidth](): {
		name: "a bandwidth", write: writeBandwidth,
		pattern: `^[0-9]+(\.[0-9]+)?[kMG]?(bit|B)/s$`,
		parse:   func(text string) (any, error) { return parseBandwidth(text) },
		format:  func(v any) string { return fmt.Sprintf("%dbit/s", v) },
	},
	reflect.TypeFor[chaos.Share](): {
		name: "a percentage", write: "2%", pattern: `^[0-9]+(\.[0-9]+)?%$`,
		parse: func(text string) (any, error) {
			f, err := parsePercent(text)
			return chaos.Share(f), err
		},
		format: func(v any) string { return formatPercent(float64(v.(chaos.Share))) },
	},
	reflect.TypeFor[matrix.Percent](): {
		name: "a percentage", write: writePercent, pattern: `^[0-9]+(\.[0-9]+)?%$`,
		parse: func(text string) (any, error) {
			f, err := parsePercent(text)
			return matrix.Percent(f), err
		},
		format: func(v any) string { return formatPercent(float64(v.(matrix.Percent))) },
	},
	reflect.TypeFor[Fraction](): {
		name: "a fraction", write: writeFraction, pattern: `^1/[0-9]+$`,
		parse:  func(text string) (any, error) { return parseFraction(text) },
		format: func(v any) string { return fmt.Sprintf("1/%d", v) },
	},
	reflect.TypeFor[chaos.Selector](): {
		name: "a node", write: "worker, worker-2 or coordinator", pattern: `^[a-z]`,
		parse:  func(text string) (any, error) { return chaos.ParseSelector(text) },
		format: func(v any) string { return string(v.(chaos.Selector)) },
	},
	reflect.TypeFor[chaos.Moment](): {
		name: "a milestone", write: "checkpoint.3.started+200ms", pattern: `^[a-z]`,
		parse:  func(text string) (any, error) { return chaos.ParseMoment(text) },
		format: func(v any) string { return string(v.(chaos.Moment)) },
	},
}

// wrong is an error whose second half is the remedy.
type wrong struct{ message, remedy string }

func (w wrong) Error() string { return w.message + ": " + w.remedy }

var number = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(.*)$`)

// split takes the number off the front of a text.
func split(text string) (value float64, suffix string, ok bool) {
	m := number.FindStringSubmatch(text)
	if m == nil || len(m[1]) > 20 {
		return 0, "", false
	}
	value, err := strconv.ParseFloat(m[1], 64)
	return value, m[2], err == nil
}

// notA is the error of a text that is no value of a unit, or only lacks the unit itself.
func notA(name, write, text string) error {
	if _, suffix, ok := split(text); ok && suffix == "" {
		return wrong{"has no unit", "write " + write}
	}
	return wrong{fmt.Sprintf("is %q, which is not %s", clip(text), name), "write " + write}
}

func clip(text string) string {
	if len(text) > 40 {
		return strings.ToValidUTF8(text[:40], "") + "…"
	}
	return text
}

func tooMuch(text string, most string) error {
	return wrong{fmt.Sprintf("is %s", clip(text)), "write at most " + most}
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || text == "0" {
		return 0, notA("a duration", writeDuration, text)
	}
	if d > maxDuration || d < -maxDuration {
		return 0, tooMuch(text, "24h")
	}
	return d, nil
}

// formatDuration writes 90s rather than 1m30s, so that a lock reads like a scenario.
func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d >= 5*time.Minute && d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
	for _, u := range []struct {
		one  time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}} {
		if d%u.one == 0 {
			return strconv.FormatInt(int64(d/u.one), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}

func parseRate(text string) (EventRate, error) {
	count, ok := strings.CutSuffix(text, "/s")
	if !ok {
		if _, err := parseCount(text); err == nil {
			return 0, wrong{"has no unit", fmt.Sprintf("write %s/s", clip(text))}
		}
		return 0, notA("a rate", writeRate, text)
	}
	n, err := parseCount(count)
	if err != nil {
		return 0, notA("a rate", writeRate, text)
	}
	if n == 0 {
		return 0, wrong{"is 0", "write at least 1/s"}
	}
	if n > maxRate {
		return 0, tooMuch(text, "100M/s")
	}
	return EventRate(n), nil
}

var multiples = map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9}

func parseCount(text string) (uint64, error) {
	if n, err := strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, 64); err == nil {
		if n > maxCount {
			return 0, tooMuch(text, "1000G")
		}
		return n, nil
	}
	value, suffix, ok := split(text)
	factor, known := multiples[suffix]
	value *= factor
	if !ok || !known || value != math.Trunc(value) {
		return 0, wrong{fmt.Sprintf("is %q, which is not a count", clip(text)),
			"write 10000, 100k or 1M"}
	}
	if value > maxCount {
		return 0, tooMuch(text, "1000G")
	}
	return uint64(value), nil
}

// formatCount writes a count with the largest multiple that loses nothing.
func formatCount(n uint64) string {
	switch {
	case n >= 1e6 && n%1e5 == 0:
		return strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64) + "M"
	case n >= 1e3 && n%1e3 == 0:
		return strconv.FormatUint(n/1e3, 10) + "k"
	}
	return strconv.FormatUint(n, 10)
}

func parseSize(text string) (chaos.Size, error) {
	value, suffix, ok := split(text)
	letter := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(suffix), "b"), "i")
	factor, known := map[string]float64{"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[letter]
	if !ok || !known {
		return 0, notA("a size", writeSize, text)
	}
	if value*factor > maxSize {
		return 0, tooMuch(text, "1024g")
	}
	if value*factor < 1 {
		return 0, wrong{"is 0", "write " + writeSize}
	}
	return chaos.Size(value * factor), nil
}

func formatSize(n uint64) string {
	switch {
	case n%(1<<30) == 0:
		return strconv.FormatUint(n>>30, 10) + "g"
	case n%(1<<20) == 0:
		return strconv.FormatUint(n>>20, 10) + "m"
	}
	return strconv.FormatFloat(float64(n)/1024, 'f', -1, 64) + "k"
}

func parseBandwidth(text string) (chaos.Bandwidth, error) {
	value, suffix, ok := split(text)
	bits := 1.0
	multiple, isBits := strings.CutSuffix(suffix, "bit/s")
	if !isBits {
		var isBytes bool
		multiple, isBytes = strings.CutSuffix(suffix, "B/s")
		bits, ok = 8, ok && isBytes
	}
	factor, known := multiples[multiple]
	if !ok || !known {
		return 0, notA("a bandwidth", writeBandwidth, text)
	}
	if value *= factor * bits; value > maxBandwidth {
		return 0, tooMuch(text, "400Gbit/s")
	}
	if value < 1 {
		return 0, wrong{"is 0", "write a partition, or 1kbit/s"}
	}
	return chaos.Bandwidth(value), nil
}

func parsePercent(text string) (float64, error) {
	value, suffix, ok := split(text)
	if ok && suffix == "" && value <= 100 {
		if value < 1 {
			value *= 100 // meant as a share
		}
		return 0, wrong{"has no unit", "write " + formatPercent(value/100)}
	}
	if !ok || suffix != "%" {
		return 0, notA("a percentage", writePercent, text)
	}
	if value > 100 {
		return 0, tooMuch(text, "100%")
	}
	return math.Round(value*1e6) / 1e8, nil // six decimals, so that it can be written back
}

func formatPercent(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e8)/1e6, 'f', -1, 64) + "%"
}

func parseFraction(text string) (Fraction, error) {
	rest, ok := strings.CutPrefix(text, "1/")
	n, err := parseCount(rest)
	if !ok || err != nil || n == 0 {
		return 0, notA("a fraction", writeFraction, text)
	}
	return Fraction(n), nil
}
