package kafka

import (
	"context"
	"errors"
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

// errTimeless is why a broker's clock is not known.
var errTimeless = errors.New("the broker does not tell when it took a record")

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
	defer func() {
		if err != nil {
			err = Unready("read the clock of a broker", err)
		}
	}()
	c := clockReader{client: cl, topic: topic, t0: t0}
	if err := c.leaders.refresh(ctx, cl, []Target{{topic, 0}}); err != nil {
		return span, err
	}
	one, err := c.read(ctx)
	if errors.Is(err, errTimeless) { // kfake goes by the batch, where Kafka goes by the topic
		c.asked.brokerTime = true
		one, err = c.read(ctx)
	}
	for range clockReadings {
		if err != nil {
			return span, err
		}
		if span == (adapters.ClockSpan{}) || one.ToNs-one.FromNs < span.ToNs-span.FromNs {
			span = one
		}
		one, err = c.read(ctx)
	}
	return span, err
}

// clockReader reads the clock of a broker.
type clockReader struct {
	client  *kgo.Client
	leaders leaders
	topic   string
	t0      time.Time
	asked   Identity
	batch   Batch
}

// now is the time by this process's clock.
func (c *clockReader) now() int64 { return c.t0.UnixNano() + int64(time.Since(c.t0)) }

// read makes one exchange.
func (c *clockReader) read(ctx context.Context) (span adapters.ClockSpan, err error) {
	c.batch.Reset()
	c.batch.Add(Message{TimeMs: c.now() / clockTick})
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 5000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Records = c.batch.Seal(c.asked, 0)
	to := topicOf(req, c.topic)
	to.Partitions = append(to.Partitions, part)
	sent := c.now()
	resp, err := c.client.Broker(int(c.leaders.of(0))).Request(ctx, req)
	answered := c.now()
	if err != nil {
		return span, err
	}
	taken, err := takenAt(resp.(*kmsg.ProduceResponse))
	return adapters.ClockSpan{FromNs: taken - answered, ToNs: taken + clockTick - sent}, err
}

// takenAt is the time at which a broker took a record.
func takenAt(resp *kmsg.ProduceResponse) (ns int64, err error) {
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return 0, told(err, topic.Topic, p)
			}
			if p.LogAppendTime <= 0 {
				return 0, errTimeless
			}
			return p.LogAppendTime * clockTick, nil
		}
	}
	return 0, errTimeless
}

// Clock tells how far the clock of a broker is ahead of this process's.
func (c *channel) Clock(ctx context.Context, t0 time.Time) (adapters.ClockSpan, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.answer)
	defer cancel()
	return readClock(ctx, c.admin, clockTopic(c.job.RunID), t0)
}
