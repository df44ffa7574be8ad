package main

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// The short forms of figures, for lines of progress: 4.12ms, 1.50M, 23.5GiB.

func duration(d time.Duration) string {
	return short(summary.Format(float64(d), record.Nanoseconds))
}

func count(x float64) string {
	if x < 1000 && x == math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strings.TrimSuffix(summary.Format(x, record.PerSecond), " events/s")
}

func bytesText(n uint64) string { return summary.Format(float64(n), record.Bytes) }

func short(text string) string { return strings.ReplaceAll(text, " ", "") }
