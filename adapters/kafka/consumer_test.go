package kafka

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
)

func TestMain(m *testing.M) {
	Enter()
	os.Exit(m.Run())
}

// broker starts an embedded broker for a test.
func broker(t testing.TB) []string {
	t.Helper()
	e, err := startEmbedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	return e.at
}

// topic makes a topic of some partitions.
func topic(t testing.TB, at []string, name string, partitions int) []Target {
	t.Helper()
	cl, err := connect(t.Context(), adapters.Broker{}, at, usual)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), int32(partitions), 1, nil, name); err != nil {
		t.Fatal(err)
	}
	targets := make([]Target, partitions)
	for i := range targets {
		targets[i] = Target{name, int32(i)}
	}
	return targets
}

func TestWhatAProducerWritesAConsumerReadsInOrderAndOnce(t *testing.T) {
	at := broker(t)
	for _, transaction := range []string{"", "tx"} {
		targets := topic(t, at, "events"+transaction, 3)
		accepted := make(chan int, 1000)
		p, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: at, Targets: targets,
			Transaction: transaction, Accepted: func(_, n int) { accepted <- n }})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		const n = 30_000
		for i := range n {
			value := fmt.Appendf(nil, "value %d", i)
			if err := p.Append(i%3, Message{int64(1000 + i), []byte("k"), value, nil}); err != nil {
				t.Fatal(err)
			}
			if i%1000 == 0 {
				if err := p.Push(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if transaction != "" {
			err = p.Commit(t.Context(), Offsets{Group: "g", Topic: "events", Next: []int64{1, 2, 3}})
		} else {
			err = p.Flush(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for len(accepted) > 0 {
			sum += <-accepted
		}
		if sum != n {
			t.Errorf("%d records accepted", sum)
		}
		readBack(t, at, targets, n)
	}
}

// readBack reads n records, record i in partition i modulo the number of targets.
func readBack(t *testing.T, at []string, targets []Target, n int) {
	t.Helper()
	c, err := NewConsumer(t.Context(), ConsumerConfig{Bootstrap: at, Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	next := make([]int, len(targets))
	var r Reader
	deadline := time.After(20 * time.Second)
	for seen := 0; seen < n; {
		select {
		case f := <-c.C():
			r.Reset(f.Bytes, f.From, f.Aborted)
			for r.Next() {
				i := next[f.Target]*len(targets) + f.Target
				if want := fmt.Sprintf("value %d", i); string(r.Record().Value) != want ||
					r.Record().TimeMs != int64(1000+i) || string(r.Record().Key) != "k" {
					t.Fatalf("%s of %d, want %s", r.Record().Value, r.Record().TimeMs, want)
				}
				next[f.Target]++
				seen++
			}
			if r.Err() != nil {
				t.Fatal(r.Err())
			}
		case <-deadline:
			t.Fatalf("%d of %d records: %v", seen, n, c.Err())
		}
	}
}

func TestAnAbortedTransactionIsNeverSeen(t *testing.T) {
	at := broker(t)
	targets := topic(t, at, "events", 2)
	p, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: at, Targets: targets,
		Transaction: "tx"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	read := Offsets{Group: "g", Topic: "events", Next: []int64{0}}
	for round := range 6 {
		for i := range 10 {
			v := fmt.Appendf(nil, "value %d", round/2*10+i)
			if round%2 == 0 {
				v = []byte("must not be seen")
			}
			if err := p.Append(i%2, Message{int64(1000 + round/2*10 + i), []byte("k"), v, nil}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			err = p.Abort(t.Context())
		} else {
			err = p.Commit(t.Context(), read)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	readBack(t, at, targets, 30)
}

func TestTheClientOfTheLibraryReadsOurBatches(t *testing.T) {
	at := broker(t)
	targets := topic(t, at, "events", 1)
	p, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: at, Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	headers := []Header{{"seq", []byte("12345678")}, {"b3", []byte("0")}}
	for i := range 100 {
		if err := p.Append(0, Message{int64(5000 - i), nil, fmt.Appendf(nil, "v%d", i), headers}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(at...), kgo.ConsumeTopics("events"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n := 0
	for n < 100 && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if string(r.Value) != fmt.Sprintf("v%d", n) || r.Timestamp.UnixMilli() != int64(5000-n) ||
				r.Key != nil || len(r.Headers) != 2 || string(r.Headers[0].Value) != "12345678" {
				t.Fatalf("record %d is %+v", n, r)
			}
			n++
		})
	}
	if n != 100 {
		t.Fatalf("%d records", n)
	}
}
