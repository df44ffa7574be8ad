package java_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/workloads"
)

// Every number and name a job needs is in its plan.
func TestPlanSaysWhatTheJobIs(t *testing.T) {
	v := vectors[len(vectors)-1]
	w := v.bind(t)
	text, err := java.Plan(job(w))
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"runId": "golden", "bootstrap": "kafka-1:9093", "partitions": 8.0, "form": "binary",
		"guarantee": "exactly-once", "checkpointMs": 1000.0, "workers": 2.0, "slots": 1.0,
		"profile": "defaults", "settings": map[string]any{"a.b": "c"}, "workload": "uc2", "seed": "1",
	} {
		if !reflect.DeepEqual(p[name], want) {
			t.Errorf("%s is %v, want %v", name, p[name], want)
		}
	}
	first := p["schema"].(map[string]any)["variants"].([]any)[0].(map[string]any)["fields"].([]any)[0]
	dict := first.(map[string]any)["dict"]
	if want := map[string]any{"prefix": "s_", "size": 20.0}; !reflect.DeepEqual(dict, want) {
		t.Errorf("the Dict of numbered names is %v, want %v", dict, want)
	}
}

// A member that is added to what a query is has to be added to the plan, or refused.
func TestPlanKnowsAllOfAQuery(t *testing.T) {
	for _, known := range []struct {
		of      any
		members int
	}{
		{workloads.Query{}, 19}, {workloads.Join{}, 10}, {workloads.Window{}, 5},
		{workloads.Aggregate{}, 4}, {workloads.ResultField{}, 6}, {workloads.Predicate{}, 4},
		{workloads.Lookup{}, 3}, {workloads.Order{}, 2}, {workloads.Latest{}, 1},
		{workloads.Rank{}, 1}, {workloads.Output{}, 2}, {workloads.Field{}, 4},
		{workloads.Variant{}, 2}, {workloads.Schema{}, 2},
	} {
		if got := reflect.TypeOf(known.of).NumField(); got != known.members {
			t.Errorf("%T has %d members, the plan was written for %d", known.of, got, known.members)
		}
	}
}
