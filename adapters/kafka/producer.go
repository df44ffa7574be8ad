package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/streambench/streambench/adapters"
)

const (
	// lanes is how many sends may be under way at once, each on a connection of its own. A partition
	// belongs to one lane, so its batches keep their order, and what comes while a send is under way
	// makes the next one larger.
	lanes = 2
	// fullBatchB is when a batch waits for no more records, largestBatchB when it can take none:
	// brokers refuse more than 1 MiB unless told otherwise.
	fullBatchB    = 512 << 10
	largestBatchB = 1000 << 10
)

// Target is a partition that a Producer writes to.
type Target struct {
	Topic     string
	Partition int32
}

// Producer writes record batches to partitions, in order and each once: brokers drop by its
// sequence numbers what was sent again. One goroutine calls its methods.
//
//	Append --set of batches--> lane: produce, again if it failed --ack--> Accepted
//	   ^-------- empty set -----/
type Producer struct {
	config  ProducerConfig
	targets []Target
	lanes   []*lane
	leaders leaders
	self    Identity
	written []int64 // records by target; read by others once flushed
	cancel  context.CancelFunc
	freed   chan struct{} // one token: some lane has become idle
	failed  atomic.Pointer[error]
	unknown atomic.Uint64
	done    sync.WaitGroup
	admin   *kgo.Client
	group   *transaction // nil without transactions
}

// ProducerConfig says how to write.
type ProducerConfig struct {
	Broker    adapters.Broker
	Bootstrap []string
	Targets   []Target
	// Transaction is the id of the producer's transactions; empty for none.
	Transaction string
	// Patience bounds how long a send or a step of a transaction is tried again, where that is more
	// than the 30 s of every other.
	Patience time.Duration
	// Accepted is told how many records of a lane were acknowledged; nil if nobody wants to know. It
	// is called by several goroutines.
	Accepted func(lane, records int)

	limits limits
}

// set holds the batches of one lane that travel together.
type set struct {
	batches []Batch  // by the place of their target in the lane
	sealed  [][]byte // their bytes, once they are on their way
	records int
	full    bool
}

// lane sends the sets of some targets, one at a time.
type lane struct {
	client  *kgo.Client
	targets []int   // indices of Producer.targets
	next    []int32 // sequence of the next record, by place
	filling *set    // the producer's
	sets    chan *set
	spare   chan *set
	under   atomic.Int32 // sets handed over and not done with
}

// NewProducer connects, gets an identity and starts the lanes.
func NewProducer(ctx context.Context, c ProducerConfig) (*Producer, error) {
	c.limits = c.limits.orUsual()
	c.limits.deliver = max(c.limits.deliver, c.Patience)
	c.limits.answer = max(c.limits.answer, c.Patience)
	p := &Producer{config: c, targets: c.Targets, written: make([]int64, len(c.Targets)),
		freed: make(chan struct{}, 1)}
	if err := p.connect(ctx); err != nil {
		p.closeClients()
		return nil, Unready("start producer", err)
	}
	if c.Transaction != "" {
		p.group = &transaction{id: c.Transaction, producer: p}
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	for i := range p.lanes {
		p.done.Go(func() { p.work(run, i) })
	}
	return p, nil
}

// connect makes the lanes, each with a connection, and gets an identity.
func (p *Producer) connect(ctx context.Context) (err error) {
	c := p.config
	if p.admin, err = connect(ctx, c.Broker, c.Bootstrap, c.limits); err != nil {
		return err
	}
	for i := range min(lanes, len(c.Targets)) {
		l := &lane{sets: make(chan *set, 1), spare: make(chan *set, 2)}
		p.lanes = append(p.lanes, l)
		if l.client, err = connect(ctx, c.Broker, c.Bootstrap, c.limits); err != nil {
			return err
		}
		for t := i; t < len(c.Targets); t += lanes {
			l.targets = append(l.targets, t)
		}
		l.next = make([]int32, len(l.targets))
		for range 2 {
			l.spare <- newSet(len(l.targets))
		}
		l.filling = <-l.spare
	}
	if err = p.leaders.refresh(ctx, p.admin, c.Targets); err != nil {
		return err
	}
	p.self, err = p.identify(ctx)
	return err
}

func newSet(targets int) *set {
	s := &set{batches: make([]Batch, targets), sealed: make([][]byte, targets)}
	s.reset()
	return s
}

func (s *set) reset() {
	for i := range s.batches {
		s.batches[i].Reset()
		s.sealed[i] = nil
	}
	s.records, s.full = 0, false
}

// identify asks for a producer id; one with a transaction id fences whoever had it before.
func (p *Producer) identify(ctx context.Context) (Identity, error) {
	req := kmsg.NewPtrInitProducerIDRequest()
	// A transaction outlasts the sends in it.
	req.TransactionTimeoutMillis = int32((p.config.limits.deliver + time.Minute).Milliseconds())
	transaction := p.config.Transaction
	if transaction != "" {
		req.TransactionalID = &transaction
	}
	var resp *kmsg.InitProducerIDResponse
	err := again(ctx, func() (code int16, err error) {
		if resp, err = req.RequestWith(ctx, p.admin); err != nil {
			return 0, err
		}
		return resp.ErrorCode, nil
	})
	if err != nil {
		return Identity{}, fmt.Errorf("get a producer id: %w", err)
	}
	return newIdentity(resp.ProducerID, resp.ProducerEpoch, transaction != ""), nil
}

// laneOf is the lane of target i.
func (p *Producer) laneOf(i int) int { return i % len(p.lanes) }

// Append writes a record to target i of the configuration. It waits only where a batch can take no
// more; an error is that of the producer.
func (p *Producer) Append(i int, m Message) error {
	l, place := p.lanes[p.laneOf(i)], i/len(p.lanes)
	b := &l.filling.batches[place]
	if b.Records() > 0 && b.Size()+len(m.Key)+len(m.Value) > largestBatchB {
		if err := p.handOver(l); err != nil {
			return err
		}
		b = &l.filling.batches[place]
	}
	b.Add(m)
	l.filling.records++
	l.filling.full = l.filling.full || b.Size() >= fullBatchB
	return nil
}

// Push sends what was written, in lanes that are idle. In the others it goes on to gather.
func (p *Producer) Push() error {
	for _, l := range p.lanes {
		if l.filling.records == 0 || l.under.Load() > 0 {
			continue
		}
		if err := p.handOver(l); err != nil {
			return err
		}
	}
	return p.Err()
}

// HasRoom reports whether no lane has more than it should while its send is under way.
func (p *Producer) HasRoom() bool {
	for _, l := range p.lanes {
		if l.filling.full && l.under.Load() > 0 {
			return false
		}
	}
	return true
}

// Await returns when a lane has become idle, or after some time.
func (p *Producer) Await(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.freed:
	case <-timer.C:
	}
}

