package docker

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

const (
	// debianBase is what images are based on where nothing else is asked for, ownBase what is made
	// from Debian's packages where no registry answers.
	debianBase = "debian:bookworm-slim"
	ownBase    = "streambench/base:bookworm"
	// caFolder is where Debian has the certificate authorities that a host was given.
	caFolder = "/usr/local/share/ca-certificates"
	// longestFetch bounds how long a registry may take.
	longestFetch = 5 * time.Minute
)

// Labels of images that are built here.
const (
	labelImage = "streambench.image" // its name
	labelBase  = "streambench.base"
	labelTook  = "streambench.took" // how long the build took
)

// BuildOptions are how an image is built.
type BuildOptions struct {
	// Base is an image of Debian 12 to base it on. "" is what $STREAMBENCH_BASE says, or else
	// debian:bookworm-slim, or else the streambench/base:bookworm that .ci/base makes.
	Base string
	// CA is a folder of further certificate authorities, *.crt, which the build is to trust. "" is
	// what $STREAMBENCH_CA says, or else those this host was given.
	CA  string
	Log io.Writer // takes what the build says; nil for nobody
}

// Build builds an image; what the engine has in its cache of builds it does not do again. The error
// has the last lines of what the build said, and wraps adapters.ErrNotReady.
func (e *Engine) Build(ctx context.Context, i Image, o BuildOptions) error {
	what := "build image " + i.Ref()
	if o.Log == nil {
		o.Log = io.Discard
	}
	base, err := e.base(ctx, o.Base)
	if err != nil {
		return unready(what, err, "")
	}
	authorities, err := certificates(firstOf(o.CA, os.Getenv("STREAMBENCH_CA"), caFolder))
	if err != nil {
		return unready(what, err, "")
	}
	err = e.buildLabelled(ctx, i, buildRun{
		files: func(w io.Writer) error { return writeContext(w, i.Files, authorities) },
		base:  base, tag: i.Ref(), log: o.Log,
	})
	if err != nil {
		return unready(what, err, buildRemedy(err))
	}
	return nil
}

// buildLabelled builds an image and then, as its last and empty layer, the labels: only then it is
// known how long it took. Where all of it comes out of the engine's cache, the image stays that of
// the build that did the work.
func (e *Engine) buildLabelled(ctx context.Context, i Image, b buildRun) error {
	before, err := e.cli.ImageInspect(ctx, b.tag)
	if err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	began := time.Now()
	if err := e.build(ctx, b); err != nil {
		return err
	}
	now, err := e.cli.ImageInspect(ctx, b.tag)
	if err != nil {
		return err
	}
	if before.ID != "" && slices.Equal(before.RootFS.Layers, now.RootFS.Layers) {
		_, err := e.cli.ImageTag(ctx, client.ImageTagOptions{Source: before.ID, Target: b.tag})
		return err
	}
	took := time.Since(began).Round(100 * time.Millisecond)
	labels := fmt.Sprintf("FROM %s\nLABEL %s=%q %s=%q %s=%q\n", b.tag,
		labelImage, i.Name, labelBase, b.base, labelTook, took.String())
	return e.build(ctx, buildRun{
		files: func(w io.Writer) error {
			return writeContext(w, fstest.MapFS{"Dockerfile": {Data: []byte(labels)}}, nil)
		},
		tag: b.tag, log: io.Discard,
	})
}

// buildRun is one build of the engine.
type buildRun struct {
	files     func(io.Writer) error // writes the build context
	base, tag string
	log       io.Writer
}

func (e *Engine) build(ctx context.Context, b buildRun) error {
	r, w := io.Pipe()
	defer r.Close()
	go func() { w.CloseWithError(b.files(w)) }()
	o := client.ImageBuildOptions{Tags: []string{b.tag}, Remove: true, ForceRemove: true}
	if b.base != "" {
		o.BuildArgs = map[string]*string{"BASE": &b.base}
	}
	result, err := e.cli.ImageBuild(ctx, r, o)
	if err != nil {
		return err
	}
	defer result.Body.Close()
	return readProgress(result.Body, b.log)
}

// base returns the image to base others on once the engine has it.
func (e *Engine) base(ctx context.Context, asked string) (string, error) {
	if asked = firstOf(asked, os.Getenv("STREAMBENCH_BASE")); asked == "" {
		for _, ref := range []string{debianBase, ownBase} {
			if there, err := e.Has(ctx, ref); there || err != nil {
				return ref, err
			}
		}
		asked = debianBase
	}
	if there, err := e.Has(ctx, asked); there || err != nil {
		return asked, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestFetch,
		fmt.Errorf("not there within %s", longestFetch))
	defer cancel()
	if err := e.pull(ctx, asked); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return "", fmt.Errorf("have the base image %s: %w: where no registry answers, .ci/base of "+
			"the repository makes %s from Debian's packages (debootstrap, one minute), or name "+
			"another Debian 12 by --base or $STREAMBENCH_BASE", asked, err, ownBase)
	}
	return asked, nil
}

// buildRemedy is what to do about a build that has failed.
func buildRemedy(err error) string {
	switch said := err.Error(); {
	case strings.Contains(said, "PKIX path building failed"),
		strings.Contains(said, "No plugin found for prefix"),
		strings.Contains(said, "unable to find valid certification path"):
		return "\n\tthis host may have a certificate authority of its own, which Maven in the build " +
			"does not trust: name a folder with its *.crt in $STREAMBENCH_CA"
	case strings.Contains(said, "Temporary failure resolving"),
		strings.Contains(said, "Could not resolve"), strings.Contains(said, "Unknown host"):
		return "\n\tthe build has no network: look at the engine's DNS and proxies"
	}
	return remedyFor(err)
}

// firstOf is the first that says something.
func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// certificates are the *.crt files of a folder, by name.
func certificates(folder string) (fstest.MapFS, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.crt"))
	if err != nil {
		return nil, err
	}
	all := fstest.MapFS{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read certificate authority: %w", err)
		}
		all[filepath.Base(path)] = &fstest.MapFile{Data: text}
	}
	return all, nil
}

// writeContext writes a build context as the engine reads it, with the authorities in the folder
// ca, which is there also without any. All times are zero, so that layers are found again.
func writeContext(w io.Writer, files fs.FS, authorities fstest.MapFS) error {
	t := tar.NewWriter(w)
	put := func(name string, text []byte) error {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if strings.HasPrefix(string(text), "#!") {
			h.Mode = 0o755
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := t.Write(text)
		return err
	}
	err := t.WriteHeader(&tar.Header{Name: "ca/", Mode: 0o755, Typeflag: tar.TypeDir})
	if err != nil {
		return err
	}
	for _, name := range listFiles(authorities) {
		if err := put("ca/"+name, authorities[name].Data); err != nil {
			return err
		}
	}
	for _, name := range listFiles(files) {
		if err := put(name, readFile(files, name)); err != nil {
			return err
		}
	}
	return t.Close()
}

// readProgress follows what the engine says of a build or a pull to its end. The error has the last
// lines of it.
func readProgress(r io.Reader, log io.Writer) error {
	said := &ends{tail: 8 << 10}
	for d := json.NewDecoder(r); ; {
		var m struct{ Stream, Error string }
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what the engine says: %w", err)
		}
		if _, err := io.WriteString(log, m.Stream); err != nil {
			return fmt.Errorf("keep what the build says: %w", err)
		}
		fmt.Fprint(said, m.Stream)
		if m.Error != "" {
			return fmt.Errorf("%s%s", m.Error, quote(said.lastText()))
		}
	}
}
