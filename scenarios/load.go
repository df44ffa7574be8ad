package scenarios

import (
	"path/filepath"
	"reflect"
	"strings"
)

// Load reads a scenario: name is what messages call the file, sets are changes made to it, each
// PATH=VALUE as in load.rate=1.5M/s. It returns every problem there is, and then no scenario.
func Load(name string, src []byte, sets []string) (*Scenario, Problems) {
	return load(name, src, sets, false)
}

// LoadQuick reads the quick form of a scenario, as Load reads the whole: what it says below quick
// is laid over the rest, and then the changes.
func LoadQuick(name string, src []byte, sets []string) (*Scenario, Problems) {
	return load(name, src, sets, true)
}

func load(name string, src []byte, sets []string, quick bool) (*Scenario, Problems) {
	g := &gatherer{file: name}
	root := (&reader{problems: g}).read(src)
	if root == nil {
		return nil, g.finish(src)
	}
	root, short := root.divide(g, quick)
	for _, set := range sets {
		root = applySet(g, root, set)
	}
	s := understand(g, root, quick)
	if len(g.list) == 0 && short != nil && !quick {
		// Its mistakes are to be seen before it is asked for.
		understand(g, short, true)
	}
	if len(g.list) > 0 {
		return nil, g.finish(src)
	}
	return s, nil
}

// locate has the paths of a file count from its folder, those of a flag from the working folder.
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

// understand makes a scenario of its nodes and gathers what is wrong with it.
func understand(g *gatherer, root *node, quick bool) *Scenario {
	s := &Scenario{}
	if root.kind == nullNode {
		g.add(root.place, "the scenario is empty",
			"write at least name and workload, or start from streambench init NAME")
		return s
	}
	(&decoder{problems: g}).into(root, reflect.ValueOf(s).Elem(), "", "")
	s.fill(root)
	s.locate(root, filepath.Dir(g.file))
	if quick {
		s.hurry(root)
	}
	check(s, root, g)
	return s
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
