package docker

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// Ryuk is the container in which testcontainers removes what a dead process has left. It is one
// more net below ours, the lease and its reaper, and is left out where its image cannot be had.
const (
	ryukOff = "TESTCONTAINERS_RYUK_DISABLED"
	// ryukEnd is how long Ryuk stays when the process is gone.
	ryukEnd, ryukSoon = "RYUK_RECONNECTION_TIMEOUT", "2s"
	// ryukAt is where it is reached: like all that is published, at this host. Testcontainers takes
	// a machine that is a container itself for one beside the others.
	ryukAt, ryukHere = "TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"
	// ryukFrom would have testcontainers look for the images that are built here at a registry.
	ryukFrom = "TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX"
	// registry is where the image is, longestDial and longestPull how long it may take to have it.
	registry    = "registry-1.docker.io:443"
	longestDial = time.Second
	longestPull = 20 * time.Second
)

// settleReaper has testcontainers use this engine, and Ryuk where it can be had. It is to be called
// before anything else of testcontainers is, as that reads its settings once.
func (e *Engine) settleReaper(ctx context.Context) error {
	tclog.SetDefault(tclog.NewNoopLogger())
	errs := []error{os.Setenv("DOCKER_HOST", e.host), os.Unsetenv(ryukFrom)}
	if os.Getenv(ryukOff) == "" && !e.hasRyuk(ctx) {
		errs = append(errs, os.Setenv(ryukOff, "true"))
	}
	for name, value := range map[string]string{ryukEnd: ryukSoon, ryukAt: ryukHere} {
		if os.Getenv(name) == "" {
			errs = append(errs, os.Setenv(name, value))
		}
	}
	return errors.Join(errs...)
}

// hasRyuk reports whether the image is there, or comes quickly.
func (e *Engine) hasRyuk(ctx context.Context) bool {
	image := testcontainers.ReaperDefaultImage
	if there, err := e.Has(ctx, image); there || err != nil {
		return there
	}
	conn, err := net.DialTimeout("tcp", registry, longestDial)
	if err != nil {
		return false
	}
	conn.Close()
	ctx, cancel := context.WithTimeout(ctx, longestPull)
	defer cancel()
	return e.pull(ctx, image) == nil
}

// pull has the engine fetch an image from its registry.
func (e *Engine) pull(ctx context.Context, ref string) error {
	r, err := e.cli.ImagePull(ctx, ref, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer r.Close()
	return readProgress(r, io.Discard)
}
