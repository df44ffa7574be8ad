// Package log carries events to a system under test and its results back through files of this
// host: an input that is durable before it is acknowledged and can be read again, without a broker.
// It is there to test recovery; it is no Kafka, and its figures are compared with no other's.
//
//	driver --> input/0, 1, …: a log a partition --> system --> logs of results    --> collector
//	                                                   \-----> files of committed epochs --/
package log

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
)

// Transport is the transport by logs. Its zero value is ready.
type Transport struct{}

// Supports says why a job cannot travel.
func (Transport) Supports(job adapters.Job) error {
	if job.StallSink {
		return fmt.Errorf("stall the sink of a run over a log: nobody can stop its files: "+
			"--set load.transport=kafka: %w", errors.ErrUnsupported)
	}
	if job.Workload.Spoil != nil && job.Format != workloads.JSONForm {
		return fmt.Errorf("carry events of %s by a log: format %s cannot be damaged: "+
			"--set load.format=json: %w", job.Workload.Name, job.Format, errors.ErrUnsupported)
	}
	return nil
}

// Deploy makes the logs of the input and starts driver and collector.
func (t Transport) Deploy(_ context.Context, job adapters.Job) (adapters.Channel, error) {
	if err := t.Supports(job); err != nil {
		return nil, err
	}
	c := &channel{job: job, sent: make(chan struct{}), failed: make(chan struct{})}
	if err := c.deploy(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// channel is a deployed transport.
type channel struct {
	job       adapters.Job
	folder    string // of all logs
	topics    *adapters.Topics
	driver    *kafka.Driver
	writer    *Writer
	collector *kafka.Collector
	outputs   *outputs

	sent    chan struct{} // closed when the whole load is durable
	failed  chan struct{} // closed when driver or collector has failed
	failure error         // why; read after failed
	once    sync.Once     // of failure
	work    sync.WaitGroup
	closed  sync.Once
	closing error
}

func (c *channel) deploy() (err error) {
	if c.folder, err = makeFolder(c.job); err != nil {
		return broken("make folder of logs: %w", err)
	}
	c.topics = nameTopics(c.job, c.folder)
	if err := os.Mkdir(Committed(c.topics), 0o755); err != nil {
		return broken("make folder of results: %w", err)
	}
	if c.driver, err = kafka.NewDriver(c.job); err != nil {
		return err
	}
	byStream := *c.topics
	byStream.Partitions = 1
	if c.collector, err = kafka.NewCollector(c.job, &byStream); err != nil {
		return err
	}
	input := WriterConfig{Accepted: func(n int) { c.driver.Accept(0, n) }}
	for p := range c.topics.Partitions {
		input.Folders = append(input.Folders, Input(c.topics, p))
	}
	if c.writer, err = NewWriter(input); err != nil {
		return err
	}
	c.driver.WriteTo(c.writer, func(int) int { return 0 })
	c.outputs = newOutputs(c.topics)
	c.collector.ReadFrom(c.outputs)
	c.work.Go(func() {
		if err := c.driver.Run(); err != nil {
			c.fail(fmt.Errorf("offer events: %w", err))
			return
		}
		close(c.sent)
	})
	c.work.Go(func() {
		if err := c.collector.Run(); err != nil {
			c.fail(err)
		}
	})
	return nil
}

// makeFolder makes the folder of all logs: in that of the job's nodes, or where none is given
// wherever files that nobody keeps are.
func makeFolder(job adapters.Job) (string, error) {
	if job.StateDir == "" {
		return os.MkdirTemp("", "streambench-log-")
	}
	folder, err := filepath.Abs(filepath.Join(job.StateDir, "log"))
	if err != nil {
		return "", err
	}
	return folder, os.Mkdir(folder, 0o755)
}

// nameTopics are the folders of a job, by the name that topics have.
func nameTopics(job adapters.Job, folder string) *adapters.Topics {
	t := &adapters.Topics{Folder: folder, Partitions: job.Partitions, Input: "input"}
	for s, name := range [...]string{
		workloads.Answers: "results", workloads.LateEvents: "late", workloads.DeadLetters: "dlq",
	} {
		if job.Workload.Query.WidthOf(workloads.Stream(s)) > 0 {
			t.Outputs[s] = name
		}
	}
	return t
}

// Input is the folder of the log that a partition of the input is.
func Input(t *adapters.Topics, partition int) string {
	return filepath.Join(t.Folder, t.Input, strconv.Itoa(partition))
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

// Wait returns when the whole load is durable, or driver or collector has failed.
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-c.failed:
			cancel() // the collector takes nothing any more
		case <-stop:
		}
	}()
	err := c.collector.Seal(ctx, c.failedWith)
	if failed := c.failedWith(); failed != nil {
		return failed
	}
	return err
}

// Nodes are none: there is no broker.
func (c *channel) Nodes() []chaos.Node { return nil }

// Config are the settings in force.
func (c *channel) Config(context.Context) (map[string]string, error) {
	return map[string]string{
		"medium":       "segment logs in files of this host; no figure of a broker's",
		"partitions":   strconv.Itoa(c.topics.Partitions),
		"acknowledged": "when synced, in groups, one each " + groupEvery.String() + " at most",
		"segment":      strconv.Itoa(segmentB) + " bytes, kept until the end",
		"compression":  "none",
	}, nil
}

// Close ends driver and collector and removes the logs.
func (c *channel) Close() error {
	c.closed.Do(func() {
		if c.driver != nil {
			c.driver.Stop()
		}
		c.fail(errors.New("closed"))
		var errs []error
		if c.writer != nil {
			errs = append(errs, c.writer.Close())
		}
		if c.outputs != nil {
			c.outputs.close()
		}
		c.work.Wait()
		if c.folder != "" {
			errs = append(errs, os.RemoveAll(c.folder))
		}
		if err := errors.Join(errs...); err != nil {
			c.closing = fmt.Errorf("close log transport: %w", err)
		}
	})
	return c.closing
}
