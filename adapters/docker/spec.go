package docker

import (
	"context"
	"time"

	"github.com/streambench/streambench/chaos"
)

// Spec is a container to be started.
type Spec struct {
	Name  string // of the node, and of the container on its network
	Image string
	Role  chaos.Role
	Cmd   []string
	Env   map[string]string
	// EnvOf are further entries, which may depend on the address and the published ports: both are
	// chosen before the start, and stay over Kill and Restart. It may be called again with others,
	// where one was taken in between.
	EnvOf   func(c *Container) map[string]string
	Publish []int // ports of the container, each at a fixed free port of 127.0.0.1
	Files   []File
	// Shared is a folder where all containers of the deployment that name one see the same files:
	// first those that the image of the first one has there, with their owner. It goes with the
	// deployment.
	Shared  string
	CPUs    float64       // how many it may use at once; 0 for all
	Cpuset  string        // which, as in "0-1"; "" for any
	MemoryB uint64        // limit, without swap; 0 for none
	Ready   Ready         // nil for at once
	Within  time.Duration // how long it may take to be ready; 0 is two minutes
}

// File is one that a container finds when it starts. It is root's.
type File struct {
	Path string
	Body []byte
	Mode int64 // 0 is 0644
}

// Ready says why a container is not ready yet; nil once it is. It is called again every 200 ms.
type Ready func(ctx context.Context, c *Container) error
