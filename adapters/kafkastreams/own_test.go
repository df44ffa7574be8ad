package kafkastreams

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters"
)

// jarOf writes a jar with a manifest.
func jarOf(t *testing.T, manifest string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.jar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("META-INF/MANIFEST.MF")
	if err == nil {
		_, err = w.Write([]byte(manifest))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAJarOfTheUsersOwnIsStartedByItsMainClass(t *testing.T) {
	const manifest = "Manifest-Version: 1.0\r\nMain-Class: com.example.Job\r\n"
	for _, c := range []struct {
		name, manifest, main string
		want, says           string
	}{
		{"that the manifest names", manifest, "", "com.example.Job", ""},
		{"that the scenario names", manifest, "com.example.Other", "com.example.Other", ""},
		{"that nobody names", "Manifest-Version: 1.0\r\n", "", "", "write main"},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := jobOf(t)
			job.Own = adapters.Own{Jar: jarOf(t, c.manifest), Main: c.main}
			job.Topics = &adapters.Topics{
				Inside: []string{"kafka-1:9092"}, Partitions: 4, Input: "run.input",
			}
			s, err := specOf(job, 1)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) ||
					!errors.Is(err, adapters.ErrNotReady) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != "streams-2" || len(s.Files) != 1 || s.Files[0].Path != ownJar ||
				!slices.Equal(s.Cmd[:2], []string{"own", c.want}) {
				t.Errorf("%s: %v, %d files", s.Name, s.Cmd, len(s.Files))
			}
			at := slices.Index(s.Cmd, "--bootstrap")
			if at < 0 || s.Cmd[at+1] != "kafka-1:9092" {
				t.Errorf("arguments %v", s.Cmd)
			}
		})
	}
}

func TestContainersDoNotReachLoopback(t *testing.T) {
	job := jobOf(t)
	job.Topics = &adapters.Topics{Bootstrap: []string{"127.0.0.1:9092"}}
	_, err := startContainers(t.Context(), job)
	if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), "127.0.0.1:9092") {
		t.Errorf("%v", err)
	}
}
