package workloads

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

const (
	digestEvents = 100_000
	digestRows   = 1000
)

// Canonical writes the settings a stream depends on, one "name=value" a line, in a fixed order.
func (w *Workload) Canonical() string {
	t, ok := Find(w.Name)
	if !ok {
		panic("BUG: workload " + w.Name + " is not in the catalog")
	}
	var lines []string
	for name, v := range w.Settings.Values {
		if w.Timeline.Silence.Ms == 0 && (name == silenceParam || name == silenceAtParam) {
			continue // streams without a silence are those they were before there was one
		}
		p, ok := t.Param(name)
		if !ok {
			panic("BUG: workload " + w.Name + " has no parameter " + name)
		}
		lines = append(lines, name+"="+v.String(p.Kind))
	}
	sort.Strings(lines)
	head := fmt.Sprintf("workload=%s\nseed=%d\nevent-rate=%d\n", w.Name, w.Settings.Seed,
		w.Settings.EventRate)
	return head + strings.Join(lines, "\n") + "\n"
}

// Digest identifies the stream: SHA-256, in hexadecimal, of Canonical and the binary form of events
// 0..99999, in the order of their numbers.
func (w *Workload) Digest() string {
	h := sha256.New()
	h.Write([]byte(w.Canonical()))
	b, g, codec := NewBatch(w.Schema, digestRows), w.Events(), BinaryCodec(w.Schema)
	var buf []byte
	for n := uint64(0); n < digestEvents; {
		buf = buf[:0]
		if w.Timeline.Groups <= 1 {
			g.Fill(b, Slots{First: n, Step: 1, N: digestRows})
		} else {
			g.Fill(b, Slots{First: w.Timeline.Slot(n), Step: 1, N: 1})
		}
		for row := range b.N {
			buf = codec.Append(buf, b, row)
		}
		h.Write(buf)
		n += uint64(b.N)
	}
	return hex.EncodeToString(h.Sum(nil))
}
