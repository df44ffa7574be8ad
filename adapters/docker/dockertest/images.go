// Package dockertest tells tests whether this host can run containers.
package dockertest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters/docker"
)

// NeedImages skips a test where no engine answers or an image is not built, or fails it where
// STREAMBENCH_REQUIRE asks for docker.
func NeedImages(t testing.TB, images ...docker.Image) {
	t.Helper()
	err := lacking(t, images...)
	if err == nil {
		return
	}
	if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker") {
		t.Fatal(err)
	}
	t.Skip(err)
}

// lacking says which of the images is not there, or why no engine can be asked; nil if all are.
func lacking(t testing.TB, images ...docker.Image) error {
	e, err := docker.Connect(t.Context())
	if err != nil {
		return err
	}
	defer e.Close()
	for _, i := range images {
		there, err := e.Has(t.Context(), i.Ref())
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("image %s is not there: streambench images build %s: %w", i.Ref(),
				i.Name, errors.ErrUnsupported)
		}
	}
	return nil
}
