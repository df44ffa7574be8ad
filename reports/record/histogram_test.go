package record

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

var runStart = time.Date(2026, 5, 4, 3, 2, 1, 500e6, time.UTC)

func startLog(t *testing.T, out *bytes.Buffer) *Histograms {
	t.Helper()
	h, err := NewHistograms(out, runStart)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func open(t *testing.T, h *Histograms, tag Tag) *Series {
	t.Helper()
	s, err := h.Open(tag)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readLog(t *testing.T, b *bytes.Buffer) *HistogramLog {
	t.Helper()
	log, err := ReadHistograms(bytes.NewReader(b.Bytes()), "latency.hlog")
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestIntervalsMergedGiveWhatOneHistogramOfAllSamplesGives(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	tags := []Tag{{"native", 1, StageResult}, {"flink.rocksdb", 2, StageWarmup}}
	want := map[Tag]*hdr.Histogram{}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, tag := range tags {
		want[tag] = newHistogram()
		one, two := open(t, h, tag), open(t, h, tag) // two threads of one tag
		for at := int64(0); at < 7e9; at += 3e6 {
			v, n := rnd.Int64N(1<<rnd.IntN(40)), 1+rnd.Int64N(9)
			[]*Series{one, two}[rnd.IntN(2)].RecordN(at, v, n)
			if err := want[tag].RecordValues(v, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	got := readLog(t, &b)
	for _, tag := range tags {
		if !got.Merged[tag].Equals(want[tag]) {
			t.Errorf("%s: merged intervals differ from the whole", tag)
		}
		var n int64
		for _, v := range got.Intervals[tag] {
			cells := int64(0)
			for _, c := range v.Cells {
				cells += c.N
			}
			if cells != v.N || v.ToNs-v.FromNs != 1e9 {
				t.Errorf("%s at %d: %d samples, %d in cells", tag, v.FromNs, v.N, cells)
			}
			n += v.N
		}
		if n != want[tag].TotalCount() {
			t.Errorf("%s: %d samples in intervals, want %d", tag, n, want[tag].TotalCount())
		}
	}
	if len(got.Dropped) != 0 {
		t.Errorf("dropped %v", got.Dropped)
	}
}

func TestTheLogIsReadByTheLibraryOthersUse(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	s := open(t, h, Tag{"native", 3, StageResult})
	s.RecordN(4_200_000_000, 1_500_000, 7)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := hdr.NewHistogramLogReader(&b).NextIntervalHistogram()
	if err != nil || got == nil {
		t.Fatalf("got %v, %v", got, err)
	}
	if got.Tag() != "native.3.result" || got.TotalCount() != 7 ||
		got.StartTimeMs() != runStart.UnixMilli()+4000 {
		t.Errorf("tag %q, %d samples at %d", got.Tag(), got.TotalCount(), got.StartTimeMs())
	}
}

func TestSamplesOutOfRangeAreCountedAndNotRecorded(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	s := open(t, h, Tag{"native", 1, StageResult})
	s.RecordN(0, -1, 3)
	s.RecordN(0, int64(time.Hour), 1)
	s.RecordN(0, int64(time.Hour)+1, 5)
	s.RecordN(0, 1<<62, 2)
	over, neg := s.Refused()
	if over != 7 || neg != 3 {
		t.Errorf("overflow %d, negative %d; want 7, 3", over, neg)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if n := readLog(t, &b).Merged[s.tag].TotalCount(); n != 1 {
		t.Errorf("%d recorded, want the one at exactly an hour", n)
	}
}

func TestAStallOfThirtySecondsShowsAsThirtySeconds(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	s := open(t, h, Tag{"native", 1, StageResult})
	s.RecordN(1e9, 1e6, 1_000_000)
	s.RecordN(31e9, 30e9, 1)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if got := readLog(t, &b).Merged[s.tag].Max(); got < 30e9 {
		t.Errorf("maximum %d", got)
	}
}

func TestLastIsTheFinishedSecondAndEmptyWhereNothingCame(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	s := open(t, h, Tag{"native", 1, StageResult})
	s.RecordN(100, 2e6, 10)
	if got := s.Last(); got.N != 0 {
		t.Errorf("an unfinished second is given: %+v", got)
	}
	h.Advance(1_000_000_000)
	if got := s.Last(); got.N != 10 || got.FromNs != 0 || got.P99Ns < 2e6 || got.P99Ns > 2.01e6 {
		t.Errorf("got %+v", got)
	}
	h.Advance(2_100_000_000)
	if got := s.Last(); got.N != 0 || got.FromNs != 1e9 {
		t.Errorf("silent second: %+v", got)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	s := open(t, h, Tag{"native", 1, StageResult})
	at := int64(0)
	n := testing.AllocsPerRun(1000, func() { s.RecordN(at, 1_234_567, 100); at += 10 })
	if n != 0 {
		t.Errorf("%v allocations a call", n)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestALogThatIsNotOneIsRefusedWithItsLine(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	open(t, h, Tag{"native", 1, StageResult}).RecordN(0, 1e6, 1)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	lines := strings.SplitAfter(whole, "\n")
	small := hdr.New(1, 1000, 2)
	text, _ := small.EncodeV2()
	for why, c := range map[string]struct{ text, want string }{
		"foreign text":       {"time,value\n", "h:1: not an HdrHistogram log"},
		"no tag":             {lines[0] + "0.1,1.0,2.0,HIST\n", "h:2: not a line"},
		"tag of two parts":   {lines[0] + "Tag=a.b,0.0,1.0,2.0,HIST\n", "h:2: tag"},
		"broken payload":     {lines[0] + "Tag=a.1.b,0.0,1.0,2.0,HIST\n", "h:2: decode histogram"},
		"no number":          {lines[0] + "Tag=a.1.b,x,1.0,2.0,HIST\n", "h:2: read interval"},
		"other range":        {lines[0] + "Tag=a.1.b,0.0,1.0,2.0," + string(text) + "\n", "h:2: histogram of"},
		"more after the end": {whole + lines[4], "h:7: lines after"},
	} {
		if _, err := ReadHistograms(strings.NewReader(c.text), "h"); err == nil ||
			!strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s…", why, err, c.want)
		}
	}
	for cut := range len(whole) - 1 {
		var off *CutOff
		_, err := ReadHistograms(strings.NewReader(whole[:cut]), "h")
		if !errors.As(err, &off) && cut != len(whole)-1 {
			t.Fatalf("cut at %d of %d: %v", cut, len(whole), err)
		}
	}
}

// full is a disk that takes half of a line, and has room again then.
type full struct {
	bytes.Buffer
	left int // writes until it is full
}

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left != 0 {
		return f.Buffer.Write(p)
	}
	n, _ := f.Buffer.Write(p[:len(p)/2])
	return n, errors.New("no space left")
}

func TestALogOfAFullDiskIsCutOffAndNotSpoilt(t *testing.T) {
	out := &full{left: -1}
	h, err := NewHistograms(out, runStart)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, h, Tag{System: "native", Rep: 1, Stage: "result"})
	for i := range int64(5) {
		if i == 2 {
			h.Peek(func(string) { out.left = 1 })
		}
		s.RecordN(i*1e9, 5000, 1)
		h.Advance((i + 1) * 1e9)
	}
	if err := h.Close(); err == nil {
		t.Error("a full disk is no error")
	}
	var cut *CutOff
	if _, err := ReadHistograms(&out.Buffer, "latency.hlog"); !errors.As(err, &cut) {
		t.Errorf("the log reads as %v, want one that is cut off", err)
	}
}

func TestNamesThatWouldBreakTheLogAreRefused(t *testing.T) {
	var b bytes.Buffer
	h := startLog(t, &b)
	for _, tag := range []Tag{{"a b", 1, "result"}, {"a,b", 1, "result"}, {"a", 1, "x.y"},
		{"", 1, "result"}, {"a", 1, ""}, {"a\n", 1, "result"}} {
		if _, err := h.Open(tag); err == nil {
			t.Errorf("%q was opened", tag)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEveryLatencyLiesInItsRow(t *testing.T) {
	for ns := int64(1); ns < int64(time.Hour); ns += ns/7 + 1 {
		row := cellRow(ns)
		if ns >= lowestNs && CellFloorNs(row) > float64(ns)*(1+1e-9) {
			t.Fatalf("%d ns lies below its row %d (%.0f)", ns, row, CellFloorNs(row))
		}
		if float64(ns) > CellFloorNs(row+1)*(1+1e-9) {
			t.Fatalf("%d ns lies above its row %d", ns, row)
		}
	}
}

func BenchmarkRecordN(b *testing.B) {
	h, err := NewHistograms(&bytes.Buffer{}, runStart)
	if err != nil {
		b.Fatal(err)
	}
	s, err := h.Open(Tag{"native", 1, StageResult})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		s.RecordN(int64(i)*100, int64(i%5_000_000), 10)
	}
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
}

func FuzzReadHistogramsNeverPanicsAndNamesTheFile(f *testing.F) {
	var b bytes.Buffer
	h, err := NewHistograms(&b, runStart)
	if err != nil {
		f.Fatal(err)
	}
	s, err := h.Open(Tag{"native", 1, StageResult})
	if err != nil {
		f.Fatal(err)
	}
	s.RecordN(0, 1e6, 1)
	if err := h.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := ReadHistograms(bytes.NewReader(data), "h")
		if err != nil && !strings.HasPrefix(err.Error(), "h:") {
			t.Errorf("error without its place: %v", err)
		}
	})
}
