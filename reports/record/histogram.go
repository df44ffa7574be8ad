package record

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Stages of latency samples, the last part of a histogram's tag.
const (
	StageResult = "result" // results whose trigger was due in steady
	StageWarmup = "warmup" // results whose trigger was due in warm-up
	StageDriver = "driver" // lag of the driver behind the schedule, in steady
	StageCanary = "canary" // late wake-ups of a thread that only sleeps

	// Of results whose trigger was due in steady, and of refinements whose event was.
	StageIngest      = "ingest"      // from when the transport had taken the trigger
	StageContributor = "contributor" // from the due time of the last event inside
	StageRefinement  = "refinement"  // from the due time of the late event
)

// What a histogram holds: nanoseconds, with 3 significant digits.
const (
	lowestNs  = int64(time.Microsecond)
	highestNs = int64(time.Hour)
	digits    = 3
	intervalN = int64(time.Second) // length of an interval histogram, ns
)

func newHistogram() *hdr.Histogram { return hdr.New(lowestNs, highestNs, digits) }

// Tag says whose samples a histogram holds. It is written system.rep.stage.
type Tag struct {
	System string
	Rep    int
	Stage  string
}

// String is the tag as it stands in the log.
func (t Tag) String() string { return fmt.Sprintf("%s.%d.%s", t.System, t.Rep, t.Stage) }

func parseTag(s string) (Tag, error) {
	rest, stage, ok1 := cutLast(s)
	system, rep, ok2 := cutLast(rest)
	n, err := strconv.Atoi(rep)
	if !ok1 || !ok2 || err != nil || system == "" || stage == "" {
		return Tag{}, fmt.Errorf("tag %q is not system.rep.stage", s)
	}
	return Tag{System: system, Rep: n, Stage: stage}, nil
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// Histograms writes the latency log of a run: HdrHistogram log 1.3, one line for each tag and
// second of receipt that has samples.
//
//	Series.RecordN --1 s histogram--> full --encode--> latency.hlog
//	       ^-------------- free ---------'
//
// Encoding happens on a goroutine of its own: a collector only swaps one histogram for another.
type Histograms struct {
	log  *hdr.HistogramLogWriter
	full chan *hdr.Histogram // nil asks for a pause
	free chan *hdr.Histogram
	done chan struct{}
	held chan struct{} // gets a value when a pause begins, and takes one when it ends

	mu     sync.Mutex
	series []*Series
	err    error
}

// NewHistograms begins a log. start is the UTC twin of the run clock's zero, which the lines are
// relative to. The caller closes out after Close.
func NewHistograms(out io.Writer, start time.Time) (*Histograms, error) {
	h := &Histograms{
		log:  hdr.NewHistogramLogWriter(out),
		full: make(chan *hdr.Histogram, 64), free: make(chan *hdr.Histogram, 64),
		done: make(chan struct{}), held: make(chan struct{}),
	}
	if err := h.header(start.UTC()); err != nil {
		return nil, fmt.Errorf("write latency log: %w", err)
	}
	go h.write()
	return h, nil
}

func (h *Histograms) header(start time.Time) error {
	if err := h.log.OutputLogFormatVersion(); err != nil {
		return err
	}
	sec := float64(start.UnixMilli()) / 1e3
	iso := start.Format(time.RFC3339Nano)
	for _, c := range []string{
		fmt.Sprintf("[StartTime: %.3f (seconds since epoch), %s]", sec, iso),
		fmt.Sprintf("[BaseTime: %.3f (seconds since epoch)]", sec),
	} {
		if err := h.log.OutputComment(c); err != nil {
			return err
		}
	}
	return h.log.OutputLegend()
}

// Open makes a recorder of one tag. Several recorders of the same tag (one a thread, say) are
// merged by the reader.
func (h *Histograms) Open(tag Tag) (*Series, error) {
	if strings.ContainsAny(tag.System+tag.Stage, ", \r\n") || strings.Contains(tag.Stage, ".") {
		return nil, fmt.Errorf("open histogram %q: a name holds a comma, blank or line break", tag)
	}
	if _, err := parseTag(tag.String()); err != nil {
		return nil, fmt.Errorf("open histogram: %w", err)
	}
	s := &Series{tag: tag, owner: h, now: newHistogram()}
	h.recycle(newHistogram())
	h.mu.Lock()
	h.series = append(h.series, s)
	h.mu.Unlock()
	return s, nil
}

// Advance closes the intervals that ended by nowNs on the run's clock, so that a series that went
// silent is written too. The runner calls it at every tick.
func (h *Histograms) Advance(nowNs int64) {
	for _, s := range h.open() {
		s.mu.Lock()
		if nowNs >= s.endNs {
			s.rotate(nowNs)
		}
		s.mu.Unlock()
	}
}

func (h *Histograms) open() []*Series {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.series)
}

