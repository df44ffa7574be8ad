package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/streambench/streambench/adapters"
)

const (
	// clockReadings are the exchanges of which the closest counts.
	clockReadings = 16
	// clockTick is how finely a broker tells its time.
	clockTick = int64(time.Millisecond)
)

// readClock tells how far the clock of the broker that leads a topic is ahead of ours: each answer
// to a record holds the time at which the broker has taken it, which lies between when we sent the
// record and when the answer came.
//
//	ours      sent ----------- answered
//	broker's       \ taken /
//
// Ours is T0 as it was meant, and from there on the monotonic clock, as the schedule goes by it.
func readClock(
	ctx context.Context, cl *kgo.Client, topic string, t0 time.Time,
) (span adapters.ClockSpan, err error) {
	var l leaders
	if err := l.refresh(ctx, cl, []Target{{topic, 0}}); err != nil {
		return span, err
	}
	var batch Batch
	own := func() int64 { return t0.UnixNano() + int64(time.Since(t0)) }
	for i := range clockReadings {
		batch.Reset()
		batch.Add(Message{TimeMs: own() / clockTick, Value: []byte{byte(i)}})
		req := kmsg.NewPtrProduceRequest()
		req.Acks, req.TimeoutMillis = -1, 5000
		part := kmsg.NewProduceRequestTopicPartition()
		part.Records = batch.Seal(Identity{}, 0)
		to := topicOf(req, topic)
		to.Partitions = append(to.Partitions, part)
		sent := own()
		resp, err := cl.Broker(int(l.of(0))).Request(ctx, req)
		answered := own()
		if err != nil {
			return span, err
		}
		taken, err := takenAt(resp.(*kmsg.ProduceResponse))
		if err != nil {
			return span, err
		}
		one := adapters.ClockSpan{FromNs: taken - answered, ToNs: taken + clockTick - sent}
		if i == 0 || one.ToNs-one.FromNs < span.ToNs-span.FromNs {
			span = one
		}
	}
	return span, nil
}

// takenAt is the time at which a broker took a record.
func takenAt(resp *kmsg.ProduceResponse) (ns int64, err error) {
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return 0, told(err, topic.Topic, p)
			}
			if p.LogAppendTime <= 0 {
				return 0, fmt.Errorf("the broker does not tell when it took a record of %s", topic.Topic)
			}
			return p.LogAppendTime * clockTick, nil
		}
	}
	return 0, fmt.Errorf("the broker answers nothing to a record")
}

// Clock tells how far the clock of a broker is ahead of this process's.
func (c *channel) Clock(ctx context.Context, t0 time.Time) (adapters.ClockSpan, error) {
	return clockAt(ctx, c.admin, c.job, c.limits, t0)
}
