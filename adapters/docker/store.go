package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
)

// About is what an engine knows of an image it has.
type About struct {
	SizeB uint64
	Base  string        // the image it is based on
	Took  time.Duration // how long its build took, 0 where nobody knows
}

// About looks at an image; nil where it is not there.
func (e *Engine) About(ctx context.Context, ref string) (*About, error) {
	r, err := e.cli.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, unready("look for image "+ref, err, remedyFor(err))
	}
	about := &About{SizeB: uint64(r.Size)}
	if r.Config != nil {
		about.Base = r.Config.Labels[labelBase]
		// One that was not built here has no such label.
		about.Took, _ = time.ParseDuration(r.Config.Labels[labelTook])
	}
	return about, nil
}

// Save writes images as a tar archive that Load, and docker load, reads.
func (e *Engine) Save(ctx context.Context, refs []string, w io.Writer) error {
	r, err := e.cli.ImageSave(ctx, refs)
	if err != nil {
		return unready("save images", err, remedyFor(err))
	}
	defer r.Close()
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("save images: %w", err)
	}
	return nil
}

// Load reads images that were saved and returns their references.
func (e *Engine) Load(ctx context.Context, from io.Reader) (refs []string, err error) {
	r, err := e.cli.ImageLoad(ctx, from)
	if err != nil {
		return nil, unready("load images", err, remedyFor(err))
	}
	defer r.Close()
	var said bytes.Buffer
	if err := readProgress(r, &said); err != nil {
		return nil, unready("load images", err, remedyFor(err))
	}
	for line := range strings.Lines(said.String()) {
		if ref, ok := strings.CutPrefix(strings.TrimSpace(line), "Loaded image: "); ok {
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 {
		return nil, errors.New("load images: there are none in the file")
	}
	return refs, nil
}
