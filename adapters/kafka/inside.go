package kafka

import (
	"errors"
	"fmt"
	"net"

	"github.com/streambench/streambench/adapters"
)

// ReachedInside says why containers cannot use the brokers of a job, wrapping
// errors.ErrUnsupported; nil if nothing that was declared rules it out.
func ReachedInside(b adapters.Broker) error {
	switch {
	case b.At == EmbeddedBroker:
		return fmt.Errorf("the embedded broker listens on this host's loopback, where containers do "+
			"not reach it, and is not Kafka: set load.broker: container: %w", errors.ErrUnsupported)
	case b.TLS != "" && b.TLS != "none", b.SASL != "" && b.SASL != "none":
		return fmt.Errorf("brokers that ask for TLS or SASL: credentials are handed to nobody but "+
			"this process: %w", errors.ErrUnsupported)
	}
	return nil
}

// CheckInside says why containers do not reach the brokers of topics at their addresses, wrapping
// adapters.ErrNotReady. Nil topics are not known yet.
func CheckInside(t *adapters.Topics) error {
	if t == nil || len(t.Inside) > 0 {
		return nil
	}
	for _, at := range t.Bootstrap {
		name, _, err := net.SplitHostPort(at)
		ip := net.ParseIP(name)
		if err == nil && (name == "localhost" || ip != nil && ip.IsLoopback()) {
			return fmt.Errorf("containers do not reach a broker at %s: name it by an address of this "+
				"host's network: %w", at, adapters.ErrNotReady)
		}
	}
	return nil
}
