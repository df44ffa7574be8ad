package scenarios

import (
	"path/filepath"
	"reflect"
	"strings"
)

// Load reads a scenario: name is what messages call the file, sets are changes made to it, each
// PATH=VALUE as in load.rate=1.5M/s. It returns every problem there is, and then no scenario.
func Load(name string, src []byte, sets []string) (*Scenario, Problems) {
	g := &gatherer{file: name}
	root := (&reader{problems: g}).read(src)
	if root == nil {
		return nil, g.finish(src)
	}
	for _, set := range sets {
		root = applySet(g, root, set)
	}
	s := &Scenario{}
	if root.kind == nullNode {
		g.add(root.place, "the scenario is empty",
			"write at least name and workload, or start from streambench init NAME")
		return nil, g.finish(src)
	}
	(&decoder{problems: g}).into(root, reflect.ValueOf(s).Elem(), "", "")
	s.fill(root)
	s.locate(root, filepath.Dir(name))
	check(s, root, g)
	if len(g.list) > 0 {
		return nil, g.finish(src)
	}
	return s, nil
}

// locate has the paths of a file count from its folder, and those of a flag from the working folder.
func (s *Scenario) locate(root *node, folder string) {
	list := root.get("systems")
	for i := range s.Systems {
		jar := &s.Systems[i].Jar
		if *jar == "" || filepath.IsAbs(*jar) || list == nil || i >= len(list.items) {
			continue
		}
		if n := list.items[i].get("jar"); n != nil && n.place.flag == "" {
			*jar = filepath.Join(folder, *jar)
		}
	}
}

// finish gives every problem its lines and puts them in order.
func (g *gatherer) finish(src []byte) Problems {
	lines := strings.Split(strings.ToValidUTF8(string(src), "?"), "\n")
	for i := range g.list {
		if g.list[i].Line > 0 {
			g.list[i].place(lines)
		}
	}
	return g.list.sorted()
}
