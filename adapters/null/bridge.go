package null

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

// flushWait is how long results wait for more of them while their topic is being written to.
const flushWait = time.Millisecond

// input is where a bridge reads: a consumer of brokers, or a follower of logs.
type input interface {
	C() <-chan kafka.Fetched
	Err() error
	Close()
}

// output is where it writes: a producer, or a writer of logs.
type output interface {
	Append(target int, m kafka.Message) error
	Push() error
	Flush(ctx context.Context) error
	Halt()
}

// bridge is the pass-through of a transport by kafka or by a log: one goroutine that reads the
// partitions of the input topic and writes results to those of the results topic.
//
//	input topic --Consumer--> pass: counts events --Producer--> results topic
//
// Of an event it decodes the number alone, which tells it from an end event; what it answers was
// encoded beforehand. So it costs what every system has to pay as well, and hardly more.
type bridge struct {
	job      adapters.Job
	in       input
	out      output
	release  func() error // of the output, once it was halted
	into     int          // number of targets of the output
	codec    workloads.Codec
	event    *workloads.Batch // room for the number of one
	answers  [][]byte
	each     bool          // an answer an event; else one for batchRows of them
	passed   atomic.Uint64 // events answered so far
	closing  sync.Once
	shutdown chan struct{} // closed by Close
	done     chan struct{} // closed when pass has returned
	err      error         // why it did; read after done
}

// deployBridge connects to both topics and begins to pass on.
func deployBridge(ctx context.Context, job adapters.Job) (adapters.System, error) {
	codec, err := workloads.NewCodec(job.Workload.Schema, job.Format)
	if err != nil {
		return nil, err
	}
	b := &bridge{
		job: job, codec: codec, event: workloads.NewBatchOf(job.Workload.Schema, nil, 1),
		each: job.Workload.Query.OneEach(), shutdown: make(chan struct{}),
		done: make(chan struct{}),
	}
	if b.answers, err = encoded(job); err != nil {
		return nil, err
	}
	connect := b.toBrokers
	if job.Topics.Folder != "" {
		connect = b.toLogs
	}
	if err := connect(ctx); err != nil {
		return nil, err
	}
	go func() {
		defer close(b.done)
		b.err = b.pass()
	}()
	return b, nil
}

// toBrokers connects to the topics of brokers.
func (b *bridge) toBrokers(ctx context.Context) error {
	topics := b.job.Topics
	var from, to []kafka.Target
	for p := range topics.Partitions {
		from = append(from, kafka.Target{Topic: topics.Input, Partition: int32(p)})
		results := topics.Output(workloads.Answers)
		to = append(to, kafka.Target{Topic: results, Partition: int32(p)})
	}
	in, err := kafka.NewConsumer(ctx, kafka.ConsumerConfig{
		Broker: topics.Brokers, Bootstrap: topics.Bootstrap, Targets: from,
	})
	if err != nil {
		return err
	}
	out, err := kafka.NewProducer(ctx, kafka.ProducerConfig{
		Broker: topics.Brokers, Bootstrap: topics.Sink, Targets: to,
	})
	if err != nil {
		in.Close()
		return err
	}
	b.in, b.out, b.into = in, out, topics.Partitions
	b.release = func() error {
		out.Close()
		return nil
	}
	return nil
}

// toLogs opens the logs of a host. There is one of results, as that of a slot.
func (b *bridge) toLogs(context.Context) error {
	topics := b.job.Topics
	out, err := log.NewWriter(log.WriterConfig{
		Folders: []string{log.Appended(topics, workloads.Answers, 0, 0)},
	})
	if err != nil {
		return err
	}
	var from []string
	for p := range topics.Partitions {
		from = append(from, log.Input(topics, p))
	}
	b.in, b.out, b.into, b.release = log.NewFollower(from, nil), out, 1, out.Close
	return nil
}

// encoded are the answers to the first events of the stream in their wire form: of the width that
// results have, and decoded without an error, though none of them is right.
func encoded(job adapters.Job) ([][]byte, error) {
	w := job.Workload
	codec, err := workloads.NewResultCodec(w.Query, workloads.Answers, job.Format)
	if err != nil {
		return nil, err
	}
	events, rs := workloads.NewBatch(w.Schema, batchRows), workloads.NewResults(w.Query, batchRows)
	w.Events().Fill(events, workloads.Slots{Step: 1, N: batchRows})
	copyColumns(events, rs, batchRows)
	for i, field := range w.Query.Columns() {
		if field.Kind != workloads.Int {
			clear(rs.Cols[i]) // the bits of an integer may be no number, its value no string's
		}
	}
	answers := make([][]byte, batchRows)
	for row := range answers {
		answers[row] = codec.Append(nil, rs, row)
	}
	return answers, nil
}

// pass carries events until every partition has ended.
func (b *bridge) pass() error {
	idle := time.NewTicker(flushWait)
	defer idle.Stop()
	var records kafka.Reader
	for left := b.job.Topics.Partitions; left > 0; {
		if err := b.out.Push(); err != nil {
			return fmt.Errorf("pass results: %w", err)
		}
		select {
		case f, ok := <-b.in.C():
			if !ok {
				return fmt.Errorf("pass events: %w", errors.Join(b.in.Err(), b.stopped()))
			}
			ended, err := b.answer(&records, f)
			if err != nil {
				return err
			}
			left -= ended
		case <-idle.C:
		case <-b.shutdown:
			return b.stopped()
		}
	}
	if err := b.out.Flush(context.Background()); err != nil {
		return fmt.Errorf("pass results: %w", err)
	}
	return nil
}

// stopped is the error of a pass-through that was closed before its input ended.
func (b *bridge) stopped() error {
	select {
	case <-b.shutdown:
		return context.Canceled
	default:
		return nil
	}
}

// answer answers what one fetch brought, and tells how many end events there were.
func (b *bridge) answer(r *kafka.Reader, f kafka.Fetched) (ended int, err error) {
	passed := b.passed.Load()
	for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); {
		value := r.Record().Value
		// Events that cannot be read are passed on as well: a system has to read them too.
		if b.codec.Decode(value, b.event, 0) == nil && b.event.Seq[0] < 0 {
			ended++
			continue
		}
		passed++
		if !b.each && passed%batchRows != 0 {
			continue
		}
		err := b.out.Append(f.Target%b.into, kafka.Message{Value: b.answers[passed%batchRows]})
		if err != nil {
			return 0, fmt.Errorf("pass results: %w", err)
		}
	}
	b.passed.Store(passed)
	if err := r.Err(); err != nil {
		return 0, fmt.Errorf("pass events: %w", err)
	}
	return ended, nil
}

// Passed is the number of events answered so far.
func (b *bridge) Passed() uint64 { return b.passed.Load() }

// Nodes is the process itself.
func (b *bridge) Nodes() []chaos.Node {
	return []chaos.Node{{Name: "worker-1", Role: chaos.Worker}}
}

// Config says what this is.
func (b *bridge) Config(context.Context) (map[string]string, error) {
	return map[string]string{"engine": "none: a pass-through", "transport": b.job.Transport}, nil
}

// Wait returns when every event was answered and every answer acknowledged.
func (b *bridge) Wait(ctx context.Context) error {
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the pass-through and waits for it.
func (b *bridge) Close() (err error) {
	b.closing.Do(func() {
		close(b.shutdown)
		b.out.Halt() // pass may wait for room
		b.in.Close()
		<-b.done
		err = b.release()
	})
	return err
}
