package native

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/workloads"
)

// sink writes the results of a worker's slots to the topics of the job, in two phases under
// exactly-once: those of an epoch are made durable in a file before the checkpoint behind it is
// complete, and written in one transaction afterwards. The transaction also commits the number of
// the checkpoint, as the offset of a group of the slot's own: whoever takes the slot over finds out
// which files are still to be written, and fences whoever had it before by the name of the
// transaction.
//
//	Take --records--> epoch --Seal--> file --Commit--> transaction: records, number of the checkpoint
//
// Under at-least-once results are written as they come, and Seal waits until brokers have them.
type sink struct {
	job    adapters.Job
	kept   kept
	graves *graves
	writer *writer // knows the forms of results
	prompt *kafka.Producer

	mu    sync.Mutex
	slots map[int]*slotSink
}

// slotSink is a slot's part of a sink.
type slotSink struct {
	mu       sync.Mutex
	producer *kafka.Producer
	last     uint64      // checkpoint of the last seal
	sealed   []log.Epoch // whose files are not written yet, ascending
	open     []byte      // records since the last seal
}

func newSink(
	job adapters.Job, attempt uint64, disk checkpoint.Disk, g *graves,
) (*sink, error) {
	w, err := newForms(job, g)
	if err != nil {
		return nil, err
	}
	s := &sink{job: job, kept: kept{disk, attempt}, graves: g, writer: w,
		slots: map[int]*slotSink{}}
	if !w.transactional() {
		s.prompt, err = kafka.NewProducer(context.Background(), kafka.ProducerConfig{
			Broker: job.Topics.Brokers, Bootstrap: job.Topics.Sink, Targets: w.targets,
			Patience: writePatience,
		})
	}
	return s, err
}

func (s *sink) slot(slot int) *slotSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots[slot] == nil {
		s.slots[slot] = &slotSink{}
	}
	return s.slots[slot]
}

// Take takes results of a slot.
func (s *sink) Take(slot int, rs *workloads.Results) error {
	if s.prompt != nil {
		for i := range rs.N {
			m, to := s.writer.message(rs, i)
			if err := s.prompt.Append(to, m); err != nil {
				return err
			}
		}
		return s.prompt.Push()
	}
	k := s.slot(slot)
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range rs.N {
		m, to := s.writer.message(rs, i)
		k.open = appendMessage(k.open, to, m)
	}
	return nil
}

// Seal makes what was taken of a slot since the last seal durable: in a file, or with the brokers.
func (s *sink) Seal(slot int, id uint64) error {
	if s.prompt != nil {
		return s.prompt.Flush(context.Background())
	}
	k := s.slot(slot)
	k.mu.Lock()
	body := k.open
	e := log.Epoch{Slot: slot, After: k.last, UpTo: id, Attempt: s.kept.attempt}
	k.open = nil
	k.mu.Unlock()
	if err := s.kept.write(e, body); err != nil {
		k.mu.Lock()
		k.open = append(body, k.open...)
		k.mu.Unlock()
		return fmt.Errorf("keep results of checkpoint %d: %w", id, err)
	}
	k.mu.Lock()
	k.last, k.sealed = id, append(k.sealed, e)
	k.mu.Unlock()
	return nil
}

// Commit writes the results of a slot up to a checkpoint; math.MaxUint64 is the end.
func (s *sink) Commit(ctx context.Context, slot int, id uint64) error {
	if s.prompt != nil {
		return nil
	}
	k := s.slot(slot)
	if k.producer == nil {
		if err := s.Recover(ctx, slot, id); err != nil {
			return err
		}
		return nil
	}
	for {
		k.mu.Lock()
		if len(k.sealed) == 0 || k.sealed[0].UpTo > id {
			k.mu.Unlock()
			return nil
		}
		next := k.sealed[0]
		k.mu.Unlock()
		if err := s.write(ctx, k, next); err != nil {
			return fmt.Errorf("write results of checkpoint %d: %w", next.UpTo, err)
		}
		k.mu.Lock()
		k.sealed = k.sealed[1:]
		k.mu.Unlock()
	}
}

// Recover takes a slot over at a checkpoint: what whoever had it before did not write up to there
// is written, the rest of it is dropped.
func (s *sink) Recover(ctx context.Context, slot int, id uint64) error {
	if s.prompt != nil {
		return nil
	}
	k := s.slot(slot)
	group := s.groupOf(slot)
	var err error
	k.producer, err = kafka.NewProducer(ctx, kafka.ProducerConfig{
		Broker: s.job.Topics.Brokers, Bootstrap: s.job.Topics.Sink, Targets: s.writer.targets,
		Transaction: group, Patience: writePatience,
	})
	if err != nil {
		return err
	}
	done, err := k.producer.Committed(ctx, group, s.job.Topics.Output(workloads.Answers))
	if err != nil {
		return err
	}
	k.last = id
	if numberOf(id) <= done {
		return s.kept.drop(slot)
	}
	epochs, err := s.kept.chain(slot, uint64(max(done, 0)), id)
	if err != nil {
		return err
	}
	for _, e := range epochs {
		if err := s.write(ctx, k, e); err != nil {
			return fmt.Errorf("write results of checkpoint %d: %w", e.UpTo, err)
		}
	}
	return s.kept.drop(slot)
}

func (s *sink) groupOf(slot int) string {
	return fmt.Sprintf("%s.native.%d", s.job.RunID, slot)
}

// write writes a file in one transaction, and removes it.
func (s *sink) write(ctx context.Context, k *slotSink, e log.Epoch) error {
	body, err := s.kept.read(e)
	if err != nil {
		return err
	}
	for len(body) > 0 {
		var to int
		var m kafka.Message
		if to, m, body, err = readMessage(body); err != nil {
			return fmt.Errorf("read %s: %w", keptName(e), err)
		}
		if err := k.producer.Append(to, m); err != nil {
			return err
		}
	}
	err = k.producer.Commit(ctx, kafka.Offsets{
		Group: s.groupOf(e.Slot), Topic: s.job.Topics.Output(workloads.Answers),
		Next: []int64{numberOf(e.UpTo)},
	})
	if err != nil {
		return err
	}
	return s.kept.disk.Remove(keptName(e))
}

// numberOf is the number of a checkpoint as an offset.
func numberOf(id uint64) int64 { return int64(min(id, math.MaxInt64)) }

func (s *sink) close() error {
	if s.prompt != nil {
		s.prompt.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.slots {
		if k.producer != nil {
			k.producer.Close()
		}
	}
	return nil
}
