package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// leaders knows which broker leads each of some targets. It may be used by several goroutines.
type leaders struct {
	mu  sync.Mutex
	ids []int32
}

// refresh asks the cluster.
func (l *leaders) refresh(ctx context.Context, cl *kgo.Client, targets []Target) error {
	var names []string
	seen := map[string]bool{}
	for _, t := range targets {
		if !seen[t.Topic] {
			seen[t.Topic] = true
			names = append(names, t.Topic)
		}
	}
	meta, err := kadm.NewClient(cl).Metadata(ctx, names...)
	if err != nil {
		return fmt.Errorf("ask who leads %v: %w", names, err)
	}
	ids := make([]int32, len(targets))
	for i, t := range targets {
		topic := meta.Topics[t.Topic]
		part, ok := topic.Partitions[t.Partition]
		switch {
		case topic.Err != nil:
			return fmt.Errorf("ask who leads %s: %w", t.Topic, topic.Err)
		case !ok:
			return fmt.Errorf("ask who leads %s partition %d: %w", t.Topic, t.Partition,
				kerr.UnknownTopicOrPartition)
		case part.Leader < 0:
			return fmt.Errorf("ask who leads %s partition %d: %w", t.Topic, t.Partition,
				kerr.LeaderNotAvailable)
		}
		ids[i] = part.Leader
	}
	l.mu.Lock()
	l.ids = ids
	l.mu.Unlock()
	return nil
}

// of is the leader of target i.
func (l *leaders) of(i int) int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ids[i]
}
