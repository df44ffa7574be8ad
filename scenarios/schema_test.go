package scenarios

import (
	"bytes"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate asks the schema, as an editor would, what it thinks of a file.
func validate(t *testing.T, s *jsonschema.Schema, src []byte) error {
	t.Helper()
	body, err := yaml.YAMLToJSON(src)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

func TestSchemaAcceptsWhatTheDecoderAccepts(t *testing.T) {
	s := compiled(t)
	sources := map[string][]byte{
		"full": read(t, "full.yaml"), "base": []byte(base),
		"search": []byte("name: a\nworkload: ysb\nload: {rate: {search: sustainable, latency.p99: 1s}}\n"),
		"share":  []byte("name: a\nworkload: ysb\nload: {rate: {of-capacity: 70%}, broker: \"h:1\"}\n"),
	}
	for _, e := range Shipped() {
		sources[e.Name] = e.Source
	}
	for name, src := range sources {
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(src), "70%") {
			continue
		}
		if err := validate(t, s, mustLoad(t, string(src)).Lock()); err != nil {
			t.Errorf("lock of %s: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatTheDecoderRefuses(t *testing.T) {
	s := compiled(t)
	for what, src := range map[string]string{
		"an unknown key":              base + "nmae: x\n",
		"an unknown key of load":      "name: a\nworkload: ysb\nload: {stedy: 60s}\n",
		"an unknown key of a fault":   faulted + "{at: 20s, kil: worker}\n",
		"an unknown key of a disk":    faulted + "{at: 20s, disk: {nod: worker, full: true}, for: 5s}\n",
		"an unknown metric":           base + "slo: {latncy.p99: 50ms}\n",
		"an unknown word":             base + "guarantee: exactly\n",
		"a bare time":                 base + "checkpoint: 5\n",
		"a bare rate":                 "name: a\nworkload: ysb\nload: {rate: 5000}\n",
		"a list where a map belongs":  base + "resources: [1]\n",
		"a number beyond its bounds":  base + "resources: {workers: 65}\n",
		"an unknown system":           base + "systems: [flnk]\n",
		"an unknown key of a system":  base + "systems: [{name: flink, imgae: x}]\n",
		"no name":                     "workload: ysb\n",
		"an unknown key of criterion": base + "decide: {criteria: [{nam: x}]}\n",
		"an unknown scale":            base + "decide: {criteria: [{scale: log}]}\n",
		"an unknown random verb":      faulted + "{random: {verbs: [explode], count: 1}}\n",
	} {
		if err := validate(t, s, []byte(src)); err == nil {
			t.Errorf("the schema accepts %s", what)
		}
		if _, problems := Load("f", []byte(src), nil); len(problems) == 0 {
			t.Errorf("the decoder accepts %s", what)
		}
	}
}

func TestEveryKeyOfTheSchemaIsDescribed(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				visit(path, item)
			}
		case map[string]any:
			properties, _ := v["properties"].(map[string]any)
			for key, p := range properties {
				keys++
				if text, _ := p.(map[string]any)["description"].(string); len(text) < 2 {
					t.Errorf("%s.%s has no description", path, key)
				}
				visit(path+"."+key, p)
			}
			for key, item := range v {
				if key != "properties" {
					visit(path, item)
				}
			}
		}
	}
	visit("", doc)
	if keys < 100 {
		t.Errorf("%d keys, want more than 100", keys)
	}
}
