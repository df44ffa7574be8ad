package native

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/native/engine"
	"github.com/streambench/streambench/workloads"
)

// writePatience is how long the writer bears brokers that do not answer, and keeps results back
// meanwhile: a stalled sink is no reason to die.
const writePatience = 10 * time.Minute

// writer moves results from the slots' outputs to the topics of the job.
//
//	outputs --Pop--> Append, by partition --> Producer --Free--> outputs
//	                                 every checkpoint: Commit, with the offsets that were read
//
// Under exactly-once results are written in transactions, one a checkpoint interval, and become
// visible with them; under the other guarantees each becomes visible as soon as it is written.
type writer struct {
	job      adapters.Job
	outputs  []*engine.Output
	producer *kafka.Producer
	files    *logSink // in the place of a producer where there are no brokers
	readers  []*reader
	graves   *graves
	wires    [workloads.DeadLetters + 1]wire
	targets  []kafka.Target
	value    []byte
	row      []int64
	written  bool   // since the last commit
	epoch    uint64 // number of commits to files
	busyNs   atomic.Int64
}

// wire is how results of one output are written.
type wire struct {
	codec workloads.ResultCodec // nil of dead letters
	first int                   // index of the topic's first partition among the producer's targets
}

func newWriter(ctx context.Context, job adapters.Job, rs []*reader, g *graves) (*writer, error) {
	w, err := newForms(job, g)
	if err != nil {
		return nil, err
	}
	w.readers = rs
	if job.Topics.Folder != "" {
		return w, w.toFiles(ctx, g)
	}
	c := kafka.ProducerConfig{
		Broker: job.Topics.Brokers, Bootstrap: job.Topics.Sink, Targets: w.targets,
		Patience: writePatience,
	}
	if w.transactional() {
		c.Transaction = job.RunID + ".native"
	}
	w.producer, err = kafka.NewProducer(ctx, c)
	return w, err
}

// newForms makes a writer that knows how results are written, and where to, and writes none.
func newForms(job adapters.Job, g *graves) (*writer, error) {
	w := &writer{job: job, graves: g, row: make([]int64, len(kafka.DeadLetter{}.Row))}
	for s, topic := range job.Topics.Outputs {
		if topic == "" {
			continue
		}
		stream := workloads.Stream(s)
		w.wires[s].first = len(w.targets)
		for p := range job.Topics.Partitions {
			w.targets = append(w.targets, kafka.Target{Topic: topic, Partition: int32(p)})
		}
		if stream == workloads.DeadLetters {
			continue
		}
		var err error
		w.wires[s].codec, err = workloads.NewResultCodec(job.Workload.Query, stream, job.Format)
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// transactional reports whether results are to become visible all or none.
func (w *writer) transactional() bool { return w.job.Guarantee == exactlyOnce }

// run writes until every output is done and everything is committed. An interrupt, or trouble with
// the brokers, drops what is not.
func (w *writer) run(ctx context.Context) error {
	err := w.serve(ctx)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return errors.Join(err, w.abort())
}

func (w *writer) serve(ctx context.Context) error {
	began, commits := time.Now(), time.Duration(0)
	for ctx.Err() == nil {
		moved, done, err := w.move()
		if err == nil && w.transactional() {
			if elapsed := time.Since(began) / w.job.Checkpoint; done || elapsed > commits {
				commits = elapsed
				err = w.commit(ctx)
			}
		} else if err == nil && done {
			err = w.flush(ctx)
		}
		switch {
		case err != nil:
			return w.unready(err)
		case done && ctx.Err() == nil:
			return nil
		case !moved:
			engine.Doze(idle)
		}
	}
	return ctx.Err()
}

// move writes what there is, as far as the producer has room.
func (w *writer) move() (moved, done bool, err error) {
	start := time.Now()
	done = true
	for _, o := range w.outputs {
		for w.files != nil || w.producer.HasRoom() {
			rs := o.Pop()
			if rs == nil {
				break
			}
			if err := w.write(rs); err != nil {
				return false, false, err
			}
			o.Free(rs)
			moved = true
		}
		done = done && o.Done()
	}
	w.written = w.written || moved
	if moved {
		w.busyNs.Add(int64(time.Since(start)))
	}
	if w.files != nil {
		return moved, done, nil
	}
	return moved, done, w.producer.Push()
}

// write appends results. The first column of a line, which is part of what names a result, says in
// which partition: all that is said of one result stays in order.
func (w *writer) write(rs *workloads.Results) error {
	if w.files != nil {
		return w.files.Take(0, rs)
	}
	for i := range rs.N {
		m, to := w.message(rs, i)
		if err := w.producer.Append(to, m); err != nil {
			return err
		}
	}
	return nil
}

// message is the record of a result and where it goes; it is valid until the next one.
func (w *writer) message(rs *workloads.Results, i int) (m kafka.Message, to int) {
	wire := &w.wires[rs.Stream]
	to = wire.first + workloads.PartitionOf(rs.Cols[0][i], w.job.Topics.Partitions)
	if wire.codec == nil {
		return w.deadLetter(rs, i), to
	}
	w.value = wire.codec.Append(w.value[:0], rs, i)
	return kafka.Message{Value: w.value}, to
}

func (w *writer) deadLetter(rs *workloads.Results, i int) kafka.Message {
	row := rs.Row(w.row, i)
	l := w.graves.take(row[1], row[2])
	copy(l.Row[:], row)
	return l.Message()
}

// commit makes what was written visible, and with it how far the input was read.
func (w *writer) commit(ctx context.Context) error {
	if !w.written {
		return nil
	}
	w.written = false
	if w.files != nil {
		return w.commitFile(ctx)
	}
	if w.job.StallSink {
		return w.producer.Commit(ctx, kafka.Offsets{}) // the input's brokers are others
	}
	read := kafka.Offsets{
		Group: w.job.RunID + ".native", Topic: w.job.Topics.Input,
		Next: make([]int64, w.job.Topics.Partitions),
	}
	for _, r := range w.readers {
		for i := range r.parts {
			read.Next[r.parts[i].number] = r.parts[i].next.Load()
		}
	}
	return w.producer.Commit(ctx, read)
}

// abort drops what is not committed, so that nobody waits for the rest of it.
func (w *writer) abort() error {
	if w.files != nil || !w.transactional() || w.producer.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), abortTimeout)
	defer cancel()
	if err := w.producer.Flush(ctx); err != nil {
		return err
	}
	return w.producer.Abort(ctx)
}

// abortTimeout bounds how long the end of an interrupted system may take.
const abortTimeout = 5 * time.Second
