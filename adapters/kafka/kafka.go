// Package kafka carries events to a system under test and its results back through Kafka: one
// driver and one collector for every system, the native engine included. The brokers are a cluster
// that runs already, brokers in containers, or an embedded broker in a process of its own.
//
//	driver --record batches--> input topic --> system --> results, late, dlq topics --> collector
package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
)

// EmbeddedBroker is what Broker.At says where the transport is to start a broker itself.
const EmbeddedBroker = "embedded"

// Transport is the Kafka transport. Its zero value is ready.
type Transport struct {
	limits limits      // none for the usual ones
	up     *containers // brokers of several jobs; nil where each job has its own
}

// Supports says why a job cannot travel.
func (Transport) Supports(job adapters.Job) error {
	if job.StallSink && job.Broker.At != EmbeddedBroker {
		return fmt.Errorf("stall the sink of a run over kafka: only an embedded broker is "+
			"stalled: --set load.broker=embedded: %w", errors.ErrUnsupported)
	}
	if job.Workload.Spoil != nil && job.Format != "json" {
		return fmt.Errorf("carry events of %s by kafka: format %s cannot be damaged: "+
			"--set load.format=json: %w", job.Workload.Name, job.Format, errors.ErrUnsupported)
	}
	return nil
}

// Deploy readies a broker and the topics and starts driver and collector.
func (t Transport) Deploy(ctx context.Context, job adapters.Job) (adapters.Channel, error) {
	if err := t.Supports(job); err != nil {
		return nil, err
	}
	c := &channel{job: job, limits: t.limits.orUsual(), sent: make(chan struct{}),
		failed: make(chan struct{}), containers: t.up, shared: t.up != nil}
	if err := c.deploy(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if c.containers != nil {
		return accounted{c}, nil
	}
	return c, nil
}

// Open starts the brokers of all jobs to come, where they are in containers. Others are there
// already, or start in no time.
func (t Transport) Open(ctx context.Context, job adapters.Job) (adapters.Carrier, error) {
	if job.Broker.At != AtContainer {
		return carrier{t}, nil
	}
	up, err := startContainers(ctx, job, t.limits.orUsual())
	if err != nil {
		return nil, err
	}
	t.up = up
	return carrier{t}, nil
}

// carrier is a transport that is up.
type carrier struct{ Transport }

// Close removes the brokers.
func (c carrier) Close() error {
	if c.up == nil {
		return nil
	}
	return c.up.close()
}

// channel is a deployed transport.
type channel struct {
	job      adapters.Job
	limits   limits
	at       reach
	topics   *adapters.Topics
	embedded *embedded // nil where the brokers are none of this process
	// containers are the brokers that are in some, and shared says that they stay after this job.
	containers *containers
	shared     bool
	sink       *sink // of the outputs alone; nil where all topics lie together
	admin      *kgo.Client
	made       []string // topics that are ours to delete
	driver     *Driver
	producer   *Producer // the driver's
	arrived    []int64   // events of drivers elsewhere, by partition, once all have come
	collector  *Collector

	sent    chan struct{} // closed when the whole load was acknowledged
	failed  chan struct{} // closed when driver or collector has failed
	failure error         // why; read after failed
	once    sync.Once     // of failure
	work    sync.WaitGroup
	closed  sync.Once
	closing error
}

func (c *channel) deploy(ctx context.Context) (err error) {
	if err := c.reach(ctx); err != nil {
		return err
	}
	if c.admin, err = connect(ctx, c.job.Broker, c.at.bootstrap, c.limits); err != nil {
		return err
	}
	c.topics = nameTopics(c.job, c.at)
	if c.job.StallSink {
		if c.sink, err = startSink(ctx, c.limits); err != nil {
			return err
		}
		c.topics.Sink = c.sink.at
	}
	if err := c.make(ctx); err != nil {
		return err
	}
	if c.driver, err = NewDriver(c.job); err != nil {
		return err
	}
	if c.collector, err = NewCollector(c.job, c.topics); err != nil {
		return err
	}
	var input []Target
	for p := range c.topics.Partitions {
		input = append(input, Target{c.topics.Input, int32(p)})
	}
	c.producer, err = NewProducer(ctx, ProducerConfig{
		Broker: c.job.Broker, Bootstrap: c.at.bootstrap, Targets: input, Accepted: c.driver.Accept,
		limits: c.limits,
	})
	if err != nil {
		return err
	}
	c.driver.WriteTo(c.producer, c.producer.laneOf)
	from, err := NewConsumer(ctx, ConsumerConfig{
		Broker: c.job.Broker, Bootstrap: c.topics.Sink, Targets: c.collector.targets,
		limits: c.collecting(),
	})
	if err != nil {
		return err
	}
	c.collector.consume(from)
	c.start()
	return nil
}

// reach has the brokers there, and knows how to reach them.
func (c *channel) reach(ctx context.Context) (err error) {
	switch c.job.Broker.At {
	case EmbeddedBroker:
		if c.embedded, err = startEmbedded(ctx); err == nil {
			c.at.bootstrap = c.embedded.at
		}
	case AtContainer:
		if c.containers == nil {
			c.containers, err = startContainers(ctx, c.job, c.limits)
		}
		if err == nil {
			c.at = c.containers.reach()
		}
	default:
		c.at.bootstrap = strings.Split(c.job.Broker.At, ",")
		c.at.inside = c.at.bootstrap
	}
	return err
}

// make creates the topics. Those that were there before are not ours, and stay.
func (c *channel) make(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.answer)
	defer cancel()
	here := *c.topics
	if c.sink != nil {
		_, err := createTopics(ctx, c.sink.admin, outputsOf(c.topics))
		if err != nil {
			return err
		}
		clear(here.Outputs[:])
	}
	c.made, err = createTopics(ctx, c.admin, &here)
	if err != nil || !c.job.Elsewhere {
		return err
	}
	if err = createClock(ctx, c.admin, clockTopic(c.job.RunID)); err == nil {
		c.made = append(c.made, clockTopic(c.job.RunID))
	}
	return err
}

