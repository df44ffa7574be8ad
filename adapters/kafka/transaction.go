package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// transaction is the transaction of a producer that is open, or the next one.
type transaction struct {
	id       string
	producer *Producer
	open     bool
}

// begin adds every target to the transaction unless that is done: there are few, and which of them
// get a record is not known ahead.
func (t *transaction) begin() error {
	if t.open {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.producer.config.limits.deliver)
	defer cancel()
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.TransactionalID = t.id
	req.ProducerID, req.ProducerEpoch = t.producer.self.ID, t.producer.self.Epoch
	for _, to := range t.producer.targets {
		n := len(req.Topics)
		if n == 0 || req.Topics[n-1].Topic != to.Topic {
			topic := kmsg.NewAddPartitionsToTxnRequestTopic()
			topic.Topic = to.Topic
			req.Topics = append(req.Topics, topic)
			n++
		}
		req.Topics[n-1].Partitions = append(req.Topics[n-1].Partitions, to.Partition)
	}
	for {
		resp, err := req.RequestWith(ctx, t.producer.admin)
		if err != nil {
			return fmt.Errorf("begin transaction: %w", err)
		}
		code := int16(0)
		for _, topic := range resp.Topics {
			for _, p := range topic.Partitions {
				if p.ErrorCode != 0 {
					code = p.ErrorCode
				}
			}
		}
		switch err := kerr.ErrorForCode(code); {
		case err == nil:
			t.open = true
			return nil
		case !isPassing(err) || ctx.Err() != nil:
			return fmt.Errorf("begin transaction: %w", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// Offsets are the next offsets to read of a topic, by partition: with them in its transaction, what
// was written and what was read become final together.
type Offsets struct {
	Group, Topic string
	Next         []int64
}

// Commit makes everything written since the last Commit visible at once, and the offsets final
// with it, unless there are none. It needs a producer with transactions.
func (p *Producer) Commit(ctx context.Context, read Offsets) error {
	if err := p.Flush(ctx); err != nil {
		return err
	}
	t := p.group
	if !t.open {
		if err := t.begin(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.limits.deliver)
	defer cancel()
	if len(read.Next) > 0 {
		if err := t.commitOffsets(ctx, read); err != nil {
			return fmt.Errorf("commit offsets: %w", err)
		}
	}
	if err := t.end(ctx, true); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// Abort drops what was written since the last Commit.
func (p *Producer) Abort(ctx context.Context) error {
	if p.group == nil || !p.group.open {
		return nil
	}
	if err := p.group.end(ctx, false); err != nil {
		return fmt.Errorf("abort transaction: %w", err)
	}
	return nil
}

// commitOffsets puts offsets into the transaction.
func (t *transaction) commitOffsets(ctx context.Context, read Offsets) error {
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.Group = t.id, read.Group
	add.ProducerID, add.ProducerEpoch = t.producer.self.ID, t.producer.self.Epoch
	err := again(ctx, func() (int16, error) {
		resp, err := add.RequestWith(ctx, t.producer.admin)
		if err != nil {
			return 0, err
		}
		return resp.ErrorCode, nil
	})
	if err != nil {
		return err
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.Generation = t.id, read.Group, -1
	req.ProducerID, req.ProducerEpoch = t.producer.self.ID, t.producer.self.Epoch
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	topic.Topic = read.Topic
	for partition, next := range read.Next {
		p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset = int32(partition), next
		topic.Partitions = append(topic.Partitions, p)
	}
	req.Topics = append(req.Topics, topic)
	return again(ctx, func() (int16, error) {
		resp, err := req.RequestWith(ctx, t.producer.admin)
		if err != nil {
			return 0, err
		}
		for _, topic := range resp.Topics {
			for _, p := range topic.Partitions {
				if p.ErrorCode != 0 {
					return p.ErrorCode, nil
				}
			}
		}
		return 0, nil
	})
}

// end ends the transaction.
func (t *transaction) end(ctx context.Context, commit bool) error {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.Commit = t.id, commit
	req.ProducerID, req.ProducerEpoch = t.producer.self.ID, t.producer.self.Epoch
	err := again(ctx, func() (int16, error) {
		resp, err := req.RequestWith(ctx, t.producer.admin)
		if err != nil {
			return 0, err
		}
		return resp.ErrorCode, nil
	})
	if err == nil {
		t.open = false
	}
	return err
}

// again asks until the answer is no error that passes.
func again(ctx context.Context, ask func() (code int16, err error)) error {
	for {
		code, err := ask()
		if err == nil {
			err = kerr.ErrorForCode(code)
		}
		if err == nil || !isPassing(err) || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// isPassing reports whether a step of a transaction is worth another try: also where the marks that
// end the transaction before are still being written, which the library calls final.
func isPassing(err error) bool {
	return kerr.IsRetriable(err) || errors.Is(err, kerr.ConcurrentTransactions)
}
