package kafka

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

const (
	// driverRows is how many events are made at a time.
	driverRows = 1024
	// roomWait is how long the driver waits for room before it says again that there is none.
	roomWait = time.Millisecond
)

// Appender is where a driver writes: it gathers records by target and tells of those that are
// acknowledged, by lane and in order.
type Appender interface {
	Append(target int, m Message) error
	// Push has what was gathered be sent, and returns why nothing can be any more.
	Push() error
	// HasRoom reports whether more should be gathered now.
	HasRoom() bool
	// Await returns when there may be room, or after some time.
	Await(d time.Duration)
}

// Driver offers the events of a load at their due times: it makes them in columns, writes each in
// its wire form into the batch of its partition, and sends what has come together.
//
//	Take --Slots--> Fill --rows--> Append, by partition --> Appender --acks--> Accept
//
// It is one thread, so a partition holds its events in the order of the schedule.
type Driver struct {
	job    adapters.Job
	shard  *adapters.Shard
	out    Appender
	laneOf func(partition int) int
	codec  workloads.Codec
	router *workloads.Router
	gen    workloads.Generator
	batch  *workloads.Batch
	maxTS  int64

	key, value []byte    // room for one of each
	heldFrom   time.Time // since when events wait to be sent; zero for none
	number     [8]byte
	header     []Header
	stopped    atomic.Bool
	endless    bool // others send the end events

	written [lanes]uint64 // records so far, by lane
	mu      sync.Mutex
	acked   [lanes]uint64
	under   []sent // in the order of the schedule
	worstNs int64  // longest time from when an event was due to its acknowledgement
}

// sent is a take that is not wholly acknowledged: it is once every lane has come that far.
type sent struct {
	slots workloads.Slots
	until [lanes]uint64
}

// NewDriver makes the driver of a job. It writes nothing before it knows where to.
func NewDriver(job adapters.Job) (*Driver, error) { return newDriver(job, 0) }

// newDriver makes the driver of one shard.
func newDriver(job adapters.Job, shard int) (*Driver, error) {
	codec, err := workloads.NewCodec(job.Workload.Schema, job.Format)
	if err != nil {
		return nil, err
	}
	d := &Driver{
		job: job, shard: job.Load.Shard(shard), codec: codec,
		router: job.Workload.NewRouter(job.Partitions), gen: job.Workload.Events(),
		batch: workloads.NewBatch(job.Workload.Schema, driverRows), maxTS: math.MinInt64,
	}
	d.header = []Header{{Key: seqHeader, Value: d.number[:]}}
	return d, nil
}

// WriteTo says where the events go, and in which lane those of a partition are acknowledged. It is
// called before Run.
func (d *Driver) WriteTo(out Appender, laneOf func(partition int) int) {
	d.out, d.laneOf = out, laneOf
}

// Accept is told of acknowledged records of a lane.
func (d *Driver) Accept(lane, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acked[lane] += uint64(n)
	d.settle()
}

// settle accepts the takes that are acknowledged, in their order.
func (d *Driver) settle() {
	for len(d.under) > 0 {
		for lane, until := range d.under[0].until {
			if d.acked[lane] < until {
				return
			}
		}
		slots := d.under[0].slots
		d.shard.Accept(slots)
		load := d.job.Load
		d.worstNs = max(d.worstNs, load.NowNs()-load.DueNs(slots.First))
		d.under = d.under[1:]
	}
}

// offer makes the events of a take and writes them.
func (d *Driver) offer(t adapters.Take) error {
	d.gen.Fill(d.batch, t.Slots)
	if err := d.write(); err != nil {
		return err
	}
	d.shard.Sent(t)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.under = append(d.under, sent{t.Slots, d.written})
	d.settle()
	return nil
}

// Run offers the whole stream, and the end events after it. It returns when all is acknowledged, or
// Stop was called.
func (d *Driver) Run() error {
	// Its naps are those of a thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for !d.stopped.Load() {
		room := d.batch.Cap()
		if !d.out.HasRoom() {
			room = 0
		}
		t := d.shard.Take(room)
		if t.Slots.N > 0 {
			if err := d.offer(t); err != nil {
				return err
			}
		}
		held := d.held(t)
		if held == 0 {
			if err := d.out.Push(); err != nil {
				return err
			}
		}
		switch {
		case t.End && d.endless:
			return d.flush()
		case t.End:
			return d.end()
		case t.Slots.N > 0:
		case room == 0:
			d.out.Await(roomWait)
		case held > 0:
			adapters.Doze(min(t.Wait, held))
		default:
			adapters.Doze(t.Wait)
		}
	}
	return nil
}

// held is how long what was written may still wait for more; 0 where it is to be sent now. A driver
// that is behind its schedule waits for nothing.
func (d *Driver) held(t adapters.Take) time.Duration {
	if d.job.Linger == 0 || !d.job.Load.Paced() || t.Slots.N == d.batch.Cap() {
		return 0
	}
	if d.heldFrom.IsZero() && t.Slots.N > 0 {
		d.heldFrom = time.Now()
	}
	if left := d.job.Linger - time.Since(d.heldFrom); left > 0 {
		return left
	}
	d.heldFrom = time.Time{}
	return 0
}

// Stop has Run return soon.
func (d *Driver) Stop() { d.stopped.Store(true) }

// write appends the events of the batch.
func (d *Driver) write() error {
	b := d.batch
	for row := range b.N {
		var partition int
		d.key, partition = d.router.Route(d.key[:0], b, row)
		d.value = d.codec.Append(d.value[:0], b, row)
		d.maxTS = max(d.maxTS, b.TS[row])
		m := Message{TimeMs: b.TS[row], Key: d.key}
		if spoil := d.job.Workload.Spoil; spoil != nil {
			binary.BigEndian.PutUint64(d.number[:], uint64(b.Seq[row]))
			m.Headers = d.header
			d.value, _ = spoil(d.value, 0, uint64(b.Seq[row]))
		}
		m.Value = d.value
		if err := d.append(partition, m); err != nil {
			return err
		}
	}
	return nil
}

func (d *Driver) append(partition int, m Message) error {
	if err := d.out.Append(partition, m); err != nil {
		return err
	}
	d.written[d.laneOf(partition)]++
	return nil
}

// end sends an end event to every partition, after everything else.
func (d *Driver) end() error {
	if err := d.flush(); err != nil {
		return err
	}
	w, b := d.job.Workload, d.batch
	ts := w.EndTS(max(d.maxTS, 0))
	w.FillEnd(b, 0, ts)
	value := d.codec.Append(nil, b, 0)
	for partition := range d.job.Partitions {
		if err := d.append(partition, Message{TimeMs: ts, Value: value}); err != nil {
			return err
		}
	}
	return d.flush()
}

// flush returns when all that was written is acknowledged.
func (d *Driver) flush() error {
	for !d.stopped.Load() {
		if err := d.out.Push(); err != nil {
			return err
		}
		d.mu.Lock()
		flushed := d.acked == d.written
		d.mu.Unlock()
		if flushed {
			return nil
		}
		d.out.Await(roomWait)
	}
	return fmt.Errorf("stopped with events that are not acknowledged")
}