// collecting are the limits of the collector, which bears a stall.
func (c *channel) collecting() limits {
	l := c.limits
	if c.sink != nil {
		l.deliver = max(l.deliver, longestStall)
	}
	return l
}

// longestStall is how long a sink may stall, and a little to come back: brokers keep a transaction
// open for a quarter of an hour.
const longestStall = 10 * time.Minute

// unmake deletes topics that were made; those of brokers that end with the job go with them.
func (c *channel) unmake(made []string) error {
	if len(made) == 0 || c.embedded != nil || (c.containers != nil && !c.shared) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.limits.answer)
	defer cancel()
	return deleteTopics(ctx, kadm.NewClient(c.admin), made)
}

// start begins to drive and to collect.
func (c *channel) start() {
	c.work.Go(func() {
		offer := c.driver.Run
		if c.job.Elsewhere {
			offer = c.awaitArrivals
		}
		if err := offer(); err != nil {
			c.fail(Unready("offer events", err))
			return
		}
		if err := c.audit(); err != nil {
			c.fail(err)
			return
		}
		close(c.sent)
	})
	c.work.Go(func() {
		if err := c.collector.Run(); err != nil {
			c.fail(err)
		}
	})
	for _, e := range c.processes() {
		c.work.Go(func() {
			<-e.dead
			c.fail(Unready("watch embedded broker", errDied))
		})
	}
	if k := c.containers; k != nil {
		c.work.Go(func() {
			select {
			case <-k.dead:
				c.fail(k.death)
			case <-c.failed: // also once it is closed
			}
		})
	}
}

func (c *channel) fail(err error) {
	c.once.Do(func() {
		c.failure = err
		close(c.failed)
	})
}

// failedWith is why driver or collector has failed; nil if neither has.
func (c *channel) failedWith() error {
	select {
	case <-c.failed:
		return c.failure
	default:
		return nil
	}
}

// Topics are those of the job.
func (c *channel) Topics() *adapters.Topics { return c.topics }

