package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// Progress watches how far a consumer group has read the input of a job: what a system in other
// processes commits is all that is known of it here.
type Progress struct {
	job    adapters.Job
	group  string
	client *kgo.Client
	limits limits
	behind int64
	// looked are the ends at which the last records were looked at, and ended whether all of them
	// were end events.
	looked []int64
	ended  bool
	// silent is since when brokers have not answered as they should; zero while they do.
	silent time.Time
}

// NewProgress begins to watch a group.
func NewProgress(ctx context.Context, job adapters.Job, group string) (*Progress, error) {
	cl, err := connect(ctx, job.Topics.Brokers, job.Topics.Bootstrap, usual)
	if err != nil {
		return nil, err
	}
	return &Progress{job: job, group: group, client: cl, limits: usual}, nil
}

// Close lets go of the brokers.
func (p *Progress) Close() { p.client.Close() }

// Behind is how many records were not committed as read when somebody last looked.
func (p *Progress) Behind() int64 { return p.behind }

// Done reports whether the group has read every partition to its end event, and committed that.
func (p *Progress) Done(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limits.answer)
	defer cancel()
	topic := p.job.Topics.Input
	admin := kadm.NewClient(p.client)
	listed, err := admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return false, p.unlessPassing("look at the ends of "+topic, err)
	}
	committed, err := admin.FetchOffsets(ctx, p.group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		committed, err = nil, nil
	}
	if err != nil {
		return false, p.unlessPassing("read offsets of group "+p.group, err)
	}
	p.behind, p.silent = 0, time.Time{}
	ends := make([]int64, p.job.Topics.Partitions)
	for i := range ends {
		end, _ := listed.Lookup(topic, int32(i))
		ends[i] = end.Offset
		read := int64(0)
		if at, ok := committed.Lookup(topic, int32(i)); ok && at.Err == nil {
			read = max(at.At, 0)
		}
		p.behind += max(0, end.Offset-read)
	}
	if p.behind > 0 || slices.Contains(ends, 0) {
		return false, nil // an end event is still to come to a partition that is empty
	}
	return p.atEnd(ctx, ends)
}

// unlessPassing is no error where that may pass: the coordinator of a group is not there before the
// first one asks for it.
func (p *Progress) unlessPassing(what string, err error) error {
	if p.silent.IsZero() {
		p.silent = time.Now()
	}
	if passes(err) && time.Since(p.silent) < p.limits.deliver {
		return nil
	}
	return Unready(what, err)
}

// atEnd reports whether the last record of every partition is an end event.
func (p *Progress) atEnd(ctx context.Context, ends []int64) (bool, error) {
	if slices.Equal(ends, p.looked) {
		return p.ended, nil
	}
	last, err := p.lastRecords(ctx, ends)
	if err != nil {
		return false, err
	}
	p.looked, p.ended = ends, last
	return last, nil
}

func (p *Progress) lastRecords(ctx context.Context, ends []int64) (bool, error) {
	codec, err := workloads.NewCodec(p.job.Workload.Schema, p.job.Format)
	if err != nil {
		return false, err
	}
	c := ConsumerConfig{Broker: p.job.Topics.Brokers, Bootstrap: p.job.Topics.Bootstrap}
	for i, end := range ends {
		c.Targets = append(c.Targets, Target{p.job.Topics.Input, int32(i)})
		c.From = append(c.From, end-1)
	}
	in, err := NewConsumer(ctx, c)
	if err != nil {
		return false, err
	}
	defer in.Close()
	row := workloads.NewBatch(p.job.Workload.Schema, 1)
	seen := make([]bool, len(ends))
	for slices.Contains(seen, false) {
		f, err := nextFetched(ctx, in)
		if err != nil {
			return false, fmt.Errorf("read the last events of %s: %w", p.job.Topics.Input, err)
		}
		var r Reader
		for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); {
			rec := r.Record()
			if rec.Offset != ends[f.Target]-1 {
				continue
			}
			seen[f.Target] = true
			if codec.Decode(rec.Value, row, 0) != nil || row.Seq[0] != endSeq {
				return false, nil
			}
		}
	}
	return true, nil
}

// endSeq is the number of an end event.
const endSeq = -1

func nextFetched(ctx context.Context, in *Consumer) (Fetched, error) {
	select {
	case f, ok := <-in.C():
		if !ok {
			return f, errors.Join(errors.New("the consumer has ended"), in.Err())
		}
		return f, nil
	case <-ctx.Done():
		return Fetched{}, ctx.Err()
	case <-time.After(usual.answer):
		return Fetched{}, errors.New("nothing comes")
	}
}
