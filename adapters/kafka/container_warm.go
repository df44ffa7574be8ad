package kafka

import (
	"context"
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
)

const (
	// warmTopic is written and read before any job is, and is gone afterwards.
	warmTopic = "streambench.warm-up"
	// warmPartitions have every broker lead some.
	warmPartitions = 12
	// warmRounds of so many records are written, each a transaction.
	warmRounds, warmRecords = 3, 1000
)

// warmUp has every broker take, copy and hand out batches once, and open and end transactions: the
// first acknowledgements of brokers that were just started take seconds, which are no figure of a
// system's.
func (k *containers) warmUp(ctx context.Context, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, longestReady)
	defer cancel()
	admin := kadm.NewClient(cl)
	const what = "warm brokers up"
	made, err := admin.CreateTopics(ctx, warmPartitions, -1, nil, warmTopic)
	if err == nil {
		err = made.Error()
	}
	if err != nil {
		return Unready(what, err)
	}
	topics := adapters.Topics{Input: warmTopic, Partitions: warmPartitions}
	if err := awaitTopics(ctx, cl, &topics); err != nil {
		return err
	}
	if err := k.warm(ctx); err != nil {
		return Unready(what, err)
	}
	return deleteTopics(ctx, admin, []string{warmTopic})
}

func (k *containers) warm(ctx context.Context) error {
	targets := make([]Target, warmPartitions)
	for i := range targets {
		targets[i] = Target{warmTopic, int32(i)}
	}
	to, err := NewProducer(ctx, ProducerConfig{
		Broker: k.of, Bootstrap: k.endpoints(), Targets: targets, Transaction: warmTopic,
		Patience: longestReady / 2, // they make the topics of transactions first
	})
	if err != nil {
		return err
	}
	defer to.Close()
	value := make([]byte, 100)
	for range warmRounds {
		for i := range targets {
			for range warmRecords {
				if err := to.Append(i, Message{Value: value}); err != nil {
					return err
				}
			}
		}
		next := make([]int64, warmPartitions)
		if err := to.Commit(ctx, Offsets{Group: warmTopic, Topic: warmTopic, Next: next}); err != nil {
			return err
		}
	}
	return k.warmReader(ctx, targets)
}

// warmReader reads everything that was committed.
func (k *containers) warmReader(ctx context.Context, targets []Target) error {
	from, err := NewConsumer(ctx, ConsumerConfig{
		Broker: k.of, Bootstrap: k.endpoints(), Targets: targets,
	})
	if err != nil {
		return err
	}
	defer from.Close()
	left := make([]int, len(targets))
	for i := range left {
		left[i] = warmRounds * warmRecords
	}
	var r Reader
	for slices.Max(left) > 0 {
		select {
		case f, ok := <-from.C():
			if !ok {
				return from.Err()
			}
			for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); {
				left[f.Target]--
			}
		case <-ctx.Done():
			return errors.Join(from.Err(), ctx.Err())
		}
	}
	return nil
}
