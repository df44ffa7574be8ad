package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/streambench/streambench/adapters/docker"
)

// TestImagesShareTheirFirstLayers holds that what takes longest, Debian's packages, is built and
// kept once for all images.
func TestImagesShareTheirFirstLayers(t *testing.T) {
	const last = "RUN update-ca-certificates >/dev/null\n"
	common := ""
	for _, i := range images {
		text, err := fs.ReadFile(i.Files, "Dockerfile")
		if err != nil {
			t.Fatal(err)
		}
		first, _, ok := strings.Cut(string(text), last)
		if common == "" {
			common = first
		}
		if !ok || first != common {
			t.Errorf("the Dockerfile of %s begins with\n%s\nand not with\n%s", i.Name, first, common)
		}
		if i.BuildTime == 0 {
			t.Errorf("nobody knows how long the build of %s takes", i.Name)
		}
	}
}

// toyImage is one that is built at once, another one in every script.
func toyImage(work string) docker.Image {
	return docker.Image{Name: "toyscript", Version: "1", BuildTime: 90 * time.Second,
		Files: fstest.MapFS{"Dockerfile": {Data: []byte(
			"ARG BASE\nFROM scratch\nCOPY Dockerfile /\n# " + work + "\n")}}}
}

// withToyImage is the program with that image alone.
func withToyImage() {
	images = []docker.Image{toyImage(os.Getenv("WORK"))}
	main()
}

// withBrokenImage is the program with one that cannot be built.
func withBrokenImage() {
	images = []docker.Image{{Name: "broken", Version: "1", Files: fstest.MapFS{
		"Dockerfile": {Data: []byte("FROM scratch\nCOPY nothing /\n")}}}}
	main()
}

// noEngine keeps scripts from the engine of this host, unless they ask for it.
func noEngine(e *testscript.Env) {
	e.Setenv("DOCKER_HOST", "unix:///no/such/docker.sock")
	e.Defer(func() {
		// Where it was not built, or there is no engine, there is nothing to remove.
		_ = exec.Command("docker", "image", "rm", toyImage(e.WorkDir).Ref()).Run()
	})
}

// hasEngine is the condition docker of scripts.
func hasEngine() bool {
	if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker") {
		return true
	}
	e, err := docker.Connect(context.Background())
	if err == nil {
		e.Close()
	}
	return err == nil
}
