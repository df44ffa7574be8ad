package scenarios

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/streambench/streambench/reports/record"
)

// decoder turns nodes into the structs of the file. It goes on after a problem: what is wrong is
// left at its zero value, so that one reading finds everything.
type decoder struct {
	problems *gatherer
}

// into decodes a node. path is what messages call it; tag may bound it (oneof, range, signed).
func (d *decoder) into(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	if n.kind == nullNode {
		d.problems.add(n.place, path+" has no value", "write one or leave the key out")
		return
	}
	if c, ok := codecOf(v.Type()); ok {
		c.decode(d, n, v, path)
		return
	}
	if _, ok := units[v.Type()]; ok {
		d.unit(n, v, path, tag)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.into(n, v.Elem(), path, tag)
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, tag)
	case reflect.Map:
		d.dictionary(n, v, path)
	default:
		d.scalar(n, v, path, tag)
	}
}

// want reports whether a node is of a kind, and adds the problem if not.
func (d *decoder) want(n *node, k kind, path string) bool {
	if n.kind != k {
		d.problems.add(n.place, fmt.Sprintf("%s is %s", path, n.kind), "write "+k.String())
		return false
	}
	return true
}

// fail adds what parse says about a value.
func (d *decoder) fail(n *node, path string, err error) {
	var w wrong
	if errors.As(err, &w) {
		d.problems.add(n.place, path+" "+w.message, w.remedy)
		return
	}
	message, remedy, _ := strings.Cut(err.Error(), ": ")
	d.problems.add(n.place, called(path)+": "+message, remedy)
}

// called is what people call the place of a path: those who wrote the third fault do not count
// faults from 0.
func called(path string) string {
	parts := strings.Split(path, ".")
	if i, err := strconv.Atoi(parts[min(1, len(parts)-1)]); err == nil && parts[0] == "faults" {
		return fmt.Sprintf("fault %d", i+1)
	}
	return path
}

func (d *decoder) unit(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	u := units[v.Type()]
	if n.kind != textNode && n.kind != numberNode {
		d.problems.add(n.place, fmt.Sprintf("%s is %s", path, n.kind), "write "+u.write)
		return
	}
	value, err := u.parse(strings.TrimSpace(n.text))
	if err != nil {
		d.fail(n, path, err)
		return
	}
	parsed := reflect.ValueOf(value)
	if parsed.CanInt() && parsed.Int() < 0 && tag.Get("signed") == "" {
		d.problems.add(n.place, path+" is negative", "write "+u.write)
		return
	}
	v.Set(parsed)
}

// structure decodes a map into a struct by its yaml tags.
func (d *decoder) structure(n *node, v reflect.Value, path string) {
	if !d.want(n, mapNode, describe(path)) {
		return
	}
	keys := keysOf(v.Type())
	for _, f := range n.fields {
		i := slices.Index(keys, f.key)
		if i < 0 {
			d.unknown(f, path, keys)
			continue
		}
		d.into(f.value, v.Field(i), join(path, f.key), v.Type().Field(i).Tag)
	}
}

func (d *decoder) unknown(f field, path string, keys []string) {
	message := fmt.Sprintf("unknown key %q", clip(f.key))
	if path != "" {
		message += " in " + path
	}
	d.problems.add(f.place, message, didYouMean(f.key, keys))
}

func (d *decoder) list(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	if !d.want(n, listNode, path) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		d.into(item, v.Index(i), join(path, strconv.Itoa(i)), tag)
	}
}

func (d *decoder) dictionary(n *node, v reflect.Value, path string) {
	if !d.want(n, mapNode, path) {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, f := range n.fields {
		value := reflect.New(v.Type().Elem()).Elem()
		if value.Kind() == reflect.String && f.value.isScalar() {
			value.SetString(f.value.text) // settings are texts whatever they look like
		} else {
			d.into(f.value, value, join(path, f.key), "")
		}
		v.SetMapIndex(reflect.ValueOf(f.key), value)
	}
}

func (n *node) isScalar() bool {
	return n.kind == textNode || n.kind == numberNode || n.kind == boolNode
}

func (d *decoder) scalar(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	switch {
	case v.Kind() == reflect.String:
		d.text(n, v, path, tag)
	case v.Kind() == reflect.Bool:
		if d.want(n, boolNode, path) {
			v.SetBool(n.text == "true")
		}
	case d.want(n, numberNode, path):
		d.number(n, v, path, tag)
	}
}

func (d *decoder) text(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	choices := choicesOf(tag)
	if n.kind != textNode && len(choices) > 0 {
		d.problems.add(n.place, fmt.Sprintf("%s is %s", path, n.kind),
			"write one of "+strings.Join(choices, ", "))
		return
	}
	if n.kind == numberNode || n.kind == boolNode {
		d.problems.add(n.place, fmt.Sprintf("%s is %s", path, n.kind),
			fmt.Sprintf("write %q with its quotes", clip(n.text)))
		return
	}
	if !d.want(n, textNode, path) {
		return
	}
	if len(choices) > 0 && !slices.Contains(choices, n.text) {
		d.problems.add(n.place, fmt.Sprintf("%s is %q", path, clip(n.text)),
			didYouMean(n.text, choices))
		return
	}
	v.SetString(n.text)
}

func (d *decoder) number(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	text := strings.ReplaceAll(n.text, "_", "")
	low, high := bounds(tag)
	value, err := strconv.ParseFloat(text, 64)
	whole := v.Kind() != reflect.Float64
	switch {
	case err != nil || math.IsNaN(value) || (whole && value != math.Trunc(value)):
		d.problems.add(n.place, fmt.Sprintf("%s is %s", path, clip(n.text)), "write a whole number")
	case value < low || value > high:
		d.problems.add(n.place, fmt.Sprintf("%s is %s", path, clip(n.text)),
			fmt.Sprintf("write %s to %s", plain(low), plain(high)))
	case v.CanFloat():
		v.SetFloat(value)
	case v.CanUint():
		u, _ := strconv.ParseUint(text, 10, 64)
		if u == 0 && value != 0 {
			u = uint64(value) // written as 1e6 or 41.0
		}
		v.SetUint(u)
	default:
		v.SetInt(int64(value))
	}
}

// lists are choices too long for a tag; a tag names them.
var lists = map[string]string{
	"@guarantees": "at-most-once at-least-once exactly-once",
	"@modes":      strings.Join(record.Modes, " "),
	"@profiles":   "defaults equal-detection vendor-tuned",
	"@sasl":       "none plain scram-sha-256 scram-sha-512",
	"@verbs":      "kill stop lose pause partition link disk clock pressure swizzle",
}

func choicesOf(tag reflect.StructTag) []string {
	choices := tag.Get("oneof")
	if list, ok := lists[choices]; ok {
		choices = list
	}
	return strings.Fields(choices)
}

func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// bounds of a number; without a range they keep conversions exact.
func bounds(tag reflect.StructTag) (low, high float64) {
	lowText, highText, ok := strings.Cut(tag.Get("range"), " ")
	if !ok {
		return 0, 1 << 53
	}
	low, _ = strconv.ParseFloat(lowText, 64)
	high, _ = strconv.ParseFloat(highText, 64)
	return low, high
}

// keysOf are the keys of a struct, "" for fields that are not in the file.
func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func describe(path string) string {
	if path == "" {
		return "the scenario"
	}
	return path
}
