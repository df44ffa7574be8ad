package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/streambench/streambench/workloads"
)

const (
	// arrivalsEvery is how often the ends of the input are looked at.
	arrivalsEvery = 20 * time.Millisecond
	// newestSlots of a stream hold its largest event time, or one that is hardly smaller.
	newestSlots = 4096
)

// errAbsent is wrapped by the error of an input that drivers elsewhere do not go on with.
var errAbsent = errors.New("drivers elsewhere send no more")

// awaitArrivals follows what drivers elsewhere send until all of it has come, and sends the end
// events, which none of them could know the time of.
func (c *channel) awaitArrivals() error {
	load := c.job.Load
	was, since := int64(0), time.Now()
	for {
		ends, n, err := c.ends()
		if err != nil {
			return err
		}
		load.Shard(0).Arrived(uint64(n))
		due := load.DueBy(load.NowNs())
		switch {
		case n > was || uint64(n) >= due:
			was, since = n, time.Now()
		case time.Since(since) > c.limits.deliver:
			return fmt.Errorf("%d of %d events that were due have come, and none for %s: %w", n, due,
				c.limits.deliver, errAbsent)
		}
		if n > 0 && !load.Has(uint64(n)-1) {
			return fmt.Errorf("%d events have come, more than there are: a shard was sent twice: %w", n,
				errForeign)
		}
		if n > 0 && !load.Has(uint64(n)) {
			c.arrived = ends
			return c.endArrivals(uint64(n))
		}
		select {
		case <-c.failed:
			return errors.New("stopped before all events had come")
		case <-time.After(arrivalsEvery):
		}
	}
}

// ends are the ends of the input by partition, and their sum.
func (c *channel) ends() (by []int64, sum int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.limits.answer)
	defer cancel()
	listed, err := kadm.NewClient(c.admin).ListEndOffsets(ctx, c.topics.Input)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("look at topic %s: %w", c.topics.Input, err)
	}
	by = make([]int64, c.topics.Partitions)
	for p := range by {
		o, _ := listed.Lookup(c.topics.Input, int32(p))
		by[p] = o.Offset
		sum += o.Offset
	}
	return by, sum, nil
}

// endArrivals sends the end events of a stream of n.
func (c *channel) endArrivals(n uint64) error {
	first := n - min(n, newestSlots)
	b := workloads.NewBatch(c.job.Workload.Schema, int(n-first))
	c.driver.gen.Fill(b, workloads.Slots{First: first, Step: 1, N: int(n - first)})
	for _, ts := range b.TS[:b.N] {
		c.driver.maxTS = max(c.driver.maxTS, ts)
	}
	return c.driver.end()
}
