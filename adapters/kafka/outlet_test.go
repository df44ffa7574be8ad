package kafka

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka/kafkatest"
	"github.com/streambench/streambench/workloads"
)

// answerer is a system written by hand: it reads the input topic from its beginning to its end
// events and answers into the topic of its results. Its results are those of q0.
func answerer(t *testing.T, job adapters.Job, topics *adapters.Topics, skip int64) {
	t.Helper()
	var in []Target
	for p := range topics.Partitions {
		in = append(in, Target{topics.Input, int32(p)})
	}
	from, err := NewConsumer(t.Context(), ConsumerConfig{Bootstrap: topics.Bootstrap, Targets: in})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: topics.Bootstrap,
		Targets: []Target{{topics.Output(workloads.Answers), 1}}})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	w := job.Workload
	events, err := workloads.NewCodec(w.Schema, job.Format)
	if err != nil {
		t.Fatal(err)
	}
	results, err := workloads.NewResultCodec(w.Query, workloads.Answers, job.Format)
	if err != nil {
		t.Fatal(err)
	}
	b, rs := workloads.NewBatch(w.Schema, 1), workloads.NewResults(w.Query, 1)
	var r Reader
	for ends := 0; ends < topics.Partitions; {
		f, ok := <-from.C()
		if !ok {
			t.Fatal(from.Err())
		}
		for r.Reset(f.Bytes, f.From, f.Aborted); r.Next(); {
			if err := events.Decode(r.Record().Value, b, 0); err != nil {
				t.Fatal(err)
			}
			switch seq := b.Seq[0]; {
			case seq < 0:
				ends++
			case seq != skip && b.Cols[0][0] == int64(w.Query.From):
				rs.Cols[0][0] = seq
				if err := to.Append(0, Message{Value: results.Append(nil, rs, 0)}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := to.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// seqs are the event numbers of the results kept, sorted.
func (k *kept) seqs() (all []int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, row := range k.rows {
		all = append(all, row[0])
	}
	slices.Sort(all)
	return all
}

func TestASecondSystemReadsTheInputAgainAndItsResultsTravelApart(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		const n = 3000
		job, live := jobOf(t, at, newWorkload(t, "nexmark", map[string]string{"query": "q0"}), n)
		c := deploy(t, job)
		job.Load.Begin(time.Now())
		if err := c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Of q0, event 4 is the first bid.
		answerer(t, job, c.topics, -2)
		again, shadow := job, &kept{}
		again.RunID, again.Collector = job.RunID+".shadow", shadow
		o, err := c.Shadow(t.Context(), again)
		if err != nil {
			t.Fatal(err)
		}
		topics := o.Topics()
		if topics.Input != c.topics.Input || topics.Partitions != c.topics.Partitions ||
			topics.Output(workloads.Answers) != job.RunID+".shadow.results" {
			t.Errorf("topics %+v", *topics)
		}
		answerer(t, again, topics, 4)
		for _, seal := range []adapters.Outlet{o, c} {
			if err := seal.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		first, second := live.seqs(), shadow.seqs()
		if len(first) != 2760 || len(second) != 2759 || !slices.Equal(first[1:], second) {
			t.Errorf("%d results of the first system, %d of the second, which left one out",
				len(first), len(second))
		}
		for range 2 {
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTopicsOfAnOutletAreGoneBeforeThoseOfItsChannel(t *testing.T) {
	at := broker(t)
	job, _ := jobOf(t, strings.Join(at, ","), newWorkload(t, "orders", nil), 10)
	c := deploy(t, job)
	again := job
	again.RunID, again.Collector = job.RunID+".shadow", &kept{}
	o, err := c.Shadow(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	list := func() []string {
		cl, err := connect(t.Context(), adapters.Broker{}, at, usual) // one keeps what it was told
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		all, err := kadm.NewClient(cl).ListTopics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all.Names()
	}
	own := []string{again.RunID + ".late", again.RunID + ".results"}
	for _, name := range own {
		if !slices.Contains(list(), name) {
			t.Errorf("no topic %s among %v", name, list())
		}
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{job.RunID + ".input", job.RunID + ".late", job.RunID + ".results"}
	if left := list(); !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	if _, err := c.Shadow(t.Context(), again); err != nil {
		t.Errorf("a second one after the first: %v", err)
	}
}

func TestForeignRecordsAmongResultsOfASecondSystemAreNamed(t *testing.T) {
	job, _ := jobOf(t, EmbeddedBroker, newWorkload(t, "iot-telemetry", nil), 10)
	c := deploy(t, job)
	job.Load.Begin(time.Now())
	again := job
	again.RunID, again.Collector = job.RunID+".shadow", &kept{}
	o, err := c.Shadow(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	p, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: c.topics.Bootstrap,
		Targets: []Target{{o.Topics().Output(workloads.Answers), 0}}})
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
	if err := o.Seal(t.Context()); err == nil ||
		!strings.Contains(err.Error(), ".shadow.results partition 0 offset 0 is no result") {
		t.Errorf("%v", err)
	}
}
