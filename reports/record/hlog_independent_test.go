package record_test

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

// plainHistogram is an HdrHistogram decoded from its published formats alone (V2 encoding in the log
// of version 1.3), without the library that our writer uses.
//
//	log line  Tag=…,start,length,max,BASE64
//	BASE64    0x1c849314 | length | zlib( 0x1c849313 | payload length | normalising offset |
//	          digits | lowest | highest | ratio (double) | ZigZag LEB128 counts )
//
// All numbers are big-endian. A negative count stands for as many empty buckets.
type plainHistogram struct {
	lowest, highest int64
	digits          int32
	counts          map[int]int64 // by index
	half            int           // buckets of a half range
	unit            int           // power of two of the lowest value
}

func decodePlain(text string) (*plainHistogram, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(raw) < 8 || binary.BigEndian.Uint32(raw) != 0x1c849314 ||
		int(binary.BigEndian.Uint32(raw[4:])) != len(raw)-8 {
		return nil, fmt.Errorf("not a compressed histogram of version 2")
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	if len(body) < 40 || binary.BigEndian.Uint32(body) != 0x1c849313 ||
		int(binary.BigEndian.Uint32(body[4:])) != len(body)-40 {
		return nil, fmt.Errorf("not a histogram of version 2")
	}
	h := &plainHistogram{
		digits:  int32(binary.BigEndian.Uint32(body[12:])),
		lowest:  int64(binary.BigEndian.Uint64(body[16:])),
		highest: int64(binary.BigEndian.Uint64(body[24:])),
		counts:  map[int]int64{},
	}
	// Sub-buckets are the power of two that resolves twice ten to the digits.
	sub := 1 << bits.Len(uint(2*math.Pow10(int(h.digits)))-1)
	h.half = sub / 2
	h.unit = bits.Len64(uint64(h.lowest)) - 1
	for i, at := 0, 40; at < len(body); {
		v, n := zigzag(body[at:])
		at += n
		if v < 0 {
			i += int(-v)
			continue
		}
		if v > 0 {
			h.counts[i] = v
		}
		i++
	}
	return h, nil
}

// zigzag decodes a ZigZag LEB128 number of at most 9 bytes, the ninth of 8 bits.
func zigzag(b []byte) (v int64, n int) {
	var u uint64
	for n < 9 {
		c := b[n]
		n++
		if n == 9 {
			u |= uint64(c) << 56
			break
		}
		u |= uint64(c&0x7f) << (7 * (n - 1))
		if c < 0x80 {
			break
		}
	}
	return int64(u>>1) ^ -int64(u&1), n
}

// highestAt is the highest value that counts at an index.
func (h *plainHistogram) highestAt(i int) int64 {
	bucket, sub := i/h.half-1, i%h.half+h.half
	if bucket < 0 {
		bucket, sub = 0, i
	}
	shift := bucket + h.unit
	return int64(sub)<<shift + 1<<shift - 1
}

func (h *plainHistogram) add(o *plainHistogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
}

func (h *plainHistogram) total() (n int64) {
	for _, c := range h.counts {
		n += c
	}
	return n
}

// percentile is the highest value of the bucket in which the ceil(p % of n)-th sample lies.
func (h *plainHistogram) percentile(p float64) int64 {
	want := max(int64(p/100*float64(h.total())+0.5), 1)
	last := 0
	for i := range h.counts {
		last = max(last, i)
	}
	var seen int64
	for i := 0; i <= last; i++ {
		if seen += h.counts[i]; seen >= want {
			return h.highestAt(i)
		}
	}
	return 0
}

// readPlain reads every histogram of a log, merged by tag.
func readPlain(t *testing.T, log []byte) map[string]*plainHistogram {
	t.Helper()
	all := map[string]*plainHistogram{}
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), "Tag=")
		if !ok {
			continue
		}
		f := strings.Split(rest, ",")
		h, err := decodePlain(f[len(f)-1])
		if err != nil {
			t.Fatalf("%v in %q", err, rest[:40])
		}
		if old := all[f[0]]; old != nil {
			old.add(h)
		} else {
			all[f[0]] = h
		}
	}
	return all
}

// TestAnIndependentReaderFindsTheSamePercentilesInTheLatencyLog records known samples over many
// seconds, reads the log back with the decoder above and compares with our reader and with the
// samples themselves: merged is recomputed.
func TestAnIndependentReaderFindsTheSamePercentilesInTheLatencyLog(t *testing.T) {
	var b bytes.Buffer
	w, err := record.NewHistograms(&b, time.Unix(1_767_225_600, 0))
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(17, 4))
	samples := map[record.Tag][]int64{}
	for _, tag := range []record.Tag{
		{System: "native", Rep: 1, Stage: record.StageResult},
		{System: "native", Rep: 1, Stage: record.StageDriver},
		{System: "flink.2", Rep: 12, Stage: record.StageResult},
	} {
		s, err := w.Open(tag)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40_000 {
			v := int64(2e6 * math.Exp(1.5*rnd.NormFloat64()))
			if i%1000 == 0 {
				v = int64(30e9 * rnd.Float64()) // a stall now and then
			}
			samples[tag] = append(samples[tag], v)
			s.RecordN(int64(i)*1e6, v, 1)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	theirs := readPlain(t, b.Bytes())
	ours, err := record.ReadHistograms(&b, "latency.hlog")
	if err != nil {
		t.Fatal(err)
	}
	if len(theirs) != len(samples) || len(ours.Merged) != len(samples) {
		t.Fatalf("%d and %d tags of %d", len(theirs), len(ours.Merged), len(samples))
	}
	for tag, raw := range samples {
		h, mine := theirs[tag.String()], ours.Merged[tag]
		if h.digits != 3 || h.highest != int64(time.Hour) || h.lowest != 1000 ||
			h.total() != int64(len(raw)) || mine.TotalCount() != int64(len(raw)) {
			t.Fatalf("%s: %d samples of %d, ours %d", tag, h.total(), len(raw), mine.TotalCount())
		}
		// The same samples put into one histogram without intervals or a log between.
		direct := &plainHistogram{half: h.half, unit: h.unit, counts: map[int]int64{}}
		for _, v := range raw {
			direct.counts[direct.indexOf(v)]++
		}
		for _, p := range []float64{1, 25, 50, 90, 99, 99.9, 99.99, 100} {
			got, again, want := mine.ValueAtPercentile(p), direct.percentile(p), h.percentile(p)
			if got != want || again != want {
				t.Errorf("%s p%v: ours %d, recomputed %d, the independent reader's %d",
					tag, p, got, again, want)
			}
		}
	}
}

// indexOf is the index a value counts at.
func (h *plainHistogram) indexOf(v int64) int {
	v >>= h.unit
	bucket := max(bits.Len64(uint64(v))-bits.Len(uint(2*h.half-1)), 0)
	sub := int(v >> bucket)
	if bucket == 0 {
		return sub
	}
	return (bucket+1)*h.half + sub - h.half
}
