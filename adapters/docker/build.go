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
	"strings"

	"github.com/moby/moby/client"

	"github.com/streambench/streambench/adapters"
)

// debianBase is what images are based on where nothing else is asked for.
const debianBase = "debian:bookworm-slim"

// caFolder is where Debian has the certificate authorities that a host was given.
const caFolder = "/usr/local/share/ca-certificates"

// tailLines is how much of a log an error quotes.
const tailLines = 15

// Build builds an image, also if it is there already.
func (e *Engine) Build(ctx context.Context, i Image, o BuildOptions) error {
	if err := e.build(ctx, i, o); err != nil {
		return fmt.Errorf("build image %s: %w: %w", i.Ref(), adapters.ErrNotReady, err)
	}
	return nil
}

func (e *Engine) build(ctx context.Context, i Image, o BuildOptions) error {
	authorities, err := certificates(o.CA)
	if err != nil {
		return err
	}
	base := firstOf(o.Base, os.Getenv("STREAMBENCH_BASE"), debianBase)
	r, w := io.Pipe()
	defer r.Close()
	go func() { w.CloseWithError(writeContext(w, i.Files, authorities)) }()
	result, err := e.cli.ImageBuild(ctx, r, client.ImageBuildOptions{
		Tags: []string{i.Ref()}, Remove: true, ForceRemove: true,
		BuildArgs: map[string]*string{"BASE": &base},
		Labels:    map[string]string{labelImage: i.Name},
	})
	if err != nil {
		return err
	}
	defer result.Body.Close()
	return readBuild(result.Body, o.Log)
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// certificates are the certificate authorities a build is to trust, by file name.
func certificates(folder string) (memory, error) {
	folder = firstOf(folder, os.Getenv("STREAMBENCH_CA"), caFolder)
	paths, err := filepath.Glob(filepath.Join(folder, "*.crt"))
	if err != nil {
		return nil, err
	}
	all := memory{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all[filepath.Base(path)] = text
	}
	return all, nil
}

// writeContext writes a build context as the engine reads it. All times are zero, so that layers
// are found again.
func writeContext(w io.Writer, files fs.FS, authorities memory) error {
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
	if err := t.WriteHeader(&tar.Header{Name: "ca/", Mode: 0o755, Typeflag: tar.TypeDir}); err != nil {
		return err
	}
	for _, name := range listFiles(authorities.fs()) {
		if err := put("ca/"+name, authorities[name]); err != nil {
			return err
		}
	}
	for _, name := range listFiles(files) {
		text, err := fs.ReadFile(files, name)
		if err == nil {
			err = put(name, text)
		}
		if err != nil {
			return err
		}
	}
	return t.Close()
}

// readBuild follows a build to its end.
func readBuild(r io.Reader, log io.Writer) error {
	if log == nil {
		log = io.Discard
	}
	said := &tail{}
	for d := json.NewDecoder(r); ; {
		var m struct {
			Stream, Status, Error string
		}
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what the engine says: %w", err)
		}
		said.write(m.Stream)
		if _, err := io.WriteString(log, m.Stream); err != nil {
			return err
		}
		if m.Error != "" {
			return fmt.Errorf("%s%s", m.Error, said.quote())
		}
	}
}
