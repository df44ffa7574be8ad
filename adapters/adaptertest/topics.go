package adaptertest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters/kafka"
)

// noTopics sees to it that no topic named after a job is left on brokers that outlive it: neither
// those of the transport nor what a system makes for itself.
func (b *bench) noTopics(run string, r *running) error {
	if b.carrier == nil || !b.outlives() {
		return nil
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(r.job.Topics.Bootstrap...),
		kgo.MetadataMinAge(50*time.Millisecond)) // else what was is told for seconds
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var left []string
	for until := time.Now().Add(settle); ; time.Sleep(100 * time.Millisecond) {
		topics, err := kadm.NewClient(client).ListTopics(ctx)
		if err != nil {
			return fmt.Errorf("list topics that are left: %w", err)
		}
		left = nil
		for _, name := range topics.Names() {
			if strings.Contains(name, run) {
				left = append(left, name)
			}
		}
		if len(left) == 0 || time.Now().After(until) {
			break
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("left behind: topics %s", strings.Join(left, ", "))
	}
	return nil
}

// outlives reports whether brokers stay up from job to job: the embedded one has its topics in its
// memory. Those with encryption or authentication are not asked.
func (b *bench) outlives() bool {
	at := b.subject.Job.Broker
	return at.At != kafka.EmbeddedBroker && at.TLS == "" && at.SASL == ""
}
