package summary

import (
	"math"
	"strconv"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// Format writes a figure with its unit and as many digits as it deserves: 3.14 ms, 1.50M events/s,
// 1 204 results.
func Format(v float64, u record.Unit) string {
	switch u {
	case record.Nanoseconds:
		return scaled(v, []step{{1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}, {1, " ns"}})
	case record.PerSecond:
		return rate(v) + " events/s"
	case record.Bytes:
		return scaled(v, []step{{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, " B"}})
	case record.MicrosEvent:
		return digits3(v) + " µs/event"
	case record.EventSeconds:
		return rate(v) + " event-seconds"
	}
	return Count(v) + " " + string(u)
}

// Count writes a whole number with its thousands apart: 1 204 331.
func Count(v float64) string {
	s := strconv.FormatFloat(math.Abs(math.Round(v)), 'f', 0, 64)
	var b strings.Builder
	if v <= -0.5 {
		b.WriteByte('-')
	}
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

type step struct {
	size float64
	unit string
}

// scaled writes v in the largest unit it fills; zero in the smallest.
func scaled(v float64, steps []step) string {
	if v == 0 {
		return "0" + steps[len(steps)-1].unit
	}
	for _, s := range steps {
		if math.Abs(v) >= s.size*0.9995 {
			return digits3(v/s.size) + s.unit
		}
	}
	return digits3(v) + steps[len(steps)-1].unit
}

func rate(v float64) string {
	return scaled(v, []step{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}})
}

// digits3 writes three significant digits and never an exponent.
func digits3(v float64) string {
	if v == 0 {
		return "0"
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	if err != nil {
		panic("BUG: " + err.Error()) // no float's own text fails to parse
	}
	whole := int(math.Floor(math.Log10(math.Abs(rounded))+1e-9)) + 1
	return strconv.FormatFloat(v, 'f', min(max(3-whole, 0), 9), 64)
}