// Flush returns when all that was written is acknowledged.
func (p *Producer) Flush(ctx context.Context) error {
	for {
		flushed, err := p.flushed()
		if flushed || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.Await(10 * time.Millisecond)
	}
}

// flushed sends what was written and reports whether everything is acknowledged.
func (p *Producer) flushed() (bool, error) {
	if err := p.Push(); err != nil {
		return false, err
	}
	for _, l := range p.lanes {
		if l.under.Load() > 0 || l.filling.records > 0 {
			return false, nil
		}
	}
	return true, p.Err()
}

// handOver gives a lane what was written for it, and waits for an empty set in its place.
func (p *Producer) handOver(l *lane) error {
	if err := p.Err(); err != nil {
		return err
	}
	if p.group != nil {
		if err := p.group.begin(); err != nil {
			return err
		}
	}
	for place := range l.filling.batches {
		b := &l.filling.batches[place]
		if b.Records() == 0 {
			continue
		}
		l.filling.sealed[place] = b.Seal(p.self, l.next[place])
		l.next[place] = (l.next[place] + int32(b.Records())) & 0x7fffffff
		p.written[l.targets[place]] += int64(b.Records())
	}
	l.under.Add(1)
	l.sets <- l.filling
	l.filling = <-l.spare
	return nil
}

// work sends the sets of a lane until there are no more.
func (p *Producer) work(ctx context.Context, i int) {
	l := p.lanes[i]
	for s := range l.sets {
		if p.failed.Load() == nil {
			if err := p.send(ctx, l, s); err != nil {
				p.fail(err)
			} else if p.config.Accepted != nil {
				p.config.Accepted(i, s.records)
			}
		}
		s.reset()
		l.spare <- s
		l.under.Add(-1)
		select {
		case p.freed <- struct{}{}:
		default:
		}
	}
}

// fail keeps the first error.
func (p *Producer) fail(err error) { p.failed.CompareAndSwap(nil, &err) }

