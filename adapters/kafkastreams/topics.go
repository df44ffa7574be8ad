package kafkastreams

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/streambench/streambench/adapters"
)

const (
	// longestAnswer bounds how long brokers may take to answer, longestRemoval how long they may take
	// to let go of a group whose members have left.
	longestAnswer  = 20 * time.Second
	longestRemoval = 60 * time.Second
	// tailRead bounds how long it may take to read what lies behind a committed offset.
	tailRead = 2 * time.Second
)

// Endings of the names of internal topics.
const (
	repartition = "-repartition"
	changelog   = "-changelog"
)

// topics are the application's as the brokers see them: input, internal topics, group.
type topics struct {
	cl      *kgo.Client
	admin   *kadm.Client
	input   string
	outputs []string
	group   string
	seeds   []string
	last    offsets // of the last reading, if everything was read then
}

// offsets are, by topic and partition, those of the ends and those the group has committed.
type offsets struct {
	ends, committed map[string]map[int32]int64
}

func connect(job adapters.Job) (*topics, error) {
	t := &topics{input: job.Topics.Input, group: job.RunID, seeds: job.Topics.Bootstrap}
	for _, name := range job.Topics.Outputs {
		if name != "" {
			t.outputs = append(t.outputs, name)
		}
	}
	var err error
	t.cl, err = kgo.NewClient(kgo.SeedBrokers(t.seeds...), kgo.ClientID("streambench"),
		kgo.RetryTimeout(longestAnswer), kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(50*time.Millisecond)) // topics are told of as they come and go
	if err != nil {
		return nil, fmt.Errorf("connect to brokers: %w", err)
	}
	t.admin = kadm.NewClient(t.cl)
	return t, nil
}

