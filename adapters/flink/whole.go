package flink

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/streambench/streambench/adapters"
)

// wholeProgram is the generic program with all it needs, for a cluster that has nothing of it.
func wholeProgram(ctx context.Context, job adapters.Job) ([]byte, error) {
	if at := os.Getenv("STREAMBENCH_FLINK_JOB"); at != "" {
		return os.ReadFile(at)
	}
	return nil, fmt.Errorf("take it from the image: %w", errors.ErrUnsupported)
}
