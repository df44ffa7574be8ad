package kafka

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka/kafkatest"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// newWorkload makes a workload at 10 000 events a second of event time.
func newWorkload(t testing.TB, name string, params map[string]string) *workloads.Workload {
	t.Helper()
	return workloadstest.Bind(t, name, 10_000, params)
}

// kept is a collector that keeps the rows of answers.
type kept struct {
	mu   sync.Mutex
	rows [][]int64
}

func (k *kept) Collect(rs *workloads.Results, _ int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range rs.N {
		k.rows = append(k.rows, slices.Clone(rs.Row(make([]int64, len(rs.Cols)), i)))
	}
	return nil
}

func (k *kept) len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.rows)
}

// jobOf is a job of so many events, offered as fast as they are taken.
func jobOf(t testing.TB, at string, w *workloads.Workload, events uint64) (adapters.Job, *kept) {
	t.Helper()
	load := adapters.NewLoad(nil, 1)
	load.Limit(events)
	k := &kept{}
	return adapters.Job{
		RunID: "test-" + strings.ReplaceAll(t.Name(), "/", "-"), Workload: w,
		Transport: adapters.Kafka, Format: workloads.BinaryForm, Broker: adapters.Broker{At: at},
		Partitions: 4, Load: load, Collector: k,
	}, k
}

func deploy(t testing.TB, job adapters.Job) *channel {
	t.Helper()
	c, err := Transport{}.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c.(*channel)
}

func TestTheInputTopicHoldsTheStreamInItsOrderAndThenItsEnd(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		for _, form := range []string{workloads.BinaryForm, workloads.JSONForm} {
			const n = 20_000
			w := newWorkload(t, "nexmark", nil)
			job, _ := jobOf(t, at, w, n)
			job.Format, job.RunID = form, job.RunID+form
			c := deploy(t, job)
			job.Load.Begin(time.Now())
			if err := c.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a := job.Load.Account(job.Load.NowNs()); a.Accepted != n {
				t.Errorf("%d of %d events accepted", a.Accepted, n)
			}
			checkInput(t, c, job, n)
		}
	})
}

// When a slot was taken is when the last of its take was acknowledged, in whatever lanes they went.
func TestEverySlotHasTheTimeAtWhichItWasAcknowledged(t *testing.T) {
	const n, rate = 20_000, 100_000
	job, _ := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), n)
	job.Load = adapters.NewLoad(workloads.Constant(rate), 1)
	job.Load.Limit(n)
	c := deploy(t, job)
	job.Load.Begin(time.Now())
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	end := job.Load.NowNs()
	for slot := range uint64(n) {
		a, ok := job.Load.Accepted(slot)
		if !ok || a.AtNs <= job.Load.DueNs(slot) || a.AtNs > end {
			t.Fatalf("slot %d: %+v, %v, due at %d of %d", slot, a, ok, job.Load.DueNs(slot), end)
		}
	}
}

