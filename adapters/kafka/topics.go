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
	"github.com/twmb/franz-go/pkg/kmsg"

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
	// topicPause is how long to wait before looking again whether topics have leaders.
	topicPause = 20 * time.Millisecond
)

// What is wrong with a topic.
var (
	errTaken      = errors.New("it exists already and is not this run's")
	errPartitions = errors.New("partitions")
	errSetting    = errors.New("setting")
)

// outputNames are the last words of the topics of a query's outputs.
var outputNames = [...]string{
	workloads.Answers: "results", workloads.LateEvents: "late", workloads.DeadLetters: "dlq",
}

// reach is how brokers are reached: from this host, and from containers.
type reach struct {
	bootstrap, inside []string
	network           string // that inside is of; empty for any
}

// nameTopics are the topics of a job.
func nameTopics(job adapters.Job, at reach) *adapters.Topics {
	t := &adapters.Topics{
		Brokers: job.Broker, Bootstrap: at.bootstrap, Sink: at.bootstrap, Partitions: job.Partitions,
		Inside: at.inside, Network: at.network, Input: job.RunID + ".input",
	}
	for s, name := range outputNames {
		if job.Workload.Query.WidthOf(workloads.Stream(s)) > 0 {
			t.Outputs[s] = job.RunID + "." + name
		}
	}
	return t
}

// outputsOf are topics without the input.
func outputsOf(t *adapters.Topics) *adapters.Topics {
	outputs := *t
	outputs.Input = ""
	return &outputs
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

// createTopics makes the topics of a job and reads back what is in force. made are those that are
// ours to delete, also where there is an error.
func createTopics(
	ctx context.Context, cl *kgo.Client, t *adapters.Topics,
) (made []string, err error) {
	admin := kadm.NewClient(cl)
	settings := map[string]*string{}
	for _, s := range topicSettings {
		settings[s.key] = &s.value
	}
	answers, err := admin.CreateTopics(ctx, int32(t.Partitions), -1, settings, names(t)...)
	if err != nil {
		return nil, Unready("create topics "+strings.Join(names(t), ", "), err)
	}
	for _, topic := range answers.Sorted() {
		switch {
		case topic.Err == nil:
			made = append(made, topic.Topic)
		case err == nil:
			err = notMade(topic)
		}
	}
	if err != nil {
		return made, err
	}
	if err := awaitTopics(ctx, cl, t); err != nil {
		return made, err
	}
	return made, checkSettings(ctx, admin, t)
}

// clockTopic is where processes hold their clocks against the broker's.
func clockTopic(run string) string { return run + ".clock" }

// createClock makes the topic of the clock.
func createClock(ctx context.Context, cl *kgo.Client, topic string) error {
	byBroker := "LogAppendTime"
	made, err := kadm.NewClient(cl).CreateTopic(ctx, 1, -1, map[string]*string{
		"message.timestamp.type": &byBroker,
	}, topic)
	if err == nil {
		err = made.Err
	}
	if errors.Is(err, kerr.TopicAlreadyExists) {
		err = errTaken
	}
	if err != nil {
		return Unready("create topic "+topic, err)
	}
	return awaitTopics(ctx, cl, &adapters.Topics{Input: topic, Partitions: 1})
}

// notMade says why a topic was not made.
func notMade(topic kadm.CreateTopicResponse) error {
	if errors.Is(topic.Err, kerr.TopicAlreadyExists) {
		return Unready("create topic "+topic.Topic, errTaken)
	}
	err := topic.Err
	if topic.ErrMessage != "" && !strings.Contains(err.Error(), topic.ErrMessage) {
		err = fmt.Errorf("%w (%s)", err, topic.ErrMessage)
	}
	return Unready("create topic "+topic.Topic, err)
}

// awaitTopics waits until every broker knows a leader of every partition, and checks how many there
// are. Brokers hear of a new topic one after the other; a broker that has not heard says there is
// none.
func awaitTopics(ctx context.Context, cl *kgo.Client, t *adapters.Topics) error {
	brokers, err := kadm.NewClient(cl).ListBrokers(ctx)
	if err != nil {
		return Unready("look at brokers", err)
	}
	for asked := brokers.NodeIDs(); len(asked) > 0; {
		known, err := knows(ctx, cl.Broker(int(asked[0])), t)
		if err != nil {
			return err
		}
		if known {
			asked = asked[1:]
			continue
		}
		select {
		case <-time.After(topicPause):
		case <-ctx.Done():
			return Unready("wait for leaders of "+strings.Join(names(t), ", "), ctx.Err())
		}
	}
	return nil
}

// knows reports whether a broker knows a leader of every partition.
func knows(ctx context.Context, broker *kgo.Broker, t *adapters.Topics) (bool, error) {
	ask := kmsg.NewPtrMetadataRequest()
	for _, name := range names(t) {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &name
		ask.Topics = append(ask.Topics, topic)
	}
	answer, err := broker.RetriableRequest(ctx, ask)
	if err != nil {
		return false, Unready("look at topics", err)
	}
	for _, topic := range answer.(*kmsg.MetadataResponse).Topics {
		n := len(topic.Partitions)
		if n > 0 && n != t.Partitions {
			err := fmt.Errorf("it has %d %w, not %d", n, errPartitions, t.Partitions)
			return false, Unready("look at topic "+*topic.Topic, err)
		}
		if topic.ErrorCode != 0 || n != t.Partitions {
			return false, nil
		}
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 || p.Leader < 0 {
				return false, nil
			}
		}
	}
	return true, nil
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
				return Unready("check topic "+name, fmt.Errorf("%w %s is %s, not %s (%s)", errSetting,
					s.key, got, s.value, s.why))
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
		return nil, Unready("read settings of topic "+topic, err)
	}
	all := map[string]string{}
	for _, c := range configs {
		if c.Err != nil {
			return nil, Unready("read settings of topic "+topic, c.Err)
		}
		for _, e := range c.Configs {
			if e.Value != nil && !e.Sensitive {
				all[e.Key] = *e.Value
			}
		}
	}
	return all, nil
}

// deleteTopics removes topics; those that are gone are no error.
func deleteTopics(ctx context.Context, admin *kadm.Client, topics []string) error {
	gone, err := admin.DeleteTopics(ctx, topics...)
	if err != nil {
		return Unready("delete topics "+strings.Join(topics, ", ")+", which are left", err)
	}
	var errs []error
	for _, topic := range gone.Sorted() {
		if topic.Err != nil && !errors.Is(topic.Err, kerr.UnknownTopicOrPartition) {
			errs = append(errs, Unready("delete topic "+topic.Topic+", which is left", topic.Err))
		}
	}
	return errors.Join(errs...)
}