// Wait returns when the whole load was acknowledged, or driver or collector has failed.
func (c *channel) Wait(ctx context.Context) error {
	select {
	case <-c.sent:
		return c.failedWith()
	case <-c.failed:
		return c.failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Seal returns once every visible result was handed on.
func (c *channel) Seal(ctx context.Context) error {
	if err := c.collector.Seal(ctx, c.failedWith); err != nil {
		return err
	}
	select {
	case <-c.sent:
		return c.audit() // what came since is not ours either
	default:
		return nil // the system has not waited for the end: others say so
	}
}

// SendsUnknown are the events of unknown outcome.
func (c *channel) SendsUnknown() uint64 {
	if c.producer == nil {
		return 0
	}
	return c.producer.SendsUnknown()
}

// Nodes are the brokers.
func (c *channel) Nodes() []chaos.Node {
	if c.containers != nil {
		return c.containers.nodes()
	}
	n := len(c.processes())
	if n == 0 {
		n = len(c.topics.Bootstrap)
	}
	var nodes []chaos.Node
	for i := range n {
		nodes = append(nodes, chaos.Node{Name: "broker-" + strconv.Itoa(i+1), Role: chaos.Broker})
	}
	return nodes
}

// processes are the embedded brokers.
func (c *channel) processes() []*embedded {
	switch {
	case c.embedded == nil:
		return nil
	case c.sink == nil:
		return []*embedded{c.embedded}
	}
	return []*embedded{c.embedded, c.sink.embedded}
}

// Pids are the processes of the embedded brokers.
func (c *channel) Pids() map[string]int {
	pids := map[string]int{}
	for i, e := range c.processes() {
		if e.alive() {
			pids["broker-"+strconv.Itoa(i+1)] = e.cmd.Process.Pid
		}
	}
	return pids
}

// Config are the settings in force of brokers, topics, driver and collector.
func (c *channel) Config(ctx context.Context) (map[string]string, error) {
	admin := kadm.NewClient(c.admin)
	all := map[string]string{
		"acks": "all", "idempotence": "true", "lanes": strconv.Itoa(lanes),
		"batch.bytes": strconv.Itoa(fullBatchB), "compression": "none",
		"isolation": "read_committed", "partitions": strconv.Itoa(c.topics.Partitions),
		"linger": c.job.Linger.String(),
		"tls":    cmp.Or(c.job.Broker.TLS, "none"), "sasl": cmp.Or(c.job.Broker.SASL, "none"),
		"broker": "embedded: kfake, in memory, in a process of its own; no figure of Kafka's",
	}
	switch {
	case c.containers != nil:
		of, err := c.containers.describe(ctx, admin)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, of)
	case c.embedded == nil:
		all["broker"] = c.job.Broker.At
	}
	meta, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return nil, Unready("read brokers", err)
	}
	all["brokers"] = strconv.Itoa(len(meta.Brokers))
	inForce, err := readSettings(ctx, admin, c.topics.Input)
	if err != nil {
		return nil, err
	}
	for _, s := range topicSettings {
		if v, ok := inForce[s.key]; ok {
			all["topic."+s.key] = v
		}
	}
	return all, nil
}

// Close ends driver and collector and removes topics and broker.
func (c *channel) Close() error {
	c.closed.Do(func() {
		if c.driver != nil {
			c.driver.Stop()
		}
		if c.producer != nil {
			c.producer.Halt()
		}
		if c.collector != nil {
			c.collector.close()
		}
		if c.admin != nil {
			c.closing = c.unmake(c.made)
			c.admin.Close()
		}
		c.fail(errors.New("closed")) // what the broker's end would be taken for
		if c.embedded != nil {
			c.embedded.close()
		}
		if c.sink != nil {
			c.sink.close()
		}
		if c.containers != nil && !c.shared {
			c.closing = errors.Join(c.closing, c.containers.close())
		}
		c.work.Wait()
		if c.producer != nil {
			c.producer.Close()
		}
	})
	return c.closing
}
