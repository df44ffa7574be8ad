package scenarios

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	orderedmap "github.com/pb33f/ordered-map/v2"

	"github.com/streambench/streambench/reports/record"
)

// Schema is the JSON Schema (draft-07) of the scenario file, for editors. It is generated from the
// structs the decoder fills, so that both know the same keys.
func Schema() []byte {
	r := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, ExpandedStruct: true, FieldNameTag: "yaml",
		RequiredFromJSONSchemaTags: true, Mapper: schemaOf,
	}
	s := r.Reflect(&Scenario{})
	s.Version = "http://json-schema.org/draft-07/schema#"
	s.Title = "streambench scenario"
	s.Description = "A declared experiment: what is streamed, through which systems, how fast, what " +
		"breaks and which limits hold."
	s.Required = []string{"name", "workload"}
	annotate(s, reflect.TypeFor[Scenario]())
	s.Properties.Set(quickKey, quickSchema())
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("BUG: write scenario schema: %v", err))
	}
	return append(out, '\n')
}

// schemaOf is the schema of types that have a form of their own, nil for all others.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	if c, ok := codecOf(t); ok {
		return c.schema()
	}
	if t == reflect.TypeFor[Config]() {
		return &jsonschema.Schema{Type: "object", AdditionalProperties: anyOf(scalars()...)}
	}
	u, ok := units[t]
	if !ok {
		return nil
	}
	text := &jsonschema.Schema{Type: "string", Pattern: u.pattern}
	if u.bare {
		return anyOf(text, &jsonschema.Schema{Type: "integer", Minimum: "0"})
	}
	return text
}

// reflected is the schema of a struct by its fields, whatever its codec says.
func reflected(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type: "object", Properties: orderedmap.New[string, *jsonschema.Schema](),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	r := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, ExpandedStruct: true, FieldNameTag: "yaml",
		RequiredFromJSONSchemaTags: true, Mapper: schemaOf,
	}
	for i, key := range keysOf(t) {
		p := r.ReflectFromType(t.Field(i).Type)
		p.Version = ""
		s.Properties.Set(key, p)
	}
	annotate(s, t)
	return s
}

// annotate writes the tags of a struct's fields into their schemas: description, choices, bounds.
func annotate(s *jsonschema.Schema, t reflect.Type) {
	for i, key := range keysOf(t) {
		f := t.Field(i)
		p, ok := s.Properties.Get(key)
		if !ok {
			panic(fmt.Sprintf("BUG: schema of %s lacks %s", t, key))
		}
		p.Description = f.Tag.Get("doc")
		inner, ft := p, f.Type
		for ft.Kind() == reflect.Pointer || (ft.Kind() == reflect.Slice && inner.Items != nil) {
			if ft.Kind() == reflect.Slice {
				inner = inner.Items
			}
			ft = ft.Elem()
		}
		for _, choice := range choicesOf(f.Tag) {
			inner.Enum = append(inner.Enum, choice)
		}
		if low, high, ok := strings.Cut(f.Tag.Get("range"), " "); ok {
			inner.Minimum, inner.Maximum = json.Number(low), json.Number(high)
		}
		if _, special := codecOf(ft); ft.Kind() == reflect.Struct && !special {
			annotate(inner, ft)
		}
	}
}

func anyOf(forms ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: forms}
}

func text(pattern string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern}
}

func word(choices ...any) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: choices}
}

func systemSchema() *jsonschema.Schema {
	names := make([]any, 0, len(systems))
	for _, name := range systems {
		names = append(names, name)
	}
	full := reflected(reflect.TypeFor[System]())
	full.Required = []string{"name"}
	return anyOf(word(names...), full)
}

func modeSchema() *jsonschema.Schema {
	names := make([]any, 0, len(record.Modes))
	for _, name := range record.Modes {
		names = append(names, name)
	}
	full := reflected(reflect.TypeFor[Mode]())
	full.Required = []string{"name"}
	return anyOf(word(names...), full)
}

func brokerSchema() *jsonschema.Schema {
	return anyOf(text(""), reflected(reflect.TypeFor[Broker]()))
}

func unitProperty(key string, p *jsonschema.Schema, doc string) *jsonschema.Schema {
	p.Description = doc
	s := &jsonschema.Schema{
		Type: "object", Properties: orderedmap.New[string, *jsonschema.Schema](),
		AdditionalProperties: jsonschema.FalseSchema, Required: []string{key},
	}
	s.Properties.Set(key, p)
	return s
}

func warmupSchema() *jsonschema.Schema {
	return anyOf(word("auto"), schemaOf(reflect.TypeFor[time.Duration]()))
}

func repeatSchema() *jsonschema.Schema {
	return anyOf(word("auto"), &jsonschema.Schema{Type: "integer", Minimum: "1", Maximum: "100"})
}

func limitsSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type: "object", Properties: orderedmap.New[string, *jsonschema.Schema](),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	for _, name := range metricNames() {
		s.Properties.Set(name, metricSchema(name))
	}
	return s
}

func scalars() []*jsonschema.Schema {
	return []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
}

func paramsSchema() *jsonschema.Schema {
	disorder := &jsonschema.Schema{
		Type: "object", Properties: orderedmap.New[string, *jsonschema.Schema](),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	for _, p := range []struct{ key, doc string }{
		{"ppm", "events of a million that are delayed"},
		{"lo", "least delay"},
		{"hi", "largest delay"},
	} {
		one := anyOf(&jsonschema.Schema{Type: "integer", Minimum: "0"}, text(""))
		one.Description = p.doc
		disorder.Properties.Set(p.key, one)
	}
	value := anyOf(append(scalars(), disorder)...)
	return &jsonschema.Schema{Type: "object", AdditionalProperties: value}
}

func partitionSchema() *jsonschema.Schema {
	ring := &jsonschema.Schema{Type: "boolean"}
	sides := &jsonschema.Schema{Type: "array", Items: text("")}
	return anyOf(sides, text(`[|>]`),
		unitProperty("bridge", text(`^[a-z]`), "the one node that both halves see"),
		unitProperty("ring", ring, "each node sees only its neighbours"))
}

func anchorSchema() *jsonschema.Schema {
	return anyOf(text(""), &jsonschema.Schema{Type: "number"})
}

func metricSchema(name string) *jsonschema.Schema {
	m, _ := record.FindMetric(name)
	s := anyOf(text(""), &jsonschema.Schema{Type: "integer", Minimum: "0"})
	s.Description = fmt.Sprintf("%s; written %s", m.Doc, writeMetric(m))
	return s
}