// Peek ends the intervals under way and calls read while nothing is written: with the mark that
// ends a log behind it, what was written so far is one.
func (h *Histograms) Peek(read func(end string)) {
	for _, s := range h.open() {
		s.mu.Lock()
		s.rotate(s.endNs)
		s.mu.Unlock()
	}
	h.full <- nil
	<-h.held
	read(endMark + "\n")
	h.held <- struct{}{}
}

// Close closes every series, writes the mark of a log's end and returns the first error.
func (h *Histograms) Close() error {
	for _, s := range h.open() {
		s.Close()
	}
	close(h.full)
	<-h.done
	if h.err == nil {
		h.err = h.log.OutputComment(endMark[1:])
	}
	if h.err != nil {
		return fmt.Errorf("write latency log: %w", h.err)
	}
	return nil
}

func (h *Histograms) write() {
	defer close(h.done)
	for full := range h.full {
		if full == nil {
			h.held <- struct{}{}
			<-h.held
			continue
		}
		// After a failed write the log may end in half a line: what came behind it would spoil it.
		if h.err == nil {
			h.err = h.log.OutputIntervalHistogram(full)
		}
		full.Reset()
		h.recycle(full)
	}
}

// recycle keeps an empty histogram for the next interval of any series.
func (h *Histograms) recycle(empty *hdr.Histogram) {
	select {
	case h.free <- empty:
	default: // enough are free
	}
}

// Series records the samples of one tag. Its methods may be called by any goroutine, cheapest by
// one; they do not allocate once each series has been through its first interval.
type Series struct {
	tag   Tag
	owner *Histograms

	mu       sync.Mutex
	now      *hdr.Histogram
	n        int64 // samples in now
	endNs    int64 // end of its interval on the run's clock
	overflow uint64
	negative uint64
	last     Slice
}

// Slice sums up the last finished interval of a series, for the screen and for finding the end of
// warm-up. N is 0 where it had no samples.
type Slice struct {
	FromNs               int64 // on the run's clock
	N                    int64
	P50Ns, P99Ns, P999Ns int64
}

// RecordN records n samples of valueNs received at atNs on the run's clock. Samples below zero or
// above an hour are counted apart, never dropped silently.
func (s *Series) RecordN(atNs, valueNs, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if atNs >= s.endNs {
		s.rotate(atNs)
	}
	switch {
	case valueNs < 0:
		s.negative += uint64(n)
	case valueNs > highestNs:
		s.overflow += uint64(n)
	case s.now.RecordValues(valueNs, n) != nil:
		s.overflow += uint64(n)
	default:
		s.n += n
	}
}

// rotate hands the interval over to the writer and begins the one atNs lies in.
func (s *Series) rotate(atNs int64) {
	from := s.endNs - intervalN
	s.endNs = (atNs/intervalN + 1) * intervalN
	s.last = Slice{FromNs: from}
	if s.n == 0 {
		return
	}
	s.last = sliceOf(s.now, from)
	s.now.SetTag(s.tag.String())
	s.now.SetStartTimeMs(from / 1e6)
	s.now.SetEndTimeMs((from + intervalN) / 1e6)
	s.owner.full <- s.now
	s.n = 0
	select {
	case s.now = <-s.owner.free:
	default:
		s.now = newHistogram()
	}
}

func sliceOf(h *hdr.Histogram, fromNs int64) Slice {
	return Slice{
		FromNs: fromNs, N: h.TotalCount(), P50Ns: h.ValueAtQuantile(50),
		P99Ns: h.ValueAtQuantile(99), P999Ns: h.ValueAtQuantile(99.9),
	}
}

// Close writes the interval that is open. Nothing may be recorded any more; counts can still be
// read. A repetition closes its series so that the next one does not carry them along.
func (s *Series) Close() {
	s.mu.Lock()
	s.rotate(s.endNs)
	s.mu.Unlock()
	h := s.owner
	h.mu.Lock()
	defer h.mu.Unlock()
	h.series = slices.DeleteFunc(h.series, func(o *Series) bool { return o == s })
}

// Last is the newest finished interval; Advance finishes them.
func (s *Series) Last() Slice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Refused are the samples that were not recorded: above an hour, and below zero. Both must be zero
// and belong into the repetition's End.
func (s *Series) Refused() (overflow, negative uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overflow, s.negative
}
