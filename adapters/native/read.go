package native

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

const (
	// readWait is how long a slot that found nothing to read may sleep.
	readWait = 200 * time.Microsecond
	// emptyTimeout takes a partition that has held no event since the start out of the watermark,
	// as it is where there are fewer keys than partitions. One that has held an event is never
	// taken out, whatever it waits for: what comes next would be late by the others.
	emptyTimeout = time.Second
)

// input is where a reader gets records from: a consumer of brokers, or a follower of logs.
type input interface {
	C() <-chan kafka.Fetched
	Err() error
	Empty(target int) bool
	Close()
}

// reader is what one slot reads of the input topic: some of its partitions, each in order, from the
// first event to the end event. The offsets are part of its state.
//
//	partitions --Fetched--> decode --rows--> slot, with the least watermark of the partitions
//	                              \-> dead letters
type reader struct {
	input   input // nil of a slot without partitions
	decoder *decoder
	graves  *graves
	parts   []part // by target of the consumer
	boundMs int64
	records kafka.Reader
	at      int  // the target of records
	open    bool // records holds some that are not read
	ended   int  // partitions that have ended
	load    *adapters.Load
}

// part is a partition as far as it was read.
type part struct {
	number int
	newest int64 // largest event time; the smallest int64 before the first event
	ended  bool
	// next is the offset after the last event handed on; others read it.
	next atomic.Int64
}

// newReader makes the reader of slot m: of n slots, one has partitions m, m+n, m+2n, … It begins
// where a mark says, or at the first event.
func newReader(
	ctx context.Context, job adapters.Job, g *graves, of shardOf,
) (*reader, error) {
	r := &reader{boundMs: job.Workload.Query.BoundMs, graves: g, load: job.Load}
	var targets []kafka.Target
	for p := of.shard; p < job.Topics.Partitions; p += job.Workers * job.WorkerCPUs {
		targets = append(targets, kafka.Target{Topic: job.Topics.Input, Partition: int32(p)})
	}
	r.parts = make([]part, len(targets))
	from := make([]int64, len(targets))
	for i, t := range targets {
		r.parts[i].number, r.parts[i].newest = int(t.Partition), math.MinInt64
	}
	if err := r.resume(of.mark, from); err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return r, nil
	}
	var err error
	if r.decoder, err = newDecoder(job.Workload, job.Format, batchRows); err != nil {
		return nil, err
	}
	r.decoder.told = func(at place, why error) {
		g.add(at, kafka.DeadLetter{
			Key: bytes.Clone(r.records.Record().Key), Body: bytes.Clone(r.records.Record().Value),
			Error: why.Error(), TimeMs: r.records.Record().TimeMs,
		})
	}
	r.input, err = openInput(ctx, job, targets, from)
	return r, err
}

