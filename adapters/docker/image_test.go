package docker

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/moby/client"

	"github.com/streambench/streambench/adapters"
)

func files(pairs ...string) fs.FS {
	all := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return all
}

func TestAReferenceIsThatOfTheFiles(t *testing.T) {
	one := Image{Name: "toy", Version: "1.0", Files: files("Dockerfile", "FROM x", "a/b", "c")}
	ref := one.Ref()
	if !strings.HasPrefix(ref, "streambench/toy:1.0-") || len(ref) != len("streambench/toy:1.0-")+12 {
		t.Error(ref)
	}
	same := Image{Name: "toy", Version: "1.0", Files: Merge(map[string]fs.FS{
		"": files("Dockerfile", "FROM x"), "a": files("b", "c"),
	})}
	if same.Ref() != ref {
		t.Errorf("of the same files it is %s and %s", ref, same.Ref())
	}
	for name, other := range map[string]fs.FS{
		"another text":  files("Dockerfile", "FROM x", "a/b", "d"),
		"another path":  files("Dockerfile", "FROM x", "a/c", "c"),
		"one file less": files("Dockerfile", "FROM x"),
	} {
		if i := (Image{Name: "toy", Version: "1.0", Files: other}); i.Ref() == ref {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func TestABuildContextHasTheAuthoritiesOfTheHost(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"one.crt": "certificate", "note.txt": "no certificate"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for folder, want := range map[string]string{
		dir:         "ca/ ca/one.crt Dockerfile run.sh* ",
		"/no/such/": "ca/ Dockerfile run.sh* ",
	} {
		all, err := certificates(folder)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		in := files("run.sh", "#!/bin/sh", "Dockerfile", "FROM x")
		if err := writeContext(&b, in, all); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for r := tar.NewReader(&b); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got.WriteString(h.Name)
			if h.Typeflag == tar.TypeReg && h.Mode&0o111 != 0 {
				got.WriteString("*")
			}
			got.WriteString(" ")
		}
		if got.String() != want {
			t.Errorf("%s: %q, not %q", folder, got.String(), want)
		}
	}
}

func TestAnImageIsBuiltOnceAndSaysHowLongItTook(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	base := baseFor(t, e)
	ca := t.TempDir()
	if err := os.WriteFile(filepath.Join(ca, "one.crt"), []byte("certificate\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	i := Image{Name: "toy", Version: "1", Files: files("Dockerfile", fmt.Sprintf(
		"ARG BASE=debian:bookworm-slim\nFROM ${BASE}\nCOPY ca/ /ca/\nRUN cat /ca/one.crt # %s\n",
		runID(t)))}
	if there, err := e.Has(t.Context(), i.Ref()); there || err != nil {
		t.Fatal(there, err)
	}
	var log bytes.Buffer
	if err := e.Build(t.Context(), i, BuildOptions{Base: base, CA: ca, Log: &log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shell(t, "docker image rm "+i.Ref()+" 2>/dev/null || true") })
	if !strings.Contains(log.String(), "certificate\n") || !strings.Contains(log.String(), "Step 4/4") {
		t.Errorf("the build says %s", &log)
	}
	about, err := e.About(t.Context(), i.Ref())
	if err != nil || about.SizeB == 0 || about.Took == 0 || about.Base != base {
		t.Errorf("%+v, %v", about, err)
	}
	// Built again, it is the same image, with the time of the build that did the work.
	first, err := e.cli.ImageInspect(t.Context(), i.Ref())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Build(t.Context(), i, BuildOptions{Base: base, CA: ca}); err != nil {
		t.Fatal(err)
	}
	again, err := e.cli.ImageInspect(t.Context(), i.Ref())
	if err != nil || again.ID != first.ID {
		t.Errorf("built again it is %s, not %s; %v", again.ID, first.ID, err)
	}
}

func TestAnImageIsSavedAndLoaded(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	i := Image{Name: "toy", Version: "3", Files: files("Dockerfile",
		"ARG BASE\nFROM scratch\nCOPY Dockerfile /\n# "+runID(t)+"\n")}
	if err := e.Build(t.Context(), i, BuildOptions{Base: baseFor(t, e)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shell(t, "docker image rm "+i.Ref()+" 2>/dev/null || true") })
	var tarball bytes.Buffer
	if err := e.Save(t.Context(), []string{i.Ref()}, &tarball); err != nil {
		t.Fatal(err)
	}
	if _, err := e.cli.ImageRemove(t.Context(), i.Ref(), client.ImageRemoveOptions{
		PruneChildren: true,
	}); err != nil {
		t.Fatal(err)
	}
	loaded, err := e.Load(t.Context(), &tarball)
	if err != nil || len(loaded) != 1 || loaded[0] != i.Ref() {
		t.Fatalf("loaded %q, %v", loaded, err)
	}
	if there, err := e.Has(t.Context(), i.Ref()); !there || err != nil {
		t.Errorf("after it was saved and loaded: %v, %v", there, err)
	}
}

func TestABuildThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	base := baseFor(t, e)
	for name, c := range map[string]struct {
		run, base string
		says      []string
	}{
		"a command fails": {run: "for i in $(seq 20); do echo line $i; done; exit 3", base: base,
			says: []string{"returned a non-zero code: 3", "\n\t| line 20"}},
		"Maven trusts nobody": {run: "echo PKIX path building failed; exit 1", base: base,
			says: []string{"$STREAMBENCH_CA"}},
		"the base is nowhere": {run: "true", base: "127.0.0.1:1/nothing:1",
			says: []string{"127.0.0.1:1/nothing:1", ".ci/base", "--base"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := Image{Name: "toy", Version: "2", Files: files("Dockerfile",
				"ARG BASE\nFROM ${BASE}\nRUN "+c.run+"\n")}
			err := e.Build(t.Context(), i, BuildOptions{Base: c.base})
			if !errors.Is(err, adapters.ErrNotReady) {
				t.Fatalf("not ready: %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("it does not say %q: %v", s, err)
				}
			}
		})
	}
}

func TestALogKeepsItsEnds(t *testing.T) {
	e := &ends{head: 5, tail: 4}
	for range 10 {
		fmt.Fprint(e, "0123456789")
	}
	if got, want := e.String(), "01234\n[… 91 bytes left out …]\n6789"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	whole := &ends{head: 5, tail: 4}
	fmt.Fprint(whole, "012345678")
	if got := whole.String(); got != "012345678" {
		t.Errorf("of what fits it keeps %q", got)
	}
}
