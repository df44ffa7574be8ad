package cluster

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/streambench/streambench/adapters"
)

// reportEvery is how often a worker tells how far its shards are.
const reportEvery = 5 * time.Millisecond

// lags keeps the driver lag of a shard until the next report.
type lags struct {
	mu      sync.Mutex
	samples []lagSample
}

type lagSample struct{ atNs, lagNs, n int64 }

// maxLags bounds what is kept while the runner does not listen.
const maxLags = 1 << 16

// RecordN keeps n samples.
func (l *lags) RecordN(atNs, lagNs, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.samples) - 1; last >= 0 &&
		(l.samples[last].lagNs == lagNs || len(l.samples) >= maxLags) {
		l.samples[last].n += n // beyond the bound the count stays right, and the lag is the last one's
		return
	}
	l.samples = append(l.samples, lagSample{atNs, lagNs, n})
}

func (l *lags) take() []lagSample {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.samples
	l.samples = nil
	return s
}

// report sends, until the deployment is over, the accounts of its shards and of its engine.
func (d *deployment) report(ctx context.Context) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	finished := false
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		c := d.w.toolConn()
		if d.w.job.Topics == nil {
			c.frame(appendFrame(nil, kindShards, d.appendShards))
		}
		if n%20 == 0 {
			c.send(kindStats, d.stats())
		}
		if !finished && int(d.finals.Load()) == len(d.slots) {
			finished = true
			d.done.Store(true)
			c.send(kindStats, d.stats()) // the last word, before anybody hears that all is read
			d.finish()
		}
	}
}

// stats are the counters of a deployment's engine.
type stats struct {
	Attempt        uint64 `json:"attempt"`
	Late           uint64 `json:"late"`
	Allowed        uint64 `json:"allowed"`
	BusyNs         int64  `json:"busyNs"`
	BackpressureNs int64  `json:"backpressureNs"`
	StateB         uint64 `json:"stateB"`
	// Slots are those of a deployment that has ended, whose counters are final; 0 of any other.
	Slots int `json:"slots,omitempty"`
}

func (d *deployment) stats() stats {
	ended := d.done.Load()
	st := d.engine.Stats()
	all := stats{
		Attempt: d.Attempt, Late: st.Late, Allowed: st.Allowed, BusyNs: st.BusyNs,
		BackpressureNs: st.BackpressureNs, StateB: st.StateB,
	}
	if ended {
		all.Slots = len(d.slots)
	}
	return all
}

// appendShards writes the accounts of a deployment's shards.
//
//	| attempt, 8 bytes | shards, 4 | each: shard, 4 | state, 7 x 8 | accepted, 8 | claim, 8 |
//	                                 | samples of lag, 4 | each: at, 8 | lag, 8 | how many, 8 |
func (d *deployment) appendShards(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(le.AppendUint64(b, d.Attempt), uint32(len(d.slots)))
	for i, s := range d.slots {
		r := d.load.Shard(s).Report()
		b = le.AppendUint32(b, uint32(s))
		for _, v := range r.State {
			b = le.AppendUint64(b, uint64(v))
		}
		b = le.AppendUint64(le.AppendUint64(b, r.Accepted), r.Claim)
		samples := d.lags[i].take()
		b = le.AppendUint32(b, uint32(len(samples)))
		for _, l := range samples {
			b = le.AppendUint64(le.AppendUint64(b, uint64(l.atNs)), uint64(l.lagNs))
			b = le.AppendUint64(b, uint64(l.n))
		}
	}
	return b
}

// shardReport is one shard of such a message.
type shardReport struct {
	shard  int
	report adapters.Report
	lags   []lagSample
}

// readShards reads the accounts of shards.
func readShards(b []byte) (attempt uint64, reports []shardReport, err error) {
	r := reader{b: b}
	attempt = r.uint64()
	n := int(r.uint32())
	for range n {
		if r.bad {
			break
		}
		s := shardReport{shard: int(r.uint32())}
		for i := range s.report.State {
			s.report.State[i] = int64(r.uint64())
		}
		s.report.Accepted, s.report.Claim = r.uint64(), r.uint64()
		for range r.uint32() {
			if r.bad {
				break
			}
			s.lags = append(s.lags,
				lagSample{int64(r.uint64()), int64(r.uint64()), int64(r.uint64())})
		}
		reports = append(reports, s)
	}
	if r.bad || len(r.b) > 0 {
		return 0, nil, fmt.Errorf("%w: accounts of shards", errDamaged)
	}
	return attempt, reports, nil
}

// reader reads integers and remembers that there were too few.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uint64() uint64 {
	if len(r.b) < 8 {
		r.b, r.bad = nil, true
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) uint32() uint32 {
	if len(r.b) < 4 {
		r.b, r.bad = nil, true
		return 0
	}
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}
