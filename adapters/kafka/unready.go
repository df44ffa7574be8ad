package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
)

const (
	lookAtLogin  = "look at " + userVariable + ", " + passwordVariable + " and load.broker.sasl"
	askForRights = "give the user the rights to create, describe, write, read and delete topics"
	lookAtTLS    = "look at load.broker.tls"
	isItRunning  = "is it running, and are address and tls of load.broker right?"
	itCloses     = "it closes the connection: " + lookAtLogin + ", and at load.broker.tls"
	isItFull     = "look at the disks of the brokers and at their log"
)

// remedies say what to do about what brokers answer. The first that fits counts.
var remedies = []struct {
	err    error
	remedy string
}{
	{kerr.SaslAuthenticationFailed, lookAtLogin},
	{kerr.IllegalSaslState, lookAtLogin},
	{kerr.UnsupportedSaslMechanism, "look at load.broker.sasl"},
	{kerr.TopicAuthorizationFailed, askForRights},
	{kerr.ClusterAuthorizationFailed, askForRights},
	{kerr.GroupAuthorizationFailed, askForRights},
	{kerr.TransactionalIDAuthorizationFailed, askForRights},
	{kerr.PolicyViolation, "the cluster's policy forbids such topics: ask those who run it"},
	{kerr.InvalidConfig, "the cluster does not take that setting: it needs Kafka 3.6 or newer"},
	{kerr.InvalidReplicationFactor, "are there brokers enough for default.replication.factor?"},
	{kerr.MessageTooLarge, "let the brokers take 1 MiB: message.max.bytes"},
	{kerr.RecordListTooLarge, "let the brokers take 1 MiB: message.max.bytes"},
	{kerr.InvalidTimestamp, "let the brokers take event times of January 2026: " +
		"log.message.timestamp.before.max.ms"},
	{kerr.UnknownTopicOrPartition, "somebody has deleted the topic: leave it alone and run again"},
	{kerr.UnknownTopicID, "somebody has deleted the topic: leave it alone and run again"},
	{kerr.OffsetOutOfRange, "somebody has deleted records: leave the topic alone and run again"},
	{kerr.KafkaStorageError, isItFull},
	{kerr.NotEnoughReplicas, "are all brokers running? see min.insync.replicas"},
	{kerr.NotEnoughReplicasAfterAppend, "are all brokers running? see min.insync.replicas"},
	{kerr.CorruptMessage, "what arrived is not what was sent: look at network and memory"},
	{errCorrupt, "what arrived is not what was sent: look at the disks of the brokers"},
	{kerr.OutOfOrderSequenceNumber, "the brokers do not keep what they acknowledge"},
	{errGone, "the brokers do not keep what they acknowledge"},
	{errTaken, "delete it, or run again under another id"},
	{errPartitions, "somebody else has made it: delete it and run again"},
	{errSetting, "the cluster keeps it so: ask those who run it"},
	{errDied, "run again"},
	{errAbsent, "look at what the drivers say; all of a load's shards are needed"},
	{errDiffers, "something changes settings on its way there: look at the log of the broker"},
	{errImage, "streambench images build kafka makes it"},
	{errNoLogin, "set " + userVariable + " and " + passwordVariable},
	{errForeign, "leave the topics of a run alone, and run again"},
	{io.EOF, itCloses},
	{io.ErrUnexpectedEOF, lookAtTLS},
	{os.ErrDeadlineExceeded, "it takes too long to answer: " + isItRunning},
	{context.DeadlineExceeded, "it takes too long to answer: " + isItRunning},
}

// unreadyError wraps adapters.ErrNotReady without a word of it.
type unreadyError struct {
	text string
	err  error
}

func (e *unreadyError) Error() string   { return e.text }
func (e *unreadyError) Unwrap() []error { return []error{e.err, adapters.ErrNotReady} }

// Unready words why brokers do not do what a run needs, and what to do about it. An error that says
// so already only gets the place.
func Unready(what string, err error) error {
	if errors.Is(err, adapters.ErrNotReady) {
		return fmt.Errorf("%s: %w", what, err)
	}
	why := strings.TrimSuffix(discreet(err), ".")
	return &unreadyError{fmt.Sprintf("%s: %s: %s", what, why, remedyFor(err)), err}
}

func remedyFor(err error) string {
	var eof *kgo.ErrFirstReadEOF
	var header tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &header):
		return "it does not speak TLS there: " + lookAtTLS
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &cert):
		return "its certificate is not trusted here: trust it on this host, or write " +
			"load.broker.tls: insecure"
	case errors.As(err, &eof):
		return itCloses
	}
	for _, r := range remedies {
		if errors.Is(err, r.err) {
			return r.remedy
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "it takes too long to answer: " + isItRunning
	}
	return isItRunning
}

// shortestSecret is how long a password is that is not found in any text by chance.
const shortestSecret = 4

// discreet leaves the text of an error out that holds the password: a broker gets it in plain text
// and may say anything.
func discreet(err error) string {
	password := os.Getenv(passwordVariable)
	if len(password) < shortestSecret || !strings.Contains(err.Error(), password) {
		return err.Error()
	}
	return "its answer is left out, as it holds the password"
}
