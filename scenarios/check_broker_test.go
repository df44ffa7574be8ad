package scenarios

import (
	"strings"
	"testing"
)

func TestSystemsInContainersNeedBrokersThatTheyReach(t *testing.T) {
	for _, c := range []struct{ systems, broker, says string }{
		{"[native]", "127.0.0.1:9092", ""},
		{"[native, flink]", "container", ""},
		{"[native, flink]", "kafka.example:9092", ""},
		{"[native, flink]", "\"[2001:db8::1]:9092\"", ""},
		{"[native, flink]", "\"127.0.0.1:9092,10.0.0.1:9092\"", ""},
		{"[native, flink]", "embedded", "flink runs in containers and does not reach an embedded broker"},
		{"[flink]", "127.0.0.1:9092", "does not reach brokers at 127.0.0.1:9092"},
		{"[flink]", "\"localhost:9092,[::1]:9093\"", "does not reach brokers at localhost:9092"},
		{"[{name: flink, at: \"http://127.0.0.1:8081\"}]", "127.0.0.1:9092", ""},
		{"[{name: flink, at: \"http://flink:8081\"}]", "127.0.0.1:9092", "flink is at http://flink:8081"},
	} {
		src := "name: a\nworkload: iot-telemetry\nsystems: " + c.systems +
			"\nload: {transport: kafka, broker: " + c.broker + "}\n"
		_, problems := Load("f", []byte(src), nil)
		text := problems.Error()
		switch {
		case c.says == "" && len(problems) > 0:
			t.Errorf("%s over %s: %s", c.systems, c.broker, text)
		case c.says != "" && (len(problems) != 1 || !strings.Contains(text, c.says) ||
			!strings.Contains(text, "write load.broker: container")):
			t.Errorf("%s over %s: %q does not say %q", c.systems, c.broker, text, c.says)
		}
	}
}

func TestBrokersInContainersAreBounded(t *testing.T) {
	const src = "name: a\nworkload: iot-telemetry\nload: {transport: kafka, broker: container}\n"
	for set, says := range map[string]string{
		"resources={brokers: 3, broker: {cpus: 2, memory: 768m}}": "",
		"resources.brokers=10":           "resources.brokers is 10",
		"resources.broker={memory: 64m}": "memory of a broker is 64m",
	} {
		_, problems := Load("f", []byte(src), []string{set})
		if (says == "") != (len(problems) == 0) || !strings.Contains(problems.Error(), says) {
			t.Errorf("%s: %v", set, problems)
		}
	}
}
