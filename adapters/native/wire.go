package native

import (
	"fmt"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// wireB is how many bytes of events wait in memory to be read. A batch of ordinary events is far
// smaller; where many have grown to a megabyte, they are read in between.
const wireB = 4 << 20

// wireSource is one shard of the load whose events are written in their wire form and read again,
// as a broker's would be, so that a form costs here what it costs there, and an event that was
// damaged is what it is there.
//
//	Take --> columns --Append, Spoil--> bytes  | Handed |  bytes --decoder--> batch, dead letters
//	      the driver's part                                the system's part
type wireSource struct {
	shard   *adapters.Shard
	gen     workloads.Generator
	spoil   func(dst []byte, from int, n uint64) ([]byte, bool) // nil where nothing is damaged
	made    *workloads.Batch
	bytes   []byte
	ends    []int // of each event in bytes, which are the last len(ends) before row
	row     int   // the next of made to be written
	decode  *decoder
	silence silence
	place   place // of the next event to be read: the shard, and how many of its events came before
}

func newWireSource(job adapters.Job, m int) (*wireSource, error) {
	d, err := newDecoder(job.Workload, job.Format, batchRows)
	if err != nil {
		return nil, err
	}
	s := &wireSource{
		shard: job.Load.Shard(m), gen: job.Workload.Events(), spoil: job.Workload.Spoil,
		made: workloads.NewBatch(job.Workload.Schema, batchRows), decode: d,
		place: place{partition: m}, silence: silence{load: job.Load},
	}
	s.place.offset = int64(s.shard.Done())
	s.silence.heard()
	return s, nil
}

// Mark is the shard's next slot: the events before it can be made again at any time.
func (s *wireSource) Mark(dst []byte) []byte { return mark(dst, s.shard) }

// Next makes the events that are due now, as they would travel, and reads them.
func (s *wireSource) Next(b *workloads.Batch) engine.Pull {
	t := s.shard.Take(min(b.Cap(), s.made.Cap()))
	if t.Slots.N == 0 {
		b.N = 0
		return engine.Pull{Wait: t.Wait, End: t.End, Idle: s.silence.lasts(t.Frozen)}
	}
	s.gen.Fill(s.made, t.Slots)
	s.decode.begin(b)
	s.row = 0
	for s.write(); s.row < s.made.N; s.write() {
		if err := s.read(); err != nil {
			return engine.Pull{Err: err}
		}
	}
	s.shard.Handed(t)
	s.silence.heard()
	began := time.Now()
	err := s.read()
	return engine.Pull{
		End: t.End, Dead: s.decode.letters(), Err: err, ReadNs: int64(time.Since(began)),
	}
}

// Hold says that what is due now waits for the system, and not for the driver.
func (s *wireSource) Hold() { s.shard.Take(0) }

// write writes events until all are written, or there is no room for more.
func (s *wireSource) write() {
	s.bytes, s.ends = s.bytes[:0], s.ends[:0]
	for ; s.row < s.made.N && len(s.bytes) < wireB; s.row++ {
		from := len(s.bytes)
		s.bytes = s.decode.codec.Append(s.bytes, s.made, s.row)
		if s.spoil != nil {
			s.bytes, _ = s.spoil(s.bytes, from, uint64(s.made.Seq[s.row]))
		}
		s.ends = append(s.ends, len(s.bytes))
	}
}

// read reads what was written.
func (s *wireSource) read() error {
	from, first := 0, s.row-len(s.ends)
	for i, to := range s.ends {
		s.place.seq = s.made.Seq[first+i] // what a header would tell
		if _, err := s.decode.add(s.bytes[from:to:to], s.place); err != nil {
			return fmt.Errorf("read events of shard %d: %w", s.place.partition, err)
		}
		s.place.offset++
		from = to
	}
	return nil
}
