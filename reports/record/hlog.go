package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// endMark is the last line of a whole log. It is a comment to every other reader.
const endMark = "#[End of log]"

// HistogramLog is a latency log read back.
type HistogramLog struct {
	// Merged holds, for each tag, all its intervals merged.
	Merged map[Tag]*hdr.Histogram
	// Intervals are the intervals of each tag in the order of the log.
	Intervals map[Tag][]Interval
	// Dropped are the samples a merge refused, by tag. It must be empty.
	Dropped map[Tag]int64
	// CutOff is set where the log lacks its end mark.
	CutOff bool

	coded map[Tag][]coded // the intervals as the log has them
}

// coded is an interval of the log before it was reduced.
type coded struct {
	fromNs, toNs int64
	histogram    string
}

// Within merges the intervals of a tag that keep is true for, given their time of receipt on the
// run's clock. It is nil where none has samples.
func (l *HistogramLog) Within(tag Tag, keep func(fromNs, toNs int64) bool) *hdr.Histogram {
	var all *hdr.Histogram
	for _, c := range l.coded[tag] {
		if !keep(c.fromNs, c.toNs) {
			continue
		}
		h, err := hdr.Decode([]byte(c.histogram))
		if err != nil {
			panic("BUG: a histogram that was read is not one: " + err.Error())
		}
		if all == nil {
			all = h
			continue
		}
		if all.Merge(h) > 0 {
			panic("BUG: histograms of one log differ in range")
		}
	}
	return all
}

// Interval is a second of one tag, reduced to what a picture needs.
type Interval struct {
	FromNs, ToNs                int64 // of receipt, on the run's clock
	N                           int64
	P50Ns, P99Ns, P999Ns, MaxNs int64
	Cells                       []Cell
}

// Cell counts the samples in a row of the heat map.
type Cell struct {
	Row int // 0 begins at 1 µs, each is 9 % above the one below; ascending
	N   int64
}

// rowsPerOctave is how fine the heat map's rows are: each is 9 % above the one below.
const rowsPerOctave = 8

// cellRow is the row of a latency in ns: row 0 begins at 1 µs and holds all that is below.
func cellRow(ns int64) int {
	if ns <= lowestNs {
		return 0
	}
	return int(math.Floor(rowsPerOctave*math.Log2(float64(ns)/float64(lowestNs)) + 1e-9))
}

// CellFloorNs is the least latency of a row, in ns.
func CellFloorNs(row int) float64 {
	return float64(lowestNs) * math.Exp2(float64(row)/rowsPerOctave)
}

// ReadHistograms decodes a latency log; name is for its errors. A log without its end mark gives
// what it holds and a *CutOff; any other line that does not belong there is an error
// "name:line: …".
func ReadHistograms(r io.Reader, name string) (*HistogramLog, error) {
	log := &HistogramLog{
		Merged: map[Tag]*hdr.Histogram{}, Intervals: map[Tag][]Interval{}, Dropped: map[Tag]int64{},
		coded: map[Tag][]coded{},
	}
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			log.CutOff = true
			return log, &CutOff{File: name, Line: n}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: read line: %w", name, n, err)
		}
		text := strings.TrimRight(string(line), "\n")
		if n == 1 && !strings.HasPrefix(text, "#[Histogram log format version 1.3]") {
			return nil, fmt.Errorf("%s:1: not an HdrHistogram log of version 1.3", name)
		}
		if text == endMark {
			return log, wholeAfter(in, name, n)
		}
		if err := log.add(text); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
}

func wholeAfter(in *bufio.Reader, name string, n int) error {
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:%d: lines after the end of the log", name, n+1)
	}
	return nil
}

func (l *HistogramLog) add(line string) error {
	if strings.HasPrefix(line, "#") || strings.HasPrefix(line, `"StartTimestamp"`) {
		return nil
	}
	tagged, ok := strings.CutPrefix(line, "Tag=")
	f := strings.Split(tagged, ",")
	if !ok || len(f) != 5 {
		return errors.New("not a line Tag=system.rep.stage,start,length,max,histogram")
	}
	tag, err := parseTag(f[0])
	if err != nil {
		return err
	}
	from, err1 := strconv.ParseFloat(f[1], 64)
	length, err2 := strconv.ParseFloat(f[2], 64)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("read interval: %w", err)
	}
	h, err := hdr.Decode([]byte(f[4]))
	if err != nil {
		return fmt.Errorf("decode histogram: %w", err)
	}
	if h.HighestTrackableValue() != highestNs || h.SignificantFigures() != digits {
		return fmt.Errorf("histogram of range ..%d and %d digits: want ..%d and %d",
			h.HighestTrackableValue(), h.SignificantFigures(), highestNs, digits)
	}
	fromNs := int64(math.Round(from*1e3)) * 1e6
	toNs := fromNs + int64(math.Round(length*1e3))*1e6
	l.coded[tag] = append(l.coded[tag], coded{fromNs, toNs, f[4]})
	l.merge(tag, h, fromNs, toNs)
	return nil
}

func (l *HistogramLog) merge(tag Tag, h *hdr.Histogram, fromNs, toNs int64) {
	l.Intervals[tag] = append(l.Intervals[tag], intervalOf(h, fromNs, toNs))
	all := l.Merged[tag]
	if all == nil {
		l.Merged[tag] = h
		return
	}
	if d := all.Merge(h); d > 0 {
		l.Dropped[tag] += d
	}
}

func intervalOf(h *hdr.Histogram, fromNs, toNs int64) Interval {
	s := sliceOf(h, fromNs)
	v := Interval{
		FromNs: fromNs, ToNs: toNs, N: s.N,
		P50Ns: s.P50Ns, P99Ns: s.P99Ns, P999Ns: s.P999Ns, MaxNs: h.Max(),
	}
	for _, bar := range h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		row := cellRow(bar.From)
		if k := len(v.Cells); k > 0 && v.Cells[k-1].Row == row {
			v.Cells[k-1].N += bar.Count
		} else {
			v.Cells = append(v.Cells, Cell{Row: row, N: bar.Count})
		}
	}
	return v
}
