package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/streambench/streambench/adapters/docker"
)

// containersHere looks at the engine and at the images it has. Both are needed by systems in
// containers alone, so nothing of it is a FAIL.
func containersHere(ctx context.Context) []diagnosis {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return []diagnosis{{Check: "docker", State: stateOK,
			Found: err.Error() + "; only systems in containers need one"}}
	}
	defer engine.Close()
	all, err := inventory{engine, images}.states(ctx)
	if err != nil {
		return []diagnosis{{Check: "docker", State: stateWarn, Found: err.Error(),
			Fix: "look at the engine: docker info"}}
	}
	var built []string
	var missing []diagnosis
	for _, s := range all {
		if s.Present {
			built = append(built, s.Name)
			continue
		}
		missing = append(missing, diagnosis{Check: "no image", State: stateOK,
			Found: fmt.Sprintf("%s is not built, which takes about %s", s.Name, seconds(s.ExpectS)),
			Fix:   "streambench images build " + s.Name})
	}
	found := "engine " + engine.Version + "; images built: " + strings.Join(built, ", ")
	if len(built) == 0 {
		found = "engine " + engine.Version + "; no image is built"
	}
	return append([]diagnosis{{Check: "docker", State: stateOK, Found: found}}, missing...)
}
