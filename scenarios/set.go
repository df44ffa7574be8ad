package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var setPath = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,200}$`)

// applySet changes one value of the file as PATH=VALUE says and returns the root. A path is keys
// and list positions joined by dots; maps that are missing are made. Names of metrics hold dots
// themselves: below slo and load.rate what is left of the path is one key.
func applySet(g *gatherer, root *node, set string) *node {
	path, value, ok := strings.Cut(set, "=")
	flag := "--set " + printable(path)
	if !ok || !setPath.MatchString(path) {
		g.add(place{flag: flag}, "not a path and a value", "write --set load.rate=1.5M/s")
		return root
	}
	r := &reader{problems: g, flag: flag}
	n := r.read([]byte(value))
	if n == nil {
		return root
	}
	stamp(n, flag)
	steps := splitPath(path)
	root.spellOut(steps)
	if err := root.set(steps, n, flag); err != nil {
		g.add(place{flag: flag}, err.Error(), "see streambench schema for the keys there are")
	}
	return root
}

// spellOut gives a system that is written as its name the form that has room for more.
func (n *node) spellOut(path []string) {
	list := n.get("systems")
	if len(path) < 3 || path[0] != "systems" || list == nil || list.kind != listNode {
		return
	}
	i, err := strconv.Atoi(path[1])
	if err != nil || i < 0 || i >= len(list.items) || list.items[i].kind != textNode {
		return
	}
	name := *list.items[i]
	*list.items[i] = node{kind: mapNode, place: name.place, fields: []field{
		{key: "name", place: name.place, value: &name},
	}}
}

// splitPath splits at dots, but keeps the name of a metric whole.
func splitPath(path string) []string {
	for _, prefix := range []string{"slo.", "load.rate."} {
		if rest, ok := strings.CutPrefix(path, prefix); ok && rest != "" {
			if _, err := strconv.Atoi(rest[:1]); err != nil {
				return append(strings.Split(strings.TrimSuffix(prefix, "."), "."), rest)
			}
		}
	}
	return strings.Split(path, ".")
}

// stamp says of a value and all its parts that they come from a flag.
func stamp(n *node, flag string) {
	n.place.flag = flag
	for i := range n.fields {
		n.fields[i].place.flag = flag
		stamp(n.fields[i].value, flag)
	}
	for _, item := range n.items {
		stamp(item, flag)
	}
}

func (n *node) set(path []string, value *node, flag string) error {
	at := place{flag: flag}
	if n.kind == listNode {
		return n.setItem(path, value, flag)
	}
	if n.kind == nullNode {
		*n = node{kind: mapNode, place: at}
	}
	if n.kind != mapNode {
		return fmt.Errorf("%q has no key %q, it is %s", clip(n.text), path[0], n.kind)
	}
	f := n.field(path[0])
	if f == nil {
		n.fields = append(n.fields, field{key: path[0], place: at, value: &node{place: at}})
		f = &n.fields[len(n.fields)-1]
	}
	if len(path) == 1 {
		f.value = value
		return nil
	}
	return f.value.set(path[1:], value, flag)
}

// setItem changes an item of a list, or adds one behind its end.
func (n *node) setItem(path []string, value *node, flag string) error {
	i, err := strconv.Atoi(path[0])
	if err != nil || i < 0 || i > len(n.items) {
		return fmt.Errorf("%q is no position in a list of %d: write 0 to %d", path[0], len(n.items),
			len(n.items))
	}
	if i == len(n.items) {
		n.items = append(n.items, &node{place: place{flag: flag}})
	}
	if len(path) == 1 {
		n.items[i] = value
		return nil
	}
	return n.items[i].set(path[1:], value, flag)
}
