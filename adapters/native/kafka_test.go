package native

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafka/kafkatest"
	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// TestMain lets the test binary be the embedded broker.
func TestMain(m *testing.M) {
	kafka.Enter()
	Enter()
	chaos.Enter()
	os.Exit(m.Run())
}

// judge is a collector that hands everything to the oracle.
type judge struct {
	mu      sync.Mutex
	checker workloads.Checker
	seen    atomic.Uint64          // results
	sealed  func(*adapters.Topics) // called before the topics are gone; nil for no
	by      adapters.Transport     // nil for one of its own
}

func (j *judge) Collect(rs *workloads.Results, ns int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen.Add(uint64(rs.N))
	return j.checker.Add(rs, ns)
}

// onKafka is a job that travels by Kafka, with the oracle behind it.
func onKafka(t testing.TB, w *workloads.Workload, events uint64, at string) (adapters.Job, *judge) {
	t.Helper()
	checker, err := w.NewChecker(t.TempDir(), workloads.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checker.Close() })
	load := adapters.NewLoad(nil, 1)
	load.Limit(events)
	j := &judge{checker: checker}
	return adapters.Job{
		RunID:    "native-" + strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()),
		Workload: w, Transport: adapters.Kafka, Format: workloads.BinaryForm, Workers: 1,
		WorkerCPUs: 1, MemoryB: 1 << 30, Guarantee: exactlyOnce, Checkpoint: 100 * time.Millisecond,
		Broker: adapters.Broker{At: at}, Partitions: 4, Load: load, Collector: j,
	}, j
}

// connected deploys a transport and a system on it, which the end of the test closes.
func connected(t testing.TB, job *adapters.Job) (adapters.Channel, adapters.System) {
	t.Helper()
	return connectedBy(t, kafka.Transport{}, job)
}

func connectedBy(
	t testing.TB, by adapters.Transport, job *adapters.Job,
) (adapters.Channel, adapters.System) {
	t.Helper()
	ch, err := by.Deploy(t.Context(), *job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() })
	job.Topics = ch.Topics()
	s, err := Adapter{}.Deploy(t.Context(), *job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return ch, s
}

// answered runs a job to its end and returns its ledger.
func answered(t testing.TB, job adapters.Job, j *judge, events uint64) workloads.Ledger {
	t.Helper()
	if j.by == nil {
		j.by = kafka.Transport{}
	}
	ch, s := connectedBy(t, j.by, &job)
	job.Load.Begin(time.Now())
	if err := ch.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ch.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if j.sealed != nil {
		j.sealed(job.Topics)
	}
	l, err := j.checker.Finish(t.Context(), workloads.Delivered{
		Events: events, TooLate: int64(s.(adapters.Metered).Meter().Late),
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestTheGoldenVectorsComeThroughKafka runs each through driver, broker, engine and collector, with
// forms, slots and guarantees in turn.
func TestTheGoldenVectorsComeThroughKafka(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		for i, v := range workloadstest.Golden {
			t.Run(v.Name, func(t *testing.T) {
				if testing.Short() && i%4 != 0 {
					t.Skip("short: one vector in four")
				}
				job, j := onKafka(t, v.Bind(t), v.Events, at)
				inTurn(&job, i)
				v.Check(t, answered(t, job, j, v.Events))
			})
		}
	})
}

// inTurn gives a job the form, the slots and the guarantee whose turn it is.
func inTurn(job *adapters.Job, i int) {
	job.WorkerCPUs = 1 + i%2
	if i%4 < 2 {
		job.Format = workloads.JSONForm
	}
	if i%3 == 1 {
		job.Guarantee = "at-least-once"
	}
	if job.Workload.Query.Late != nil {
		// Partitions drift apart, and what comes too late on the whole stream may then count: only of
		// one partition there is one right answer.
		job.Partitions, job.WorkerCPUs = 1, 1
	}
}

// bound makes a workload at 10 000 events a second of event time.
func bound(t testing.TB, name string, params map[string]string) *workloads.Workload {
	t.Helper()
	return workloadstest.Bind(t, name, 10_000, params)
}

// clean checks that every result expected was delivered, once and right.
func clean(t *testing.T, l workloads.Ledger) {
	t.Helper()
	if l.Expected == 0 || l.Matched != l.Expected || l.Received != l.Expected+l.Refinements ||
		l.Unexplained != 0 {
		t.Errorf("ledger %+v", l)
	}
}

// With fewer keys than partitions some stay empty: windows must close all the same while events
// still come, and not only at the end of the stream.
func TestEmptyPartitionsDoNotHoldTheWatermark(t *testing.T) {
	for slots := 1; slots <= 2; slots++ {
		w := bound(t, "iot-telemetry", map[string]string{"keys": "1", "window": "100ms"})
		const events = 30_000 // three seconds of the schedule, which is followed
		job, j := onKafka(t, w, events, kafka.EmbeddedBroker)
		job.Load = adapters.NewLoad(workloads.Constant(10_000), 1)
		job.Load.Limit(events)
		job.WorkerCPUs, job.RunID = slots, job.RunID+strconv.Itoa(slots)
		late := &arrivals{judge: j, load: job.Load, afterNs: int64(2500 * time.Millisecond)}
		job.Collector = late
		clean(t, answered(t, job, j, events))
		if early := late.early.Load(); early == 0 {
			t.Errorf("%d slots: no result came before the stream ended", slots)
		}
	}
}

// arrivals counts results that come before an instant.
type arrivals struct {
	*judge
	load    *adapters.Load
	afterNs int64
	early   atomic.Int64
}

func (a *arrivals) Collect(rs *workloads.Results, ns int64) error {
	if ns < a.afterNs {
		a.early.Add(int64(rs.N))
	}
	return a.judge.Collect(rs, ns)
}

// A dead letter carries the event as it came, so that it can be repaired.
func TestDeadLettersCarryTheBytesOfTheEvent(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		w := bound(t, "poison", map[string]string{"keys": "100", "malformed": "50"})
		const events = 2000
		job, j := onKafka(t, w, events, at)
		job.Format = workloads.JSONForm
		var letters []kafka.DeadLetter
		j.sealed = func(topics *adapters.Topics) { letters = deadLetters(t, topics) }
		l := answered(t, job, j, events)
		clean(t, l)
		if d := l.DeadLetters; d == nil || d.Received == 0 || d.Missing+d.Foreign != 0 ||
			int(d.Received) != len(letters) {
			t.Fatalf("%d dead letters, account %+v", len(letters), d)
		}
		codec, err := workloads.NewCodec(w.Schema, job.Format)
		if err != nil {
			t.Fatal(err)
		}
		b := workloads.NewBatch(w.Schema, 1)
		for _, d := range letters {
			n := uint64(d.Row[0])
			w.Events().Fill(b, workloads.Slots{First: w.Timeline.Slot(n), Step: 1, N: 1})
			want, spoiled := w.Spoil(codec.Append(nil, b, 0), 0, n)
			if !spoiled || !bytes.Equal(want, d.Body) || len(d.Error) == 0 {
				t.Errorf("event %d: %q, %d bytes; it was sent with %d", n, d.Error, len(d.Body),
					len(want))
			}
		}
	})
}

