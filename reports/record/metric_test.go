package record

import "testing"

func TestEveryMetricIsFoundByItsName(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Metrics() {
		found, ok := FindMetric(m.Name)
		if !ok || found != m {
			t.Errorf("%s is found as %+v", m.Name, found)
		}
		if seen[m.Name] || m.Doc == "" || m.Unit == "" || (m.Better != Lower && m.Better != Higher) {
			t.Errorf("%+v is there twice or incomplete", m)
		}
		seen[m.Name] = true
	}
	for _, name := range []string{"", "latency", "latency.", "latency.p98", "p99", "calm.latencyp99"} {
		if _, ok := FindMetric(name); ok {
			t.Errorf("%q is a metric", name)
		}
	}
}
