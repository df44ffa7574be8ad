package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// short are limits for brokers that will not answer: long enough for those that will on a host that
// others share. What waits for them is run in parallel.
var short = limits{
	dial: time.Second, answer: 1500 * time.Millisecond, produce: time.Second,
	deliver: 1200 * time.Millisecond, pause: 10 * time.Millisecond, settle: time.Second,
}

// cluster starts a broker in this process that can be told to refuse.
func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// jobAt is a job over a cluster, paced so slowly that it is still on when something happens to it.
func jobAt(t *testing.T, c *kfake.Cluster, events uint64) adapters.Job {
	t.Helper()
	at := strings.Join(c.ListenAddrs(), ",")
	job, _ := jobOf(t, at, newWorkload(t, "iot-telemetry", nil), events)
	job.RunID = "run"
	job.Load = adapters.NewLoad(workloads.Constant(20_000), 1)
	job.Load.Limit(events)
	return job
}

// carry goes through the life of a transport without a system and returns what ended it, and what
// its end brought. midway is called once events are on their way.
func carry(t *testing.T, job adapters.Job, midway func(*channel)) (err, closing error) {
	t.Helper()
	deployed, err := Transport{limits: short}.Deploy(t.Context(), job)
	if err != nil {
		return err, nil
	}
	c := deployed.(*channel)
	job.Load.Begin(time.Now())
	if midway != nil {
		for job.Load.Account(job.Load.NowNs()).Accepted == 0 {
			time.Sleep(time.Millisecond)
		}
		midway(c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err = c.Wait(ctx); err == nil {
		err = c.Seal(ctx)
	}
	return err, c.Close()
}

// checkRefused says whether an error is one of the environment that says what, where and what next,
// and whether any topic but some is left.
func checkRefused(t *testing.T, c *kfake.Cluster, err error, says []string, left ...string) {
	t.Helper()
	if !errors.Is(err, adapters.ErrNotReady) {
		t.Errorf("%v: no error of the environment", err)
	}
	for _, s := range says {
		if err != nil && !strings.Contains(err.Error(), s) {
			t.Errorf("%v: it does not say %q", err, s)
		}
	}
	for _, name := range []string{"run.input", "run.results", "run.late"} {
		there := c.TopicInfo(name) != nil
		want := false
		for _, l := range left {
			want = want || l == name
		}
		if there != want {
			t.Errorf("topic %s is there: %v", name, there)
		}
	}
}

func TestABrokerThatRefusesIsToldWithItsReasonAndLeavesNothing(t *testing.T) {
	t.Parallel()
	refuse := func(key kmsg.Key, err *kerr.Error) kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Count: -1}
	}
	const in = "run.input partition"
	for _, tt := range []struct {
		name  string
		fault kfake.Fault
		says  []string
	}{
		{"topics may not be created", refuse(kmsg.CreateTopics, kerr.TopicAuthorizationFailed),
			[]string{"create topic run.", "AUTHORIZATION_FAILED", "give the user the rights"}},
		{"policy forbids the topic", refuse(kmsg.CreateTopics, kerr.PolicyViolation),
			[]string{"create topic run.", "policy"}},
		{"a topic of three may not be created", kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics},
			Topic: "run.results", Err: kerr.TopicAuthorizationFailed},
			[]string{"create topic run.results", "give the user the rights"}},
		{"settings may not be read", refuse(kmsg.DescribeConfigs, kerr.TopicAuthorizationFailed),
			[]string{"read settings of topic run.input", "give the user the rights"}},
		{"no producer may be", refuse(kmsg.InitProducerID, kerr.ClusterAuthorizationFailed),
			[]string{"start producer: get a producer id", "give the user the rights"}},
		{"events may not be written", refuse(kmsg.Produce, kerr.TopicAuthorizationFailed),
			[]string{"offer events", in, "give the user the rights"}},
		{"results may not be read", refuse(kmsg.Fetch, kerr.TopicAuthorizationFailed),
			[]string{"collect results", "run.results partition", "give the user the rights"}},
		{"batches are too large", refuse(kmsg.Produce, kerr.MessageTooLarge),
			[]string{"offer events", in, "MESSAGE_TOO_LARGE", "message.max.bytes"}},
		{"event times are too old", refuse(kmsg.Produce, kerr.InvalidTimestamp),
			[]string{"offer events", in, "INVALID_TIMESTAMP", "January 2026"}},
		{"the disk is full", refuse(kmsg.Produce, kerr.KafkaStorageError),
			[]string{in, "not acknowledged within", "KAFKA_STORAGE_ERROR", "disks"}},
		{"replicas are missing", refuse(kmsg.Produce, kerr.NotEnoughReplicas),
			[]string{in, "not acknowledged within", "NOT_ENOUGH_REPLICAS", "min.insync.replicas"}},
		{"what arrives is damaged", refuse(kmsg.Produce, kerr.CorruptMessage),
			[]string{in, "CORRUPT_MESSAGE", "network"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			c.Fault(tt.fault)
			err, closing := carry(t, jobAt(t, c, 1000), nil)
			checkRefused(t, c, err, tt.says)
			if closing != nil {
				t.Error(closing)
			}
		})
	}
}

