package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/containerd/errdefs"
)

// ours is how the references of images begin that are built here.
const ours = "streambench/"

// Image is what an image is built from.
type Image struct {
	Name, Version string
	Files         fs.FS         // the build context, with a Dockerfile at its root
	BuildTime     time.Duration // what a build takes where nothing is there yet
}

// Ref is streambench/<name>:<version>-<hash>: an image that is there is the one Files make.
func (i Image) Ref() string {
	return fmt.Sprintf("%s%s:%s-%s", ours, i.Name, i.Version, i.hash())
}

// hash is of the paths and bytes of all files.
func (i Image) hash() string {
	all := sha256.New()
	for _, name := range listFiles(i.Files) {
		text := readFile(i.Files, name)
		fmt.Fprintf(all, "%d %s %d\n", len(name), name, len(text))
		all.Write(text)
	}
	return hex.EncodeToString(all.Sum(nil))[:12]
}

// listFiles are the paths of all regular files, sorted. The files are embedded in this binary: some
// that cannot be read are a bug.
func listFiles(files fs.FS) []string {
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	slices.Sort(names)
	return names
}

func readFile(files fs.FS, name string) []byte {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return text
}

// Merge lays files below the folder that is their key, "" for the root: a build context made of
// several packages. That two of them have a file of one path is a bug.
func Merge(parts map[string]fs.FS) fs.FS {
	all := fstest.MapFS{}
	for prefix, files := range parts {
		for _, name := range listFiles(files) {
			at := path.Join(prefix, name)
			if all[at] != nil {
				panic("BUG: two parts of a build context have " + at)
			}
			all[at] = &fstest.MapFile{Data: readFile(files, name), Mode: 0o644}
		}
	}
	return all
}

// Has reports whether the engine has an image.
func (e *Engine) Has(ctx context.Context, ref string) (bool, error) {
	_, err := e.cli.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for image %s: %w", ref, err)
	}
	return true, nil
}

// need returns once the engine has an image. One that is built here is not fetched from anywhere.
func (e *Engine) need(ctx context.Context, ref string) error {
	there, err := e.Has(ctx, ref)
	if err != nil || there {
		return err
	}
	what := "have image " + ref
	name, built := strings.CutPrefix(ref, ours)
	if built {
		name, _, _ = strings.Cut(name, ":")
		return unready(what, errors.New("it is not built yet"), "streambench images build "+name)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestFetch,
		fmt.Errorf("not there within %s", longestFetch))
	defer cancel()
	if err := e.pull(ctx, ref); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return unready(what, err, firstOf(remedyFor(err),
			"is the name right? images of this host are listed by docker images"))
	}
	return nil
}
