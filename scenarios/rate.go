package scenarios

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"

	"github.com/streambench/streambench/matrix"
	"github.com/streambench/streambench/reports/record"
)

func decodeRate(d *decoder, n *node, v reflect.Value, path string) {
	var r Rate
	switch {
	case n.kind == listNode && isProfile(n):
		d.into(n, reflect.ValueOf(&r.Pieces).Elem(), path, "")
	case n.kind == listNode:
		d.into(n, reflect.ValueOf(&r.Legs).Elem(), path, "")
	case n.kind == mapNode:
		d.rateMap(n, &r, path)
	case n.text == "max":
		r.Max = true
	default:
		d.into(n, reflect.ValueOf(&r.PerSecond).Elem(), path, "")
	}
	v.Set(reflect.ValueOf(r))
}

// isProfile reports whether a list is one of pieces and not one of rates: its first item says how
// long it lasts, or it has none.
func isProfile(n *node) bool {
	if len(n.items) == 0 {
		return true
	}
	first := n.items[0]
	return first.kind == mapNode && first.field("of-capacity") == nil && first.field("search") == nil
}

func (d *decoder) rateMap(n *node, r *Rate, path string) {
	if n.field("of-capacity") != nil {
		d.share(n, r, path)
		return
	}
	f := n.field("search")
	if f == nil {
		d.problems.add(n.place, path+" has neither search nor of-capacity",
			"write 250k/s, max, [{for: 10s, rate: 100k/s}], {search: sustainable, latency.p99: 1s} "+
				"or {of-capacity: 70%}")
		return
	}
	r.Search = &Search{}
	d.into(f.value, reflect.ValueOf(&r.Search.For).Elem(), path+".search", `oneof:"sustainable"`)
	r.Search.Limits = d.limits(n, path, "search")
}

func (d *decoder) share(n *node, r *Rate, path string) {
	for _, f := range n.fields {
		switch f.key {
		case "of-capacity":
			d.into(f.value, reflect.ValueOf(&r.OfCapacity).Elem(), join(path, f.key), "")
		case "estimate":
			d.into(f.value, reflect.ValueOf(&r.Estimate).Elem(), join(path, f.key), "")
		default:
			d.unknown(f, path, []string{"of-capacity", "estimate"})
		}
	}
}

func encodeRate(v reflect.Value) any {
	r := v.Interface().(Rate)
	switch {
	case r.Max:
		return "max"
	case r.Legs != nil:
		return encode(reflect.ValueOf(r.Legs))
	case r.Pieces != nil:
		return encode(reflect.ValueOf(r.Pieces))
	case r.OfCapacity != 0:
		share := yaml.MapSlice{{Key: "of-capacity", Value: formatPercent(float64(r.OfCapacity))}}
		if r.Estimate != 0 {
			share = append(share, yaml.MapItem{Key: "estimate", Value: formatDuration(r.Estimate)})
		}
		return share
	case r.Search != nil:
		search := yaml.MapSlice{{Key: "search", Value: r.Search.For}}
		return append(search, r.Search.Limits.plain()...)
	}
	return encode(reflect.ValueOf(r.PerSecond))
}

func rateSchema() *jsonschema.Schema {
	piece := reflected(reflect.TypeFor[Piece]())
	piece.Required = []string{"for", "rate"}
	search := limitsSchema()
	kind := word("sustainable")
	kind.Description = "sustainable = the highest rate at which backlog does not grow"
	search.Properties.Set("search", kind)
	search.Required = []string{"search"}
	share := unitProperty("of-capacity", schemaOf(reflect.TypeFor[matrix.Percent]()),
		"share of each system's own capacity")
	estimate := schemaOf(reflect.TypeFor[time.Duration]())
	estimate.Description = "longest drain by which the capacity is estimated, in place of a search"
	share.Properties.Set("estimate", estimate)
	one := text(`^[0-9]+(\.[0-9]+)?[kM]?/s$`)
	return anyOf(text(`^(max|[0-9]+(\.[0-9]+)?[kM]?/s)$`),
		&jsonschema.Schema{Type: "array", Items: piece}, search, share,
		&jsonschema.Schema{Type: "array", Items: anyOf(one, share)})
}

// String is the rate as it stands in a scenario.
func (r Rate) String() string {
	switch {
	case r.Max:
		return "max"
	case r.Legs != nil:
		parts := make([]string, len(r.Legs))
		for i, leg := range r.Legs {
			parts[i] = leg.String()
		}
		return strings.Join(parts, " and ")
	case r.Pieces != nil:
		text := ""
		for _, p := range r.Pieces {
			text += fmt.Sprintf(", %s/s for %s", formatCount(uint64(p.Rate)), formatDuration(p.For))
		}
		return text[len(", "):]
	case r.Search != nil:
		return "a " + r.Search.For + " rate, to be found"
	case r.OfCapacity > 0:
		return formatPercent(float64(r.OfCapacity)) + " of capacity"
	}
	return formatCount(uint64(r.PerSecond)) + "/s"
}

// mark is what tells a leg from the others of its system, behind the system's label.
func (r Rate) mark() string {
	if r.OfCapacity > 0 {
		return formatPercent(float64(r.OfCapacity))
	}
	return r.String()
}

// legs are the rates a system is offered one after the other; most often it is one.
func (r Rate) legs() []Rate {
	if r.Legs != nil {
		return r.Legs
	}
	return []Rate{r}
}

// searching is the first leg whose rate has to be found by a run; ok is false where there is none.
func (r Rate) searching() (leg Rate, ok bool) {
	for _, leg := range r.legs() {
		if leg.Search != nil || leg.OfCapacity > 0 {
			return leg, true
		}
	}
	return Rate{}, false
}

// searches reports whether the rate, or that of a leg, has to be found by a run.
func (r Rate) searches() bool {
	_, ok := r.searching()
	return ok
}

// bisects reports whether the sustainable rate is searched by the scenario's own word.
func (r Rate) bisects() bool {
	leg, _ := r.searching()
	return leg.Search != nil
}

// estimate is the longest drain the capacity is estimated by; 0 where it is searched, or not asked.
func (r Rate) estimate() time.Duration {
	leg, _ := r.searching()
	return leg.Estimate
}

// share is the part of the rate found that repetitions are offered.
func (r Rate) share() float64 {
	if r.OfCapacity > 0 {
		return float64(r.OfCapacity)
	}
	return 1
}

// of is the rate that repetitions are offered of what was found.
func (r Rate) of(b record.Bracket) float64 {
	most := b.Passed
	if b.Estimate != nil {
		most = min(most, b.Estimate.Most())
	}
	return rounded(most * r.share())
}

// limits are those of a search, beside a backlog that does not grow.
func (r Rate) limits() Limits {
	if r.Search == nil {
		return nil
	}
	return r.Search.Limits
}

// highest is the highest rate that is fixed beforehand, 0 where none is.
func (r Rate) highest() EventRate {
	highest := r.PerSecond
	for _, p := range r.Pieces {
		highest = max(highest, p.Rate)
	}
	for _, leg := range r.Legs {
		highest = max(highest, leg.highest())
	}
	return highest
}