func TestTroubleThatPassesInTimeIsNone(t *testing.T) {
	t.Parallel()
	for _, e := range []*kerr.Error{
		kerr.KafkaStorageError, kerr.NotEnoughReplicas, kerr.NotLeaderForPartition,
		kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut, // these two write all the same
	} {
		t.Run(e.Message, func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: e, Count: 3})
			if err, closing := carry(t, jobAt(t, c, 1000), nil); err != nil || closing != nil {
				t.Error(err, closing)
			}
		})
	}
}

// TestSettingsInForceAreReadBack: the cluster takes a topic and makes another of it.
func TestSettingsInForceAreReadBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, value string }{
		{"retention.ms", "604800000"},
		{"retention.bytes", "1073741824"},
		{"cleanup.policy", "compact"},
		{"message.timestamp.type", "LogAppendTime"},
		{"message.timestamp.before.max.ms", "86400000"},
		{"max.message.bytes", "1000"},
		{"partitions", "2"},
	} {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
				spoil(r.(*kmsg.CreateTopicsRequest), tt.key, tt.value)
				return nil, nil, false
			})
			err, closing := carry(t, jobAt(t, c, 1000), nil)
			checkRefused(t, c, err, []string{"topic run.", tt.key, tt.value}, nil...)
			if closing != nil {
				t.Error(closing)
			}
		})
	}
}

// spoil changes what a request asks for.
func spoil(r *kmsg.CreateTopicsRequest, key, value string) {
	for i := range r.Topics {
		topic := &r.Topics[i]
		if key == "partitions" {
			topic.NumPartitions = 2
		}
		for j := range topic.Configs {
			if topic.Configs[j].Name == key {
				topic.Configs[j].Value = &value
			}
		}
	}
}

func TestTopicsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	if err := c.CreateTopic("run.results", 4, nil); err != nil {
		t.Fatal(err)
	}
	err, _ := carry(t, jobAt(t, c, 1000), nil)
	checkRefused(t, c, err, []string{"create topic run.results", "exists already", "delete it"},
		"run.results")
}

func TestATopicThatCannotBeDeletedIsTold(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DeleteTopics}, Err: kerr.TopicAuthorizationFailed,
		Count: -1, Topic: "run.results"})
	err, closing := carry(t, jobAt(t, c, 1000), nil)
	if err != nil {
		t.Error(err)
	}
	checkRefused(t, c, closing, []string{"delete topic run.results, which is left", "rights"},
		"run.results")
}

func TestAHandInTheTopicsOfARunIsNoticed(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, c *channel, to Target, value string) {
		p, err := NewProducer(t.Context(), ProducerConfig{Bootstrap: c.topics.Bootstrap,
			Targets: []Target{to}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err := p.Append(0, Message{Value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, f *kfake.Cluster, c *channel)
		says []string
	}{
		{"a record is written to the input", func(t *testing.T, _ *kfake.Cluster, c *channel) {
			write(t, c, Target{"run.input", 2}, "hello")
		}, []string{"check topic run.input", "partition 2", "1 records are not the driver's"}},
		{"the input is deleted", func(t *testing.T, f *kfake.Cluster, _ *channel) {
			if err := f.DeleteTopic("run.input"); err != nil {
				t.Fatal(err)
			}
		}, []string{"run.input partition", "UNKNOWN_TOPIC", "deleted the topic"}},
		{"results are deleted", func(t *testing.T, f *kfake.Cluster, _ *channel) {
			if err := f.DeleteTopic("run.results"); err != nil {
				t.Fatal(err)
			}
		}, []string{"collect ", "results", "UNKNOWN_TOPIC", "deleted the topic"}},
		{"events are deleted", func(t *testing.T, f *kfake.Cluster, c *channel) {
			for p := range int32(4) {
				if err := f.DeleteRecords("run.input", p, -1); err != nil {
					t.Fatal(err)
				}
			}
		}, []string{"check topic run.input", "events were deleted"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := cluster(t)
			err, closing := carry(t, jobAt(t, f, 4000), func(c *channel) { tt.do(t, f, c) })
			checkRefused(t, f, err, tt.says)
			if closing != nil {
				t.Error(closing)
			}
		})
	}
}

func TestEventsThatAreGoneOrCameLaterAreNoticedWhenTheResultsAreSealed(t *testing.T) {
	t.Parallel()
	f := cluster(t)
	deployed, err := Transport{limits: short}.Deploy(t.Context(), jobAt(t, f, 1000))
	if err != nil {
		t.Fatal(err)
	}
	c := deployed.(*channel)
	c.job.Load.Begin(time.Now())
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.DeleteTopic("run.input"), f.CreateTopic("run.input", 4, nil)); err != nil {
		t.Fatal(err)
	}
	err = c.Seal(t.Context())
	if closing := c.Close(); closing != nil {
		t.Error(closing)
	}
	checkRefused(t, f, err, []string{"events are missing", "do not keep what they acknowledge"})
}

func TestADamagedBatchOfResultsIsNoResult(t *testing.T) {
	t.Parallel()
	f := cluster(t)
	f.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		var b Batch
		b.Reset()
		b.Add(Message{Value: []byte("a result")})
		body := b.Seal(Identity{}, 0)
		body[len(body)-3] ^= 1
		resp := r.ResponseKind().(*kmsg.FetchResponse)
		topic, part := kmsg.NewFetchResponseTopic(), kmsg.NewFetchResponseTopicPartition()
		part.HighWatermark, part.LastStableOffset, part.RecordBatches = 1, 1, body
		topic.Topic, topic.Partitions = "run.results", append(topic.Partitions, part)
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	err, closing := carry(t, jobAt(t, f, 1000), nil)
	if closing != nil {
		t.Error(closing)
	}
	checkRefused(t, f, err, []string{"run.results partition 0", "offset 0", "checksum", "disks"})
}

func TestABrokerThatNeverAnswersIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	job, _ := jobOf(t, silent.Addr().String(), newWorkload(t, "iot-telemetry", nil), 10)
	_, err = Transport{limits: short}.Deploy(t.Context(), job)
	for _, s := range []string{"reach brokers at " + silent.Addr().String(), "too long to answer"} {
		if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), s) {
			t.Errorf("%v: it does not say %q", err, s)
		}
	}
}

