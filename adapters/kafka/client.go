package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/streambench/streambench/adapters"
)

// Environment variables with the credentials for SASL. They are read nowhere else and written
// nowhere at all.
const (
	userVariable     = "STREAMBENCH_SASL_USER"
	passwordVariable = "STREAMBENCH_SASL_PASSWORD"
)

// newest are the newest versions used of some requests, by their key. Later versions of produce and
// fetch name topics by an id that each client would have to look up first; later ones of the others
// leave it to the broker to add partitions to a transaction, which not every broker does.
var newest = map[int16]int16{
	0:  11, // produce
	1:  12, // fetch
	24: 3,  // add partitions to transaction
	26: 4,  // end transaction
	28: 4,  // commit offsets in transaction
}

// errNoLogin is why nobody logs in.
var errNoLogin = errors.New("there are no credentials")

// options are the client options that reach the brokers of a transport.
func options(b adapters.Broker, bootstrap []string, l limits) ([]kgo.Opt, error) {
	versions := kversion.Stable()
	for key, version := range newest {
		versions.SetMaxKeyVersion(key, version)
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(bootstrap...), kgo.ClientID("streambench"), kgo.MaxVersions(versions),
		kgo.RetryTimeout(l.answer), kgo.RequestTimeoutOverhead(l.answer / 2),
		// What the library tells brokers about itself is load that nobody asked for.
		kgo.DisableClientMetrics(),
		kgo.BrokerMaxReadBytes(256 << 20), kgo.BrokerMaxWriteBytes(256 << 20),
	}
	dialer := &net.Dialer{Timeout: l.dial}
	switch b.TLS {
	case "", "none":
		opts = append(opts, kgo.Dialer(dialer.DialContext))
	case "system", "insecure":
		config := &tls.Config{InsecureSkipVerify: b.TLS == "insecure"} // chosen by the scenario
		secure := &tls.Dialer{NetDialer: dialer, Config: config}
		opts = append(opts, kgo.Dialer(secure.DialContext))
	default:
		return nil, fmt.Errorf("connect to brokers: no such tls setting %q", b.TLS)
	}
	mechanism, err := mechanismOf(b.SASL)
	if mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	return opts, err
}

// mechanismOf makes the SASL mechanism of a name, nil for none.
func mechanismOf(name string) (sasl.Mechanism, error) {
	if name == "" || name == "none" {
		return nil, nil
	}
	user, password := os.Getenv(userVariable), os.Getenv(passwordVariable)
	if user == "" || password == "" {
		return nil, Unready("log in by "+name, errNoLogin)
	}
	switch strings.ToLower(name) {
	case "plain":
		return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
	case "scram-sha-256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("connect to brokers: no SASL mechanism %q", name)
}

// connect makes a client and has it answered by a broker once.
func connect(
	ctx context.Context, b adapters.Broker, bootstrap []string, l limits,
) (*kgo.Client, error) {
	l = l.orUsual()
	opts, err := options(b, bootstrap, l)
	if err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to brokers: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, l.answer)
	defer cancel()
	if err := cl.Ping(ctx); err != nil {
		cl.Close()
		return nil, Unready("reach brokers at "+strings.Join(bootstrap, ","), err)
	}
	return cl, nil
}
