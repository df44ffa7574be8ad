package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Committed is the offset a group has committed of partition 0 of a topic, -1 if it has none. It
// waits until no transaction may change it any more, so a producer whose transactions are named as
// those of the one before it, which ends them, asks it.
func (p *Producer) Committed(ctx context.Context, group, topic string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, p.config.limits.deliver)
	defer cancel()
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group, req.RequireStable = group, true
	of := kmsg.NewOffsetFetchRequestTopic()
	of.Topic, of.Partitions = topic, []int32{0}
	req.Topics = append(req.Topics, of)
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	gt := kmsg.NewOffsetFetchRequestGroupTopic()
	gt.Topic, gt.Partitions = topic, []int32{0}
	g.Topics = append(g.Topics, gt)
	req.Groups = append(req.Groups, g)
	offset := int64(-1)
	err := again(ctx, func() (int16, error) {
		resp, err := req.RequestWith(ctx, p.admin)
		if err != nil {
			return 0, err
		}
		code := resp.ErrorCode
		for _, topic := range resp.Topics {
			for _, part := range topic.Partitions {
				offset, code = part.Offset, max(code, part.ErrorCode)
			}
		}
		for _, one := range resp.Groups {
			code = max(code, one.ErrorCode)
			for _, topic := range one.Topics {
				for _, part := range topic.Partitions {
					offset, code = part.Offset, max(code, part.ErrorCode)
				}
			}
		}
		switch code {
		case kerr.GroupIDNotFound.Code:
			return 0, nil // it has committed nothing yet
		case kerr.UnstableOffsetCommit.Code:
			return kerr.ConcurrentTransactions.Code, nil // it passes
		}
		return code, nil
	})
	if err != nil {
		return 0, fmt.Errorf("read offsets of group %s: %w", group, err)
	}
	return offset, nil
}