// deadLetters reads the dlq topic from its beginning.
func deadLetters(t *testing.T, topics *adapters.Topics) (all []kafka.DeadLetter) {
	t.Helper()
	var targets []kafka.Target
	for p := range topics.Partitions {
		targets = append(targets, kafka.Target{
			Topic: topics.Output(workloads.DeadLetters), Partition: int32(p),
		})
	}
	in, err := kafka.NewConsumer(t.Context(), kafka.ConsumerConfig{
		Bootstrap: topics.Bootstrap, Targets: targets,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	written, _, err := in.Ends(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := make([]int64, len(targets))
	for !slices.Equal(read, written) {
		f := <-in.C()
		var r kafka.Reader
		for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); {
			rec := r.Record()
			all = append(all, kafka.DeadLetter{
				Row: [5]int64{kafka.SeqOf(rec)}, Body: bytes.Clone(rec.Value),
				Error: string(rec.Header("error")),
			})
		}
		read[f.Target] = r.NextOffset()
	}
	return all
}

// Nobody else may write to the topics of a run.
func TestAForeignEventEndsTheSystem(t *testing.T) {
	w := bound(t, "iot-telemetry", map[string]string{"keys": "10"})
	for _, c := range []struct{ name, value, says string }{
		{"that is none", "hello", "read event at partition 1 offset 0"},
		{"behind the end", "", "offset 2: an event behind the end of the stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			job, _ := onKafka(t, w, 1, kafka.EmbeddedBroker)
			_, s := connected(t, &job)
			intrude(t, job, c.value)
			if err := s.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// intrude writes a value to partition 1 of the input, or two end events and an event behind them.
func intrude(t *testing.T, job adapters.Job, value string) {
	t.Helper()
	p, err := kafka.NewProducer(t.Context(), kafka.ProducerConfig{
		Bootstrap: job.Topics.Bootstrap,
		Targets:   []kafka.Target{{Topic: job.Topics.Input, Partition: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	values := [][]byte{[]byte(value)}
	if value == "" {
		codec, err := workloads.NewCodec(job.Workload.Schema, job.Format)
		if err != nil {
			t.Fatal(err)
		}
		b := workloads.NewBatch(job.Workload.Schema, 1)
		job.Workload.Events().Fill(b, workloads.Slots{Step: 1, N: 1})
		event := codec.Append(nil, b, 0)
		job.Workload.FillEnd(b, 0, b.TS[0])
		values = [][]byte{event, codec.Append(nil, b, 0), event}
	}
	for _, v := range values {
		if err := p.Append(0, kafka.Message{Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Under exactly-once nothing is visible before its transaction is committed, and a system that is
// stopped leaves none open.
func TestAnInterruptedSystemLeavesNoTransactionOpen(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		w := bound(t, "nexmark", map[string]string{"query": "q1"})
		job, _ := onKafka(t, w, 1<<40, at)
		job.Checkpoint = time.Hour
		seen := &counter{}
		job.Collector = seen
		ch, s := connected(t, &job)
		job.Load.Begin(time.Now())
		for job.Load.Account(0).Accepted < 20_000 || s.(*system).engine.Stats().Results == 0 {
			time.Sleep(time.Millisecond)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := ch.Seal(t.Context()); err != nil {
			t.Error(err)
		}
		if n := seen.n.Load(); n > 0 {
			t.Errorf("%d results of a transaction that was never committed", n)
		}
	})
}