// checkInput compares the input topic with the stream.
func checkInput(t *testing.T, c *channel, job adapters.Job, n int) {
	t.Helper()
	w := job.Workload
	codec, err := workloads.NewCodec(w.Schema, job.Format)
	if err != nil {
		t.Fatal(err)
	}
	want := make([][][]byte, job.Partitions)
	router, b := w.NewRouter(job.Partitions), workloads.NewBatch(w.Schema, n)
	w.Events().Fill(b, workloads.Slots{First: 0, Step: 1, N: n})
	last := int64(0)
	for row := range n {
		_, p := router.Route(nil, b, row)
		want[p] = append(want[p], codec.Append(nil, b, row))
		last = max(last, b.TS[row])
	}
	var targets []Target
	for p := range job.Partitions {
		targets = append(targets, Target{c.topics.Input, int32(p)})
		w.FillEnd(b, 0, w.EndTS(last))
		want[p] = append(want[p], codec.Append(nil, b, 0))
	}
	in, err := NewConsumer(t.Context(), ConsumerConfig{Bootstrap: c.topics.Bootstrap, Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var r Reader
	for missing := n + job.Partitions; missing > 0; {
		f, ok := <-in.C()
		if !ok {
			t.Fatal(in.Err())
		}
		for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); missing-- {
			at := r.Record().Offset
			if !bytes.Equal(r.Record().Value, want[f.Target][at]) {
				t.Fatalf("partition %d offset %d: %q", f.Target, at, r.Record().Value)
			}
		}
	}
}

// answer writes results into the results topic as a system would.
func answer(t *testing.T, c *channel, transaction string) *Producer {
	t.Helper()
	p, err := NewProducer(t.Context(), ProducerConfig{
		Bootstrap: c.topics.Sink, Transaction: transaction,
		Targets: []Target{{c.topics.Output(workloads.Answers), 0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	codec, err := workloads.NewResultCodec(c.job.Workload.Query, workloads.Answers, c.job.Format)
	if err != nil {
		t.Fatal(err)
	}
	rs := workloads.NewResults(c.job.Workload.Query, 1)
	for i := range 5000 {
		rs.Cols[0][0] = int64(i)
		if err := p.Append(0, Message{Value: codec.Append(nil, rs, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryVisibleResultIsCollectedBeforeTheResultsAreSealed(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		job, k := jobOf(t, at, newWorkload(t, "iot-telemetry", nil), 10)
		c := deploy(t, job)
		job.Load.Begin(time.Now())
		answer(t, c, "")
		if err := c.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if k.len() != 5000 {
			t.Errorf("%d results", k.len())
		}
	})
}

func TestWhatIsNotCommittedIsNotCollectedAndTheResultsAreNotSealed(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		job, k := jobOf(t, at, newWorkload(t, "iot-telemetry", nil), 10)
		c := deploy(t, job)
		job.Load.Begin(time.Now())
		p := answer(t, c, job.RunID)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Seal(ctx); !errors.Is(err, adapters.ErrUnsealed) || k.len() > 0 {
			t.Fatalf("%d results of an open transaction: %v", k.len(), err)
		}
		read := Offsets{Group: job.RunID, Topic: c.topics.Input, Next: []int64{3}}
		if err := p.Commit(t.Context(), read); err != nil {
			t.Fatal(err)
		}
		if err := c.Seal(t.Context()); err != nil || k.len() != 5000 {
			t.Errorf("%d results: %v", k.len(), err)
		}
	})
}

func TestForeignRecordsAmongResultsAreNamed(t *testing.T) {
	job, _ := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), 10)
	c := deploy(t, job)
	job.Load.Begin(time.Now())
	p, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: c.topics.Bootstrap,
		Targets: []Target{{c.topics.Output(workloads.Answers), 2}}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Append(0, Message{Value: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = c.Seal(t.Context())
	if want := ".results partition 2 offset 0 is no result of this run"; err == nil ||
		!strings.Contains(err.Error(), want) || errors.Is(err, adapters.ErrNotReady) {
		t.Errorf("%v, want %q", err, want)
	}
}

// TestACompressedResultIsTheSystemsFault: it was told to compress nothing.
func TestACompressedResultIsTheSystemsFault(t *testing.T) {
	job, _ := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), 10)
	c := deploy(t, job)
	job.Load.Begin(time.Now())
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.topics.Bootstrap...),
		kgo.ProducerBatchCompression(kgo.GzipCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	r := &kgo.Record{Topic: c.topics.Output(workloads.Answers), Value: make([]byte, 1000)}
	if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
	err = c.Seal(t.Context())
	if want := "the batch is compressed"; err == nil || !strings.Contains(err.Error(), want) ||
		errors.Is(err, adapters.ErrNotReady) {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestTheBrokersDeathIsNoticedAtOnce(t *testing.T) {
	job, _ := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), 1<<40)
	c := deploy(t, job)
	job.Load.Begin(time.Now())
	pid := c.Pids()["broker-1"]
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "has died") {
		t.Errorf("%v", err)
	}
	if len(c.Pids()) > 0 {
		t.Error("the dead broker still has a process")
	}
}

func TestTopicsAreGoneAfterClose(t *testing.T) {
	at := broker(t)
	job, _ := jobOf(t, strings.Join(at, ","), newWorkload(t, "orders", nil), 10)
	c := deploy(t, job)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	cl, err := connect(t.Context(), adapters.Broker{}, at, usual)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	left, err := kadm.NewClient(cl).ListTopics(t.Context())
	if err != nil || len(left) != 0 {
		t.Errorf("%v: %v", left.Names(), err)
	}
}

func TestBrokersThatCannotServeARunAreToldBeforeIt(t *testing.T) {
	at := broker(t)
	w := newWorkload(t, "iot-telemetry", nil)
	for _, c := range []struct {
		why, says string
		spoil     func(t *testing.T, job *adapters.Job)
	}{
		{"nobody listens", "is it running", func(_ *testing.T, job *adapters.Job) {
			job.Broker.At = "127.0.0.1:1"
		}},
		{"the topic is somebody else's", "exists already", func(t *testing.T, job *adapters.Job) {
			topic(t, at, job.RunID+".input", 1)
		}},
		{"credentials are missing", "STREAMBENCH_SASL_PASSWORD", func(_ *testing.T, job *adapters.Job) {
			job.Broker.SASL = "plain"
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			job, _ := jobOf(t, strings.Join(at, ","), w, 10)
			c.spoil(t, &job)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_, err := Transport{}.Deploy(ctx, job)
			if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A sink that stalls takes nothing and gives nothing; what was written meanwhile comes when it goes
// on, once, and the input never notices.
func TestAStalledSinkHoldsResultsBackAndLosesNone(t *testing.T) {
	const n = 20_000
	job, k := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), n)
	job.StallSink = true
	c := deploy(t, job)
	if len(c.Pids()) != 2 || len(c.Nodes()) != 2 {
		t.Fatalf("processes %v, nodes %v", c.Pids(), c.Nodes())
	}
	if err := c.Stall(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answer(t, c, "")
	}()
	job.Load.Begin(time.Now())
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-answered:
		t.Error("a stalled sink took results")
	case <-time.After(100 * time.Millisecond):
	}
	if err := c.Resume(); err != nil {
		t.Fatal(err)
	}
	<-answered
	if err := c.Seal(t.Context()); err != nil || k.len() != 5000 {
		t.Errorf("%d results: %v", k.len(), err)
	}
}
