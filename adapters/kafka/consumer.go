package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/streambench/streambench/adapters"
)

const (
	// fetchWait is how long a broker keeps a fetch for which it has nothing.
	fetchWait = 500 * time.Millisecond
	// fetchedB and fetchedPartitionB bound the answer to a fetch, fetchesAhead how many of a
	// partition's may wait to be read.
	fetchedB          = 16 << 20
	fetchedPartitionB = 2 << 20
	fetchesAhead      = 2
	readCommitted     = 1
)

// Fetched is what one fetch brought of one partition.
type Fetched struct {
	Target  int // index of ConsumerConfig.Targets
	From    int64
	Bytes   []byte // record batches, from one that holds offset From
	Aborted []AbortedTransaction
	At      time.Time // when the answer arrived
}

// ConsumerConfig says what to read.
type ConsumerConfig struct {
	Broker    adapters.Broker
	Bootstrap []string
	Targets   []Target
	// From are the offsets to begin at, by target; nil for the beginning of each.
	From []int64

	limits limits
}

// Consumer reads partitions, what is committed of them, each in order.
//
//	a goroutine a leader: fetch -> fetch -> …  --Fetched--> C
//
// How far it goes ahead of its reader is bounded. Its methods may be called by any goroutine.
type Consumer struct {
	config  ConsumerConfig
	client  *kgo.Client
	leaders leaders
	out     chan Fetched
	cancel  context.CancelFunc
	done    sync.WaitGroup
	once    sync.Once

	mu    sync.Mutex
	next  []int64 // offset to fetch next, by target
	empty []bool  // a broker said so when it was last asked, by target
	err   error
}