func TestABrokerThatFallsSilentEndsTheRunInTime(t *testing.T) {
	t.Parallel()
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.Fetch} {
		t.Run(key.Name(), func(t *testing.T) {
			t.Parallel()
			f := cluster(t)
			var unknown uint64
			err, closing := carry(t, jobAt(t, f, 1<<30), func(c *channel) {
				f.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
					f.KeepControl()
					return nil, nil, true // and no answer
				})
				if err := c.Wait(t.Context()); err == nil {
					t.Error("a silent broker has acknowledged everything")
				}
				unknown = c.SendsUnknown()
			})
			if closing != nil {
				t.Error(closing)
			}
			checkRefused(t, f, err, []string{"too long to answer"})
			if key == kmsg.Produce && unknown == 0 {
				t.Error("what was not acknowledged is taken for known")
			}
		})
	}
}

// TestABrokerThatIsGoneDoesNotHoldTheEndUp: its topics cannot be deleted, and that is told.
func TestABrokerThatIsGoneDoesNotHoldTheEndUp(t *testing.T) {
	t.Parallel()
	f := cluster(t)
	err, closing := carry(t, jobAt(t, f, 1<<30), func(*channel) { f.Close() })
	for _, e := range []error{err, closing} {
		if !errors.Is(e, adapters.ErrNotReady) {
			t.Errorf("%v: no error of the environment", e)
		}
	}
	if want := "delete topics run."; closing == nil ||
		!strings.Contains(closing.Error(), want) {
		t.Errorf("%v: it does not say %q", closing, want)
	}
}

// TestTheStreamIsWholeThroughTrouble reads back what was sent while sends failed in every way that
// passes: each event is there once and in order.
func TestTheStreamIsWholeThroughTrouble(t *testing.T) {
	t.Parallel()
	f := cluster(t)
	for i, e := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.RequestTimedOut,
		kerr.NotEnoughReplicasAfterAppend, kerr.KafkaStorageError} {
		n := 0
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: e, Count: 5,
			When: func(kmsg.Request) bool { n++; return n%(i+3) == 0 }})
	}
	job := jobAt(t, f, 20_000)
	deployed, err := Transport{limits: short}.Deploy(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	c := deployed.(*channel)
	defer c.Close()
	job.Load.Begin(time.Now())
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkInput(t, c, job, 20_000)
	if _, err := kadm.NewClient(c.admin).ListTopics(t.Context()); err != nil {
		t.Error(fmt.Errorf("the broker is not well after its trouble: %w", err))
	}
}

// TestAConsumerOfADeletedTopicGivesUp: that brokers answer is no progress if they have nothing.
func TestAConsumerOfADeletedTopicGivesUp(t *testing.T) {
	t.Parallel()
	f := cluster(t, kfake.SeedTopics(2, "events"))
	c, err := NewConsumer(t.Context(), ConsumerConfig{Bootstrap: f.ListenAddrs(),
		Targets: []Target{{"events", 0}, {"events", 1}}, limits: short})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := f.DeleteTopic("events"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.C():
	case <-time.After(20 * time.Second):
		t.Fatal("it still asks")
	}
	checkRefused(t, f, c.Err(), []string{"fetch: events partition", "UNKNOWN_TOPIC", "deleted"})
}
