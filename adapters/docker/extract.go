package docker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// ReadFile reads a file of an image, by way of a container that is never started.
func (e *Engine) ReadFile(ctx context.Context, ref, path string) (text []byte, err error) {
	if err := e.need(ctx, ref); err != nil {
		return nil, err
	}
	made, err := e.cli.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image: ref,
			Labels: map[string]string{
				labelRun: "extract", labelOwner: owner(), labelHome: home(),
			},
		},
	})
	if err != nil {
		return nil, unready("read "+path+" of image "+ref, err, remedyFor(err))
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestRemoval)
		defer cancel()
		err = errors.Join(err, e.removeContainer(end, made.ID))
	}()
	r, err := e.cli.CopyFromContainer(ctx, made.ID, client.CopyFromContainerOptions{SourcePath: path})
	if err != nil {
		return nil, fmt.Errorf("read %s of image %s: %w", path, ref, err)
	}
	defer r.Content.Close()
	archive := tar.NewReader(r.Content)
	if _, err := archive.Next(); err != nil {
		return nil, fmt.Errorf("read %s of image %s: %w", path, ref, err)
	}
	if text, err = io.ReadAll(archive); err != nil {
		return nil, fmt.Errorf("read %s of image %s: %w", path, ref, err)
	}
	return text, nil
}