// NewConsumer connects and begins to fetch.
func NewConsumer(ctx context.Context, c ConsumerConfig) (*Consumer, error) {
	c.limits = c.limits.orUsual()
	cl, err := connect(ctx, c.Broker, c.Bootstrap, c.limits)
	if err != nil {
		return nil, Unready("start consumer", err)
	}
	r := &Consumer{
		config: c, client: cl, next: make([]int64, len(c.Targets)),
		empty: make([]bool, len(c.Targets)),
		out:   make(chan Fetched, fetchesAhead*len(c.Targets)),
	}
	copy(r.next, c.From)
	if err := r.leaders.refresh(ctx, cl, c.Targets); err != nil {
		cl.Close()
		return nil, Unready("start consumer", err)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	r.done.Go(func() {
		defer close(r.out)
		r.supervise(run)
	})
	return r, nil
}

// C brings what was fetched. It is closed when the consumer reads no more; Err says why.
func (r *Consumer) C() <-chan Fetched { return r.out }

// Err is why the consumer has stopped, once C is closed; nil after Close.
func (r *Consumer) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Close stops fetching and returns when it has stopped; twice is harmless. C need not be read.
func (r *Consumer) Close() {
	r.once.Do(func() {
		r.cancel()
		r.done.Wait()
		r.client.Close()
	})
}

// supervise runs a fetching goroutine a leader, and all of them anew when the leaders have changed
// or one was lost, until that has gone wrong for too long.
func (r *Consumer) supervise(ctx context.Context) {
	last := time.Now()
	for {
		round, end := context.WithCancel(ctx)
		var group sync.WaitGroup
		errs := make(chan error, len(r.config.Targets))
		for id, targets := range r.byLeader() {
			group.Go(func() {
				progress, err := r.follow(round, id, targets)
				if progress {
					err = errors.Join(errProgress, err)
				}
				errs <- err
				end()
			})
		}
		group.Wait()
		end()
		close(errs)
		var err error
		for e := range errs {
			if errors.Is(e, errProgress) {
				last = time.Now()
			}
			if e != nil && !errors.Is(e, context.Canceled) {
				err = e
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && (!passes(err) || time.Since(last) > r.config.limits.deliver) {
			r.mu.Lock()
			r.err = Unready("fetch", err)
			r.mu.Unlock()
			return
		}
		select {
		case <-time.After(r.config.limits.pause):
		case <-ctx.Done():
			return
		}
		// If this goes wrong, the next round meets the same trouble and says so.
		_ = r.leaders.refresh(ctx, r.client, r.config.Targets)
	}
}

// errProgress marks the end of a round that fetched something before it failed.
var errProgress = errors.New("after progress")

// passes reports whether trouble may be over by itself: a broker's word that it may, or a
// connection that broke.
func passes(err error) bool {
	var said *kerr.Error
	if errors.As(err, &said) {
		return said.Retriable
	}
	return !errors.Is(err, errCorrupt)
}

func (r *Consumer) byLeader() map[int32][]int {
	m := map[int32][]int{}
	for i := range r.config.Targets {
		id := r.leaders.of(i)
		m[id] = append(m[id], i)
	}
	return m
}

// follow fetches from one leader until something goes wrong.
func (r *Consumer) follow(ctx context.Context, id int32, targets []int) (progress bool, err error) {
	broker := r.client.Broker(int(id))
	for {
		answered, cancel := context.WithTimeout(ctx, fetchWait+r.config.limits.produce)
		resp, err := broker.Request(answered, r.request(targets))
		cancel()
		if err != nil {
			return progress, err
		}
		at := time.Now()
		fetched := resp.(*kmsg.FetchResponse)
		if err := kerr.ErrorForCode(fetched.ErrorCode); err != nil {
			return progress, err
		}
		// Who is asked for first takes turns, so that none starves behind a full one.
		targets = append(targets[1:], targets[0])
		for _, topic := range fetched.Topics {
			for _, part := range topic.Partitions {
				i := r.targetOf(targets, Target{topic.Topic, part.Partition})
				if err := r.take(ctx, i, part, at); err != nil {
					return progress, fmt.Errorf("%s partition %d: %w", topic.Topic,
						part.Partition, err)
				}
			}
		}
		progress = true
	}
}

// request asks for what comes next of some targets, which are grouped by topic.
func (r *Consumer) request(targets []int) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID = -1
	req.MaxWaitMillis = int32(fetchWait.Milliseconds())
	req.MinBytes, req.MaxBytes = 1, fetchedB
	req.IsolationLevel = readCommitted
	r.mu.Lock()
	defer r.mu.Unlock()
	byTopic := map[string][]kmsg.FetchRequestTopicPartition{}
	for _, i := range targets {
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset = r.config.Targets[i].Partition, r.next[i]
		p.PartitionMaxBytes = fetchedPartitionB
		name := r.config.Targets[i].Topic
		byTopic[name] = append(byTopic[name], p)
	}
	for _, name := range slices.Sorted(maps.Keys(byTopic)) {
		topic := kmsg.NewFetchRequestTopic()
		topic.Topic, topic.Partitions = name, byTopic[name]
		req.Topics = append(req.Topics, topic)
	}
	return req
}

func (r *Consumer) targetOf(targets []int, t Target) int {
	for _, i := range targets {
		if r.config.Targets[i] == t {
			return i
		}
	}
	panic(fmt.Sprintf("BUG: a broker answered for %s partition %d, which was not asked for",
		t.Topic, t.Partition))
}

// take hands on what was fetched of a partition.
func (r *Consumer) take(
	ctx context.Context, i int, p kmsg.FetchResponseTopicPartition, at time.Time,
) error {
	if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
		return err
	}
	r.mu.Lock()
	r.empty[i] = p.HighWatermark == 0
	f := Fetched{Target: i, From: r.next[i], Bytes: p.RecordBatches, At: at}
	r.mu.Unlock()
	if len(f.Bytes) == 0 {
		return nil
	}
	next := nextOffset(p.RecordBatches, f.From)
	if next == f.From {
		return nil // the first batch is cut off: it comes whole if it is asked for alone
	}
	for _, a := range p.AbortedTransactions {
		f.Aborted = append(f.Aborted, AbortedTransaction{a.ProducerID, a.FirstOffset})
	}
	slices.SortFunc(f.Aborted, func(a, b AbortedTransaction) int { return int(a.First - b.First) })
	select {
	case r.out <- f:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	r.next[i] = next
	r.mu.Unlock()
	return nil
}

// nextOffset is the offset after the last whole batch, from where there is none.
func nextOffset(src []byte, from int64) int64 {
	for len(src) >= headerSize {
		size := int64(binary.BigEndian.Uint32(src[lengthAt:])) + lengthAt + 4
		if size > int64(len(src)) || size < headerSize {
			break
		}
		last := int64(binary.BigEndian.Uint64(src)) +
			int64(binary.BigEndian.Uint32(src[lastDeltaAt:]))
		from, src = max(from, last+1), src[size:]
	}
	return from
}

// Position is the offset after everything handed on of each target.
func (r *Consumer) Position() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.next)
}

// Empty reports whether a target held nothing at all when a broker was last asked.
func (r *Consumer) Empty(target int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.empty[target]
}

// Ends are where each target ends now: what is written, and what of it is committed.
func (r *Consumer) Ends(ctx context.Context) (written, committed []int64, err error) {
	var names []string
	for _, t := range r.config.Targets {
		if !slices.Contains(names, t.Topic) {
			names = append(names, t.Topic)
		}
	}
	admin := kadm.NewClient(r.client)
	high, err := admin.ListEndOffsets(ctx, names...)
	if err == nil {
		err = high.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("ask for end offsets: %w", err)
	}
	stable, err := admin.ListCommittedOffsets(ctx, names...)
	if err == nil {
		err = stable.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("ask for committed offsets: %w", err)
	}
	for _, t := range r.config.Targets {
		h, _ := high.Lookup(t.Topic, t.Partition)
		s, _ := stable.Lookup(t.Topic, t.Partition)
		written, committed = append(written, h.Offset), append(committed, s.Offset)
	}
	return written, committed, nil
}
