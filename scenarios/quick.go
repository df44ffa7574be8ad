package scenarios

import (
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/streambench/streambench/adapters"
)

// quickKey holds the quick form of a scenario: the keys that differ in it.
const quickKey = "quick"

// The deployments of a scenario.
const (
	deployEach = "each" // a fresh one for every repetition
	deployOnce = "once" // one for all repetitions of a system, and the same brokers for all
)

// quickEstimate is the drain that takes the place of a search in a quick form.
const quickEstimate = 20 * time.Second

// divide takes the quick form out of a scenario. It returns the scenario that is meant, which is
// the quick one where that is asked for, and the quick one where there is any.
func (n *node) divide(g *gatherer, quick bool) (meant, short *node) {
	f := n.field(quickKey)
	if f == nil {
		if quick && n.kind == mapNode {
			g.add(n.place, "the scenario has no quick form", "leave --quick out, or add what differs "+
				"in it: quick: {load: {warmup: 2s, steady: 10s}}")
		}
		return n, nil
	}
	whole := &node{kind: mapNode, place: n.place}
	for _, other := range n.fields {
		if other.key != quickKey {
			whole.fields = append(whole.fields, other)
		}
	}
	if f.value.kind != mapNode {
		g.add(f.value.place, quickKey+" is "+f.value.kind.String(),
			"write what differs in the quick form: {load: {warmup: 2s, steady: 10s}}")
		return whole, nil
	}
	if name := f.value.field("name"); name != nil {
		g.add(name.place, "the quick form has a name of its own", "leave it out: it is the scenario's")
	}
	short = whole.under(f.value)
	if quick {
		return short, short
	}
	return whole, short
}

// under is a map with another one laid over it: keys of both that are maps are laid over each
// other, all others are replaced. Neither map is changed. A choice that is written as a map, as a
// rate may be, is one value.
func (n *node) under(over *node) *node {
	out := &node{kind: mapNode, place: n.place}
	for _, f := range n.fields {
		if other := over.field(f.key); other != nil {
			value := other.value
			if value.kind == mapNode && f.value.kind == mapNode && f.key != "rate" {
				value = f.value.under(value)
			}
			f = field{key: f.key, place: other.place, value: value}
		} else {
			f.value = f.value.clone()
		}
		out.fields = append(out.fields, f)
	}
	for _, f := range over.fields {
		if n.field(f.key) == nil {
			out.fields = append(out.fields, field{key: f.key, place: f.place, value: f.value.clone()})
		}
	}
	return out
}

func (n *node) clone() *node {
	c := *n
	c.fields, c.items = nil, nil
	for _, f := range n.fields {
		c.fields = append(c.fields, field{key: f.key, place: f.place, value: f.value.clone()})
	}
	for _, item := range n.items {
		c.items = append(c.items, item.clone())
	}
	return &c
}

// hurry has one deployment serve all repetitions of a system, and an estimate take the place of
// each search for a capacity, unless the scenario says otherwise or there is no topic to drain.
func (s *Scenario) hurry(root *node) {
	if root.get("deployment") == nil {
		s.Deployment = deployOnce
	}
	if s.Load.Transport == adapters.Embedded {
		return
	}
	rate := &s.Load.Rate
	all := []*Rate{rate}
	for i := range rate.Legs {
		all = append(all, &rate.Legs[i])
	}
	for _, r := range all {
		if r.OfCapacity > 0 {
			fallback(&r.Estimate, quickEstimate)
		}
	}
}

// quickSchema is the schema of a quick form: that of a scenario without its name.
func quickSchema() *jsonschema.Schema {
	s := reflected(reflect.TypeFor[Scenario]())
	s.Properties.Delete("name")
	s.Description = "what differs in the quick form of the scenario, run --quick"
	return s
}

// onceOnly is what the conditions of a run say of its deployment: nothing where each repetition has
// its own.
func onceOnly(deployment string) string {
	if deployment == deployOnce {
		return deployment
	}
	return ""
}