// internal are the names of the application's own topics that end in one of the endings.
func (t *topics) internal(ctx context.Context, endings ...string) ([]string, error) {
	all, err := t.admin.ListTopics(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range all.Names() {
		if !strings.HasPrefix(name, t.group+"-") {
			continue
		}
		for _, ending := range endings {
			if strings.HasSuffix(name, ending) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// read reports whether the group has read everything. A topic may be written to by whoever reads
// another, so all of them have to be read to their ends twice, with nothing moving in between. A
// worker that was killed leaves a transaction open until the brokers give it up; meanwhile nobody
// sees what lies behind its beginning, and the end is not where it seems to be.
func (t *topics) read(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	names, err := t.internal(ctx, repartition)
	if err != nil {
		return false, err
	}
	now, err := t.offsets(ctx, append(names, t.input))
	if err != nil {
		return false, err
	}
	if open, err := t.open(ctx, append(names, t.outputs...)); err != nil || open {
		return false, err
	}
	was := t.last
	t.last = now
	if !same(now.ends, was.ends) || !same(now.committed, was.committed) {
		return false, nil
	}
	for name, ends := range now.ends {
		for p, end := range ends {
			at := now.committed[name][p]
			if at >= end {
				continue
			}
			if name == t.input {
				return false, nil
			}
			if none, err := t.nothing(ctx, place{name, p, at, end}); err != nil || !none {
				return false, err
			}
		}
	}
	return true, nil
}

// open reports whether a transaction is under way in one of the topics.
func (t *topics) open(ctx context.Context, names []string) (bool, error) {
	if len(names) == 0 {
		return false, nil
	}
	stable, err := t.admin.ListCommittedOffsets(ctx, names...)
	if err == nil {
		err = stable.Error()
	}
	if err != nil {
		return false, err
	}
	ends, err := t.admin.ListEndOffsets(ctx, names...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return false, err
	}
	open := false
	ends.Each(func(end kadm.ListedOffset) {
		at, ok := stable.Lookup(end.Topic, end.Partition)
		open = open || !ok || at.Offset < end.Offset
	})
	return open, nil
}

func same(a, b map[string]map[int32]int64) bool {
	return maps.EqualFunc(a, b, func(x, y map[int32]int64) bool { return maps.Equal(x, y) })
}

// offsets reads the ends first: what is committed later covers more and not less.
func (t *topics) offsets(ctx context.Context, names []string) (o offsets, err error) {
	slices.Sort(names)
	o.ends, o.committed = map[string]map[int32]int64{}, map[string]map[int32]int64{}
	ends, err := t.admin.ListCommittedOffsets(ctx, names...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return o, err
	}
	committed, err := t.admin.FetchOffsets(ctx, t.group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return o, err
	}
	for _, name := range names {
		o.ends[name], o.committed[name] = map[int32]int64{}, map[int32]int64{}
		for p, end := range ends[name] {
			o.ends[name][p] = end.Offset
			if c, ok := committed.Lookup(name, p); ok {
				o.committed[name][p] = c.At
			}
		}
	}
	return o, nil
}

// place is a stretch of a partition.
type place struct {
	topic     string
	partition int32
	from, to  int64
}

// nothing reports whether a stretch holds no record but the marks of transactions, which no
// consumer sees and no group commits.
func (t *topics) nothing(ctx context.Context, p place) (bool, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(t.seeds...), kgo.ClientID("streambench"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.DisableClientMetrics(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
			p.topic: {p.partition: kgo.NewOffset().At(p.from)},
		}))
	if err != nil {
		return false, err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, tailRead)
	defer cancel()
	for {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return false, nil // the next look may be luckier
		}
		if err := fetches.Err(); err != nil {
			return false, err
		}
		for _, r := range fetches.Records() {
			if !r.Attrs.IsControl() {
				return false, nil
			}
			if r.Offset >= p.to-1 {
				return true, nil
			}
		}
	}
}

// settings adds those of the group and of the internal topics, and errs where the latter would lose
// what a run needs.
func (t *topics) settings(ctx context.Context, all map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	names, err := t.internal(ctx, repartition, changelog)
	if err != nil || len(names) == 0 {
		return err
	}
	configs, err := t.admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if c.Err != nil {
			return fmt.Errorf("topic %s: %w", c.Name, c.Err)
		}
		short := strings.TrimPrefix(c.Name, t.group+"-")
		for _, key := range []string{"cleanup.policy", "retention.ms"} {
			for _, e := range c.Configs {
				if e.Key == key {
					all["topic."+short+"."+key] = e.MaybeValue()
				}
			}
		}
		if kept := all["topic."+short+".retention.ms"]; kept != "-1" {
			return fmt.Errorf("topic %s: retention.ms is %s, where event times lie in the past: it "+
				"must be -1", c.Name, kept)
		}
	}
	details, err := t.admin.ListTopics(ctx, names...)
	if err != nil {
		return err
	}
	for name, d := range details {
		all["topic."+strings.TrimPrefix(name, t.group+"-")+".partitions"] =
			strconv.Itoa(len(d.Partitions))
	}
	return t.describe(ctx, all)
}

// describe adds what the coordinator says of the group. Groups of Streams' own protocol are not
// described by the request that others are.
func (t *topics) describe(ctx context.Context, all map[string]string) error {
	groups, err := t.admin.ListGroups(ctx)
	if err != nil {
		return err
	}
	if g, ok := groups[t.group]; ok {
		all["group.state"] = g.State
		all["group.protocol.type"] = g.ProtocolType
	}
	return nil
}

// close removes internal topics and the group once its members have left.
func (t *topics) close() error {
	defer t.cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), longestRemoval)
	defer cancel()
	var errs []error
	names, err := t.internal(ctx, repartition, changelog)
	if err != nil {
		return fmt.Errorf("find internal topics of %s: %w", t.group, err)
	}
	if len(names) > 0 {
		gone, err := t.admin.DeleteTopics(ctx, names...)
		if err == nil {
			err = gone.Error()
		}
		if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
			errs = append(errs, fmt.Errorf("remove topics %s: %w", strings.Join(names, ", "), err))
		}
	}
	return errors.Join(append(errs, t.leave(ctx))...)
}

// leave removes the group. A member that was killed is in it until its session times out, unless it
// is told to leave; of groups of Streams' own protocol that is left to the brokers, which drop one
// without members by its age.
func (t *topics) leave(ctx context.Context) error {
	for try := 0; ; try++ {
		gone, err := t.admin.DeleteGroups(ctx, t.group)
		if err == nil {
			err = gone[t.group].Err
		}
		switch {
		case err == nil, errors.Is(err, kerr.GroupIDNotFound):
			return nil
		case errors.Is(err, kerr.NonEmptyGroup) && try >= 20:
			return nil
		case errors.Is(err, kerr.NonEmptyGroup), errors.Is(err, kerr.CoordinatorNotAvailable),
			errors.Is(err, kerr.CoordinatorLoadInProgress):
			t.expel(ctx)
			if pause(ctx) != nil {
				return fmt.Errorf("remove group %s: %w", t.group, err)
			}
		default:
			return fmt.Errorf("remove group %s: %w", t.group, err)
		}
	}
}

// expel has the members of a classic group leave: nobody of them lives. What comes of it is seen
// when the group is removed.
func (t *topics) expel(ctx context.Context) {
	groups, err := t.admin.DescribeGroups(ctx, t.group)
	if err != nil {
		return
	}
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = t.group
	for _, m := range groups[t.group].Members {
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = m.MemberID
		req.Members = append(req.Members, member)
	}
	if len(req.Members) > 0 {
		_, _ = req.RequestWith(ctx, t.cl)
	}
}