// openInput begins to read partitions at some offsets.
func openInput(
	ctx context.Context, job adapters.Job, targets []kafka.Target, from []int64,
) (input, error) {
	if job.Topics.Folder != "" {
		var folders []string
		for _, t := range targets {
			folders = append(folders, log.Input(job.Topics, int(t.Partition)))
		}
		return log.NewFollower(folders, from), nil
	}
	c, err := kafka.NewConsumer(ctx, kafka.ConsumerConfig{
		Broker: job.Topics.Brokers, Bootstrap: job.Topics.Bootstrap, Targets: targets, From: from,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// shardOf is a shard and where it begins: a mark of its source, empty for the beginning.
type shardOf struct {
	shard int
	mark  []byte
}

// Mark tells of each partition how far it was read, and the largest event time.
func (r *reader) Mark(dst []byte) []byte {
	for i := range r.parts {
		p := &r.parts[i]
		ended := uint64(0)
		if p.ended {
			ended = 1
		}
		for _, v := range [...]uint64{uint64(p.next.Load()), uint64(p.newest), ended} {
			dst = binary.LittleEndian.AppendUint64(dst, v)
		}
	}
	return dst
}

const markB = 24 // of a partition

// resume sets the partitions to where a mark says they were.
func (r *reader) resume(mark []byte, from []int64) error {
	switch {
	case len(mark) == 0:
		return nil
	case len(mark) != markB*len(r.parts):
		return fmt.Errorf("read input: a mark of %d bytes for %d partitions", len(mark),
			len(r.parts))
	}
	for i := range r.parts {
		p, m := &r.parts[i], mark[i*markB:]
		from[i] = int64(binary.LittleEndian.Uint64(m))
		p.next.Store(from[i])
		p.newest = int64(binary.LittleEndian.Uint64(m[8:]))
		if p.ended = m[16] == 1; p.ended {
			r.ended++
		}
	}
	return nil
}

func (r *reader) close() {
	if r.input != nil {
		r.input.Close()
	}
}

// Next hands on what was fetched.
func (r *reader) Next(b *workloads.Batch) engine.Pull {
	b.N = 0
	if r.ended == len(r.parts) {
		return engine.Pull{End: true}
	}
	if r.graves.full() {
		return engine.Pull{Wait: readWait}
	}
	start := time.Now()
	r.decoder.begin(b)
	if err := r.fill(); err != nil {
		return engine.Pull{Err: err}
	}
	pull := engine.Pull{
		End: r.ended == len(r.parts), Dead: r.decoder.letters(), Wait: readWait,
	}
	pull.WatermarkMs, pull.Marks = r.watermark()
	pull.Idle = !pull.Marks
	pull.ReadNs = int64(time.Since(start))
	return pull
}

// fill reads until the batch is full or nothing more was fetched.
func (r *reader) fill() error {
	for r.decoder.room() > 0 {
		if !r.open {
			if more, err := r.fetched(); !more {
				return err
			}
		}
		if err := r.drain(); err != nil {
			return err
		}
	}
	return nil
}

// fetched takes what was fetched of the next partition, false if there is nothing yet.
func (r *reader) fetched() (bool, error) {
	select {
	case f, ok := <-r.input.C():
		if !ok {
			err := r.input.Err()
			if err == nil {
				err = errors.New("the input was closed")
			}
			return false, fmt.Errorf("read input: %w", err)
		}
		r.at, r.open = f.Target, true
		r.records.Reset(f.Bytes, f.From, f.Aborted)
		return true, nil
	default:
		return false, nil
	}
}

// drain reads the records at hand into the batch, as far as it has room.
func (r *reader) drain() error {
	p, b := &r.parts[r.at], r.decoder.batch
	for r.decoder.room() > 0 {
		if !r.records.Next() {
			r.open = false
			break
		}
		rec, n := r.records.Record(), b.N
		end, err := r.take(p, rec)
		if err != nil {
			return fmt.Errorf("read input: %w", err)
		}
		if end {
			p.ended = true
			r.ended++
		} else if b.N > n {
			p.newest = max(p.newest, b.TS[n])
		}
		p.next.Store(rec.Offset + 1)
	}
	if err := r.records.Err(); err != nil {
		return kafka.Unready(fmt.Sprintf("read input: partition %d", p.number), err)
	}
	return nil
}

// take decodes a record. One behind the end of its partition is not of this run.
func (r *reader) take(p *part, rec *kafka.Record) (end bool, err error) {
	if p.ended {
		return false, fmt.Errorf("partition %d offset %d: an event behind the end of the stream: "+
			"somebody else writes to the topic", p.number, rec.Offset)
	}
	at := place{seq: noSeq, partition: p.number, offset: rec.Offset}
	if r.decoder.dead != nil {
		at.seq = kafka.SeqOf(rec)
	}
	return r.decoder.add(rec.Value, at)
}

// watermark is the least of the partitions that are read; known is false where all of them have
// been empty since the start.
func (r *reader) watermark() (ms int64, known bool) {
	ms = math.MaxInt64
	for i := range r.parts {
		switch p := &r.parts[i]; {
		case p.ended:
		case p.newest != math.MinInt64:
			ms, known = min(ms, p.newest-r.boundMs), true
		case r.load.NowNs() < int64(emptyTimeout) || !r.input.Empty(i):
			ms, known = math.MinInt64, true
		}
	}
	return ms, known
}
