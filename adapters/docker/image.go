package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/containerd/errdefs"
)

// Image is what an image of this repository is built from.
type Image struct {
	Name, Version string
	Files         fs.FS         // the build context, with a Dockerfile at its root
	BuildTime     time.Duration // what a build takes where nothing is there yet
}

// Ref is streambench/<name>:<version>-<hash>: an image that is there is the one Files make.
func (i Image) Ref() string {
	return fmt.Sprintf("streambench/%s:%s-%s", i.Name, i.Version, i.hash())
}

// hash is of the paths and bytes of all files. The files are embedded in this binary: one that
// cannot be read is a bug.
func (i Image) hash() string {
	all := sha256.New()
	for _, name := range listFiles(i.Files) {
		text, err := fs.ReadFile(i.Files, name)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		fmt.Fprintf(all, "%d %s %d\n", len(name), name, len(text))
		all.Write(text)
	}
	return hex.EncodeToString(all.Sum(nil))[:12]
}

// listFiles are the paths of all regular files, sorted.
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

// Merge lays files below the folder that is their key, "" for the root: a build context made of
// several packages. Where two parts have a file of one path it panics.
func Merge(parts map[string]fs.FS) fs.FS {
	all := memory{}
	for prefix, files := range parts {
		for _, name := range listFiles(files) {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				panic("BUG: " + err.Error())
			}
			at := path.Join(prefix, name)
			if _, twice := all[at]; twice {
				panic("BUG: two parts of a build context have " + at)
			}
			all[at] = text
		}
	}
	return all.fs()
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

// BuildOptions are how an image is built.
type BuildOptions struct {
	Base string    // the image it is based on, of Debian; "" is what $STREAMBENCH_BASE says, or Debian's own
	CA   string    // a folder of further certificate authorities, *.crt; "" is what $STREAMBENCH_CA says, or this host's own
	Log  io.Writer // takes what the build says; nil for nobody
}
