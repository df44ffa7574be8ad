// Package docker runs the nodes of systems and brokers in containers of a Docker engine, through
// testcontainers-go: a network of their own with pinned addresses, limits, logs, and nothing left
// behind.
package docker

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/streambench/streambench/adapters"
)

// answer is how long the engine may take to say who it is.
const answer = 10 * time.Second

// Engine is a Docker engine that answers.
type Engine struct {
	cli     client.APIClient
	Version string
}

// Connect reaches the engine that DOCKER_HOST or the current context names. The error wraps
// adapters.ErrNotReady.
func Connect(ctx context.Context) (*Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") == "" {
		if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
			return nil, err
		}
	}
	tclog.SetDefault(tclog.NewNoopLogger())
	dc, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("reach docker engine: %w: %w", adapters.ErrNotReady, err)
	}
	v, err := dc.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return nil, fmt.Errorf("reach docker engine: %w: %w", adapters.ErrNotReady, err)
	}
	return &Engine{cli: dc.Client, Version: v.Version}, nil
}

// Close lets go of the engine.
func (e *Engine) Close() error { return e.cli.Close() }
