package kafkastreams

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
)

const (
	// ownJar is where a job the user brought along lies in a container, and ownState the folder it
	// may write to.
	ownJar   = "/own/job.jar"
	ownState = "/var/lib/streams"
)

// ownSpec makes a worker run what the user brought along: java -cp JAR:libraries MAIN, with the
// arguments all such jobs get.
func ownSpec(s docker.Spec, job adapters.Job) (docker.Spec, error) {
	if job.Topics == nil {
		return s, errors.New("start own job: BUG: a job without topics")
	}
	jar, err := os.ReadFile(job.Own.Jar)
	if err != nil {
		return s, fmt.Errorf("read own job: %w: %w", adapters.ErrNotReady, err)
	}
	main := job.Own.Main
	if main == "" {
		if main, err = mainOf(jar); err != nil {
			return s, fmt.Errorf("read own job %s: %w: %w", job.Own.Jar, adapters.ErrNotReady, err)
		}
	}
	s.Ready, s.Publish = nil, nil
	s.Files = []docker.File{{Path: ownJar, Body: jar}}
	s.Cmd = append([]string{"own", main}, adapters.OwnArguments(job, job.RunID, ownState)...)
	return s, nil
}

// mainOf is the main class the manifest of a jar names.
func mainOf(jar []byte) (string, error) {
	r, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	if err != nil {
		return "", err
	}
	manifest, err := r.Open("META-INF/MANIFEST.MF")
	if err != nil {
		return "", err
	}
	defer manifest.Close()
	for lines := bufio.NewScanner(manifest); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "Main-Class:"); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", errors.New("its manifest names no Main-Class: write main")
}
