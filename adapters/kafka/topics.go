package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
)

// topicSettings are what the topics of a run must have in force. Event times begin in January 2026,
// whenever a run is: limits of age and time stamps that are right for others would drop its events,
// and results with them.
var topicSettings = []struct{ key, value, why string }{
	{"cleanup.policy", "delete", "compaction would drop events"},
	{"retention.ms", "-1", "event times lie in the past: the log would be deleted while it is read"},
	{"retention.bytes", "-1", "the log would be deleted while it is read"},
	{"message.timestamp.type", "CreateTime", "event times travel as time stamps"},
	{"message.timestamp.before.max.ms", strconv.FormatInt(math.MaxInt64, 10),
		"events of January 2026 would be refused"},
	{"message.timestamp.after.max.ms", strconv.FormatInt(math.MaxInt64, 10),
		"events of the time to come would be refused"},
	{"max.message.bytes", strconv.Itoa(largestMessageB), "a batch may be that large"},
}

const (
	// largestMessageB is the largest batch a topic of ours takes.
	largestMessageB = 2 << 20
	adminTimeout    = 20 * time.Second
)

// outputNames are the last words of the topics of a query's outputs.
var outputNames = [...]string{
	workloads.Answers: "results", workloads.LateEvents: "late", workloads.DeadLetters: "dlq",
}

// nameTopics are the topics of a job.
func nameTopics(job adapters.Job, bootstrap []string) *adapters.Topics {
	t := &adapters.Topics{
		Brokers: job.Broker, Bootstrap: bootstrap, Partitions: job.Partitions,
		Input: job.RunID + ".input",
	}
	for s, name := range outputNames {
		if job.Workload.Query.WidthOf(workloads.Stream(s)) > 0 {
			t.Outputs[s] = job.RunID + "." + name
		}
	}
	return t
}

// names are all topics of a job.
func names(t *adapters.Topics) []string {
	var all []string
	for _, name := range append([]string{t.Input}, t.Outputs[:]...) {
		if name != "" {
			all = append(all, name)
		}
	}
	return all
}

// createTopics makes the topics of a job and reads back what is in force.
func createTopics(ctx context.Context, cl *kgo.Client, t *adapters.Topics) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	admin := kadm.NewClient(cl)
	settings := map[string]*string{}
	for _, s := range topicSettings {
		settings[s.key] = &s.value
	}
	made, err := admin.CreateTopics(ctx, int32(t.Partitions), -1, settings, names(t)...)
	if err != nil {
		return unready("create topics", err)
	}
	for _, topic := range made.Sorted() {
		switch err := topic.Err; {
		case err == nil:
		case errors.Is(err, kerr.TopicAlreadyExists):
			return fmt.Errorf("create topic %s: it exists already and is not this run's: delete it, "+
				"or run again under another id: %w", topic.Topic, adapters.ErrNotReady)
		default:
			if topic.ErrMessage != "" {
				err = fmt.Errorf("%w (%s)", err, topic.ErrMessage)
			}
			return unready("create topic "+topic.Topic, err)
		}
	}
	if err := awaitTopics(ctx, admin, t); err != nil {
		return err
	}
	return checkSettings(ctx, admin, t)
}

// awaitTopics waits until every partition has a leader, and checks how many there are.
func awaitTopics(ctx context.Context, admin *kadm.Client, t *adapters.Topics) error {
	for {
		meta, err := admin.Metadata(ctx, names(t)...)
		if err != nil {
			return unready("look at topics", err)
		}
		led := true
		for _, name := range names(t) {
			topic := meta.Topics[name]
			n := len(topic.Partitions)
			if n > 0 && n != t.Partitions {
				return fmt.Errorf("look at topics: %s has %d partitions, not %d: %w", name, n,
					t.Partitions, adapters.ErrNotReady)
			}
			led = led && topic.Err == nil && n == t.Partitions
			for _, p := range topic.Partitions {
				led = led && p.Err == nil && p.Leader >= 0
			}
		}
		if led {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return unready("wait for leaders of "+strings.Join(names(t), ", "), ctx.Err())
		}
	}
}

// checkSettings compares the settings in force with those a run needs.
func checkSettings(ctx context.Context, admin *kadm.Client, t *adapters.Topics) error {
	for _, name := range names(t) {
		inForce, err := readSettings(ctx, admin, name)
		if err != nil {
			return err
		}
		for _, s := range topicSettings {
			if got, ok := inForce[s.key]; ok && !sameSetting(got, s.value) {
				return fmt.Errorf("check topic %s: %s is %s, not %s (%s): the cluster keeps it so, "+
					"ask those who run it: %w", name, s.key, got, s.value, s.why,
					adapters.ErrNotReady)
			}
		}
	}
	return nil
}

// sameSetting compares values; the largest integer stands for no limit.
func sameSetting(got, want string) bool { return strings.EqualFold(got, want) }

// readSettings reads the settings of a topic.
func readSettings(
	ctx context.Context, admin *kadm.Client, topic string,
) (map[string]string, error) {
	configs, err := admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return nil, unready("read settings of topic "+topic, err)
	}
	all := map[string]string{}
	for _, c := range configs {
		if c.Err != nil {
			return nil, unready("read settings of topic "+topic, c.Err)
		}
		for _, e := range c.Configs {
			if e.Value != nil && !e.Sensitive {
				all[e.Key] = *e.Value
			}
		}
	}
	return all, nil
}

// deleteTopics removes the topics of a job; those that are gone are no error.
func deleteTopics(ctx context.Context, cl *kgo.Client, t *adapters.Topics) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	gone, err := kadm.NewClient(cl).DeleteTopics(ctx, names(t)...)
	if err != nil {
		return fmt.Errorf("delete topics: %w", err)
	}
	for _, topic := range gone {
		if topic.Err != nil && !errors.Is(topic.Err, kerr.UnknownTopicOrPartition) {
			return fmt.Errorf("delete topic %s: %w", topic.Topic, topic.Err)
		}
	}
	return nil
}
