package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
)

// sink is an embedded broker that holds the outputs of a job and nothing else, so that it can stop
// answering while the input goes on.
//
//	driver --> broker-1: input --> system --> broker-2: outputs --> collector
//	                                              stall, resume
type sink struct {
	*embedded
	admin *kgo.Client
}

func startSink(ctx context.Context, l limits) (*sink, error) {
	e, err := startEmbedded(ctx)
	if err != nil {
		return nil, err
	}
	s := &sink{embedded: e}
	if s.admin, err = connect(ctx, adapters.Broker{}, e.at, l); err != nil {
		s.embedded.close()
		return nil, err
	}
	return s, nil
}

func (s *sink) close() {
	s.admin.Close()
	s.embedded.close()
}

// Stall has the brokers of the outputs answer nobody until Resume. It needs job.StallSink.
func (c *channel) Stall() error { return c.sink.obey(stallLine) }

// Resume ends a stall.
func (c *channel) Resume() error { return c.sink.obey(resumeLine) }
