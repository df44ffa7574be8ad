package streambench_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/streambench/streambench"

// rule is what one package may import besides the standard library.
type rule struct {
	own     []string // packages of this module; "*" is all of them
	foreign []string // prefixes of import paths of other modules; "*" is all of them
}

// arrows is the direction of every import. A package that is not listed takes the rule of the
// closest folder above it that is.
var arrows = map[string]rule{
	"cmd/streambench": {own: []string{"*"}, foreign: []string{"*"}},
	"scenarios": {
		own: []string{"adapters", "chaos", "workloads", "matrix", "matrix/stats",
			"reports/record", "reports/summary"},
		foreign: []string{"*"},
	},
	"workloads":               {},
	"workloads/workloadstest": {own: []string{"workloads"}},
	"adapters":                {own: []string{"workloads", "chaos", "reports/record"}, foreign: []string{"golang.org/x/sys"}},
	"adapters/kafka": {
		own: []string{"adapters", "adapters/docker", "adapters/kafka/image", "workloads", "chaos",
			"reports/record"},
		foreign: []string{"github.com/twmb/franz-go", "golang.org/x/sys"},
	},
	"adapters/docker": {
		own: []string{"adapters", "chaos"},
		foreign: []string{"github.com/moby/moby/", "github.com/testcontainers/",
			"github.com/containerd/errdefs"},
	},
	"adapters/docker/dockertest": {own: []string{"adapters/docker"}},
	"adapters/kafka/image":       {own: []string{"adapters/docker"}},
	// Its records are those of Kafka, and so are driver and collector.
	"adapters/log": {own: []string{"adapters", "adapters/kafka", "workloads", "chaos"}},
	"adapters/null": {own: []string{"adapters", "adapters/kafka", "adapters/log", "workloads",
		"chaos"}},
	"adapters/java":          {own: []string{"adapters", "workloads"}},
	"adapters/java/javatest": {own: []string{"adapters/java"}},
	"adapters/spark": {
		own: []string{"adapters", "adapters/docker", "adapters/java", "adapters/kafka", "chaos",
			"workloads", "reports/record"},
		foreign: []string{"github.com/twmb/franz-go"},
	},
	"adapters/flink": {own: []string{"adapters", "adapters/docker", "adapters/java",
		"adapters/kafka", "workloads", "chaos", "reports/record"}},
	"adapters/kafkastreams": {
		own: []string{"adapters", "adapters/docker", "adapters/java", "adapters/kafka", "workloads",
			"chaos", "reports/record"},
		foreign: []string{"github.com/twmb/franz-go"},
	},
	"adapters/native": {
		own: []string{"adapters", "adapters/native/engine", "adapters/native/checkpoint",
			"adapters/native/cluster", "adapters/kafka", "adapters/log", "workloads", "chaos",
			"reports/record"},
		foreign: []string{"golang.org/x/sys", "github.com/twmb/franz-go"},
	},
	"adapters/native/cluster": {
		own: []string{"adapters", "adapters/log", "adapters/native/engine",
			"adapters/native/checkpoint", "workloads", "chaos", "reports/record"},
		foreign: []string{"golang.org/x/sys"},
	},
	"adapters/native/checkpoint": {foreign: []string{"golang.org/x/sys"}},
	"adapters/native/engine": {
		own:     []string{"workloads", "reports/record", "adapters/native/checkpoint"},
		foreign: []string{"golang.org/x/sys"},
	},
	"adapters/adaptertest": {
		own: []string{"adapters", "adapters/java/javatest", "adapters/kafka", "workloads",
			"workloads/workloadstest", "chaos"},
		foreign: []string{"github.com/twmb/franz-go"},
	},
	"chaos":                     {own: []string{"reports/record"}, foreign: []string{"golang.org/x/sys"}},
	"matrix":                    {own: []string{"matrix/stats"}, foreign: []string{"gonum.org/"}},
	"matrix/stats":              {foreign: []string{"gonum.org/", "golang.org/x/perf"}},
	"reports":                   {own: []string{"matrix", "matrix/stats", "reports/summary", "reports/record"}, foreign: []string{"*"}},
	"reports/summary":           {own: []string{"matrix/stats", "reports/record"}, foreign: []string{"*"}},
	"reports/record/recordtest": {own: []string{"reports/record"}},
	"reports/record":            {foreign: []string{"github.com/HdrHistogram/"}},
}

// adaptersAndRenderers are imported by the command alone.
var adaptersAndRenderers = []string{"adapters/flink", "adapters/native", "adapters/null", "adapters/spark", "reports"}

// TestImportsFollowTheArrows holds the direction of data: scenarios run systems and write records,
// reports read records, and only the command knows which systems and renderers there are.
func TestImportsFollowTheArrows(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == module {
			continue
		}
		may, ok := ruleOf(name)
		if !ok {
			t.Errorf("%s is in no folder of the table: add it with what it may import", name)
			continue
		}
		for _, path := range p.Imports {
			if !may.allows(path) {
				t.Errorf("%s imports %s, which points against the arrows", name, path)
			}
		}
	}
}

func TestOnlyTheCommandKnowsAdaptersAndRenderers(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, hidden := range adaptersAndRenderers {
			path := module + "/" + hidden
			inside := strings.HasPrefix(p.ImportPath, path)
			if slices.Contains(p.Imports, path) && !inside && !strings.HasPrefix(p.ImportPath, module+"/cmd/") {
				t.Errorf("%s imports %s: only cmd/streambench may", p.ImportPath, hidden)
			}
		}
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for in := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func ruleOf(name string) (rule, bool) {
	for {
		if r, ok := arrows[name]; ok {
			return r, true
		}
		cut := strings.LastIndexByte(name, '/')
		if cut < 0 {
			return rule{}, false
		}
		name = name[:cut]
	}
}

func (r rule) allows(path string) bool {
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		return slices.Contains(r.own, "*") || slices.Contains(r.own, own)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	return slices.ContainsFunc(r.foreign, func(prefix string) bool {
		return prefix == "*" || strings.HasPrefix(path, prefix)
	})
}
