package main

import (
	"context"
	"fmt"

	"github.com/streambench/streambench/adapters/docker"
)

// sweepContainers removes the containers, volumes and networks of tools that are gone, and says
// which. Where there is no engine there are none.
func sweepContainers(ctx context.Context, dryRun bool) ([]string, error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return []string{}, nil // doctor tells why
	}
	defer engine.Close()
	swept, err := engine.Sweep(ctx, dryRun)
	if err != nil {
		return nil, &failure{code: exitEnvironment, remedy: "see to it by hand: docker ps -a",
			err: fmt.Errorf("remove what dead tools left: %w", err)}
	}
	return append([]string{}, swept...), nil
}
