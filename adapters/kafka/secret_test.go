package kafka

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/streambench/streambench/adapters"
)

// secret is a password that no text holds by chance.
const secret = "correct-horse-battery"

// selfSigned is a certificate for the loopback that nobody has signed.
func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestARunLogsInAndIsEncryptedAsItsScenarioSays(t *testing.T) {
	for _, mechanism := range []string{"", "none", "plain", "scram-sha-256", "scram-sha-512"} {
		for _, encrypted := range []string{"", "none", "insecure"} {
			t.Run(mechanism+" over "+encrypted, func(t *testing.T) {
				var opts []kfake.Opt
				if mechanism != "" && mechanism != "none" {
					t.Setenv(userVariable, "alice")
					t.Setenv(passwordVariable, secret)
					opts = append(opts, kfake.EnableSASL(),
						kfake.Superuser(strings.ToUpper(mechanism), "alice", secret))
				}
				if encrypted == "insecure" {
					opts = append(opts, kfake.TLS(selfSigned(t)))
				}
				c := cluster(t, opts...)
				job := jobAt(t, c, 1000)
				job.Broker.TLS, job.Broker.SASL = encrypted, mechanism
				var config string
				err, closing := carry(t, job, func(c *channel) {
					all, err := c.Config(t.Context())
					if err != nil {
						t.Error(err)
					}
					config = fmt.Sprint(all)
				})
				if err != nil || closing != nil {
					t.Error(err, closing)
				}
				if strings.Contains(config, secret) || strings.Contains(config, "alice") {
					t.Errorf("the settings in force hold credentials: %s", config)
				}
			})
		}
	}
}

func TestWhoIsNotLetInIsToldWhy(t *testing.T) {
	plain := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", secret)}
	for _, tt := range []struct {
		name, password string
		opts           []kfake.Opt
		broker         adapters.Broker
		says           string
	}{
		{"the password is wrong", "wrong-" + secret, plain, adapters.Broker{SASL: "plain"},
			"look at STREAMBENCH_SASL_USER, STREAMBENCH_SASL_PASSWORD and load.broker.sasl"},
		{"the password of SCRAM is wrong", "wrong-" + secret, []kfake.Opt{kfake.EnableSASL(),
			kfake.Superuser("SCRAM-SHA-512", "alice", secret)},
			adapters.Broker{SASL: "scram-sha-512"},
			"look at STREAMBENCH_SASL_USER, STREAMBENCH_SASL_PASSWORD and load.broker.sasl"},
		{"another mechanism is meant", secret, plain, adapters.Broker{SASL: "scram-sha-256"},
			"load.broker.sasl"},
		{"nobody logs in", secret, plain, adapters.Broker{}, "load.broker.sasl"},
		{"there is no password", "", plain, adapters.Broker{SASL: "plain"},
			"set STREAMBENCH_SASL_USER and STREAMBENCH_SASL_PASSWORD"},
		{"nobody trusts the certificate", "", []kfake.Opt{kfake.TLS(selfSigned(t))},
			adapters.Broker{TLS: "system"}, "load.broker.tls: insecure"},
		{"TLS is not spoken there", "", nil, adapters.Broker{TLS: "insecure"},
			"tls of load.broker"},
		{"only TLS is spoken there", "", []kfake.Opt{kfake.TLS(selfSigned(t))}, adapters.Broker{},
			"load.broker.tls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(userVariable, "alice")
			t.Setenv(passwordVariable, tt.password)
			job := jobAt(t, cluster(t, tt.opts...), 10)
			job.Broker.TLS, job.Broker.SASL = tt.broker.TLS, tt.broker.SASL
			err, _ := carry(t, job, nil)
			if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v: it does not say %q", err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%v: it holds the password", err)
			}
		})
	}
}

// TestAPasswordThatABrokerSaysAloudIsLeftOut: the broker knows it, and its words go into the record.
func TestAPasswordThatABrokerSaysAloudIsLeftOut(t *testing.T) {
	t.Setenv(userVariable, "alice")
	t.Setenv(passwordVariable, secret)
	c := cluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", secret))
	c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		resp := r.ResponseKind().(*kmsg.CreateTopicsResponse)
		words := "no topics for alice with " + secret
		for _, topic := range r.(*kmsg.CreateTopicsRequest).Topics {
			answer := kmsg.NewCreateTopicsResponseTopic()
			answer.Topic, answer.ErrorMessage = topic.Topic, &words
			answer.ErrorCode = kerr.PolicyViolation.Code
			resp.Topics = append(resp.Topics, answer)
		}
		return resp, nil, true
	})
	job := jobAt(t, c, 10)
	job.Broker.SASL = "plain"
	err, _ := carry(t, job, nil)
	if err == nil || strings.Contains(err.Error(), secret) ||
		!strings.Contains(err.Error(), "left out") || !errors.Is(err, kerr.PolicyViolation) {
		t.Error(err)
	}
}

func TestTheEmbeddedBrokerGetsNoCredentialsOfOthers(t *testing.T) {
	t.Setenv(userVariable, "alice")
	t.Setenv(passwordVariable, secret)
	env := strings.Join(withoutSecrets(os.Environ()), "\n")
	if strings.Contains(env, secret) || strings.Contains(env, userVariable) ||
		!strings.Contains(env, "PATH=") {
		t.Error(env)
	}
}

// TestALoginThatIsRefusedByWordIsTold: Kafka answers a wrong password; kfake closes the connection.
func TestALoginThatIsRefusedByWordIsTold(t *testing.T) {
	t.Setenv(userVariable, "alice")
	t.Setenv(passwordVariable, secret)
	c := cluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", secret))
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		words := "Authentication failed: Invalid username or password"
		resp.ErrorCode, resp.ErrorMessage = kerr.SaslAuthenticationFailed.Code, &words
		return resp, nil, true
	})
	job := jobAt(t, c, 10)
	job.Broker.SASL = "plain"
	err, _ := carry(t, job, nil)
	want := "look at STREAMBENCH_SASL_USER, STREAMBENCH_SASL_PASSWORD and load.broker.sasl"
	if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v: it does not say %q", err, want)
	}
}
