package flink

import (
	"context"
	"errors"
	"fmt"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
)

// wholeProgram is the generic program with all it needs, for a cluster that has nothing of it. It
// is in the image, so an engine has to have that, wherever the cluster is.
func wholeProgram(ctx context.Context, job adapters.Job) (jar []byte, err error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("take the program out of its image: %w", err)
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	image := job.Own.Image
	if image == "" {
		image = Image().Ref()
	}
	return engine.ReadFile(ctx, image, wholeJar)
}