// Err is why the producer writes no more; nil while it does.
func (p *Producer) Err() error {
	if err := p.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// SendsUnknown are the records that were sent and neither acknowledged nor refused.
func (p *Producer) SendsUnknown() uint64 { return p.unknown.Load() }

// errHalted is why a halted producer writes no more.
var errHalted = errors.New("the producer was halted")

// Halt gives up what is under way, so that nobody waits for it. Unlike the other methods it may be
// called by any goroutine.
func (p *Producer) Halt() {
	p.fail(errHalted)
	p.cancel()
}

// Close ends the lanes; what is not acknowledged may or may not be written. Twice is harmless.
func (p *Producer) Close() {
	if p.cancel == nil {
		return
	}
	p.cancel()
	for _, l := range p.lanes {
		close(l.sets)
	}
	p.done.Wait()
	p.closeClients()
	p.cancel = nil
}

func (p *Producer) closeClients() {
	if p.admin != nil {
		p.admin.Close()
	}
	for _, l := range p.lanes {
		if l.client != nil {
			l.client.Close()
		}
	}
}

// send has a set's batches written, trying again what failed for a reason that passes.
func (p *Producer) send(ctx context.Context, l *lane, s *set) error {
	deadline := time.Now().Add(p.config.limits.deliver)
	for {
		refused, err := p.attempt(ctx, l, s)
		if err == nil {
			return nil
		}
		last := time.Now().After(deadline) || ctx.Err() != nil
		if refused != nil || last {
			if refused == nil {
				p.unknown.Add(s.unsent())
				refused = fmt.Errorf("not acknowledged within %s: %w",
					p.config.limits.deliver, err)
			}
			return fmt.Errorf("produce: %w", refused)
		}
		select {
		case <-time.After(p.config.limits.pause):
		case <-ctx.Done():
			continue
		}
		if err := p.leaders.refresh(ctx, p.admin, p.targets); err != nil {
			continue // the next attempt meets the same trouble and says so in the end
		}
	}
}

// unsent is the number of records that are not acknowledged.
func (s *set) unsent() (n uint64) {
	for place, b := range s.sealed {
		if b != nil {
			n += uint64(s.batches[place].Records())
		}
	}
	return n
}

// attempt sends the batches that are not acknowledged yet, one request a leader. refused is the
// first error that will not pass, err the first of any.
func (p *Producer) attempt(ctx context.Context, l *lane, s *set) (refused, err error) {
	byLeader := map[int32][]int{}
	for place, b := range s.sealed {
		if b != nil {
			id := p.leaders.of(l.targets[place])
			byLeader[id] = append(byLeader[id], place)
		}
	}
	for id, places := range byLeader {
		r, e := p.produce(ctx, l, s, sending{leader: id, places: places})
		refused, err = first(refused, r), first(err, e)
	}
	return refused, err
}

// sending is one request: batches at some places of a set for one leader.
type sending struct {
	leader int32
	places []int
}

func (p *Producer) produce(ctx context.Context, l *lane, s *set, to sending) (refused, err error) {
	req := kmsg.NewPtrProduceRequest()
	req.Acks = -1
	req.TimeoutMillis = int32(p.config.limits.produce.Milliseconds())
	if p.group != nil {
		req.TransactionID = &p.group.id
	}
	for _, place := range to.places {
		t := p.targets[l.targets[place]]
		part := kmsg.NewProduceRequestTopicPartition()
		part.Partition, part.Records = t.Partition, s.sealed[place]
		topic := topicOf(req, t.Topic)
		topic.Partitions = append(topic.Partitions, part)
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.limits.produce)
	defer cancel()
	kresp, err := l.client.Broker(int(to.leader)).Request(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, topic := range kresp.(*kmsg.ProduceResponse).Topics {
		for _, part := range topic.Partitions {
			place := l.placeOf(p.targets, Target{topic.Topic, part.Partition})
			e := kerr.ErrorForCode(part.ErrorCode)
			switch {
			case e == nil || errors.Is(e, kerr.DuplicateSequenceNumber):
				s.sealed[place] = nil
				continue
			case !kerr.IsRetriable(e):
				refused = first(refused, told(e, topic.Topic, part))
			}
			err = first(err, told(e, topic.Topic, part))
		}
	}
	return refused, err
}

// first is the first error of two: what one partition is refused the others are as well.
func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// told is a broker's error with the place it is about and what the broker says of it.
func told(err error, topic string, p kmsg.ProduceResponseTopicPartition) error {
	if p.ErrorMessage != nil && !strings.Contains(err.Error(), *p.ErrorMessage) {
		err = fmt.Errorf("%w (%s)", err, *p.ErrorMessage)
	}
	return fmt.Errorf("%s partition %d: %w", topic, p.Partition, err)
}

// topicOf finds or adds a topic of a request.
func topicOf(req *kmsg.ProduceRequest, name string) *kmsg.ProduceRequestTopic {
	for i := range req.Topics {
		if req.Topics[i].Topic == name {
			return &req.Topics[i]
		}
	}
	t := kmsg.NewProduceRequestTopic()
	t.Topic = name
	req.Topics = append(req.Topics, t)
	return &req.Topics[len(req.Topics)-1]
}

// placeOf is the place of a target in the lane; the broker only names what it was sent.
func (l *lane) placeOf(targets []Target, t Target) int {
	for place, i := range l.targets {
		if targets[i] == t {
			return place
		}
	}
	panic(fmt.Sprintf("BUG: a broker answered for %s partition %d, which was not sent",
		t.Topic, t.Partition))
}
