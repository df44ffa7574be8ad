package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
)

// UseImage puts an image in the place of those of systems: SYSTEM=REF, where SYSTEM is the name of
// a system, and then of all of that name, or what it is called in reports.
func (s *Scenario) UseImage(text string) error {
	name, ref, _ := strings.Cut(text, "=")
	if name == "" || ref == "" {
		return fmt.Errorf("%q names no image: write SYSTEM=REF, as in flink=registry.example/flink:2",
			text)
	}
	if name == native {
		return fmt.Errorf("native is part of this program and has no image: leave it out")
	}
	found := false
	var names []string
	for i := range s.Systems {
		sys := &s.Systems[i]
		if sys.Name == native {
			continue
		}
		names = append(names, sys.Name, sys.Label())
		if sys.Name != name && sys.Label() != name {
			continue
		}
		if sys.At != "" {
			return fmt.Errorf("%s is at %s already and takes no image: leave it out", sys.Label(), sys.At)
		}
		sys.Image, found = ref, true
	}
	if !found {
		return fmt.Errorf("no system of %s is called %s: write one of %s", s.Name, name,
			strings.Join(distinct(names), ", "))
	}
	return nil
}

// distinct are names in their order, each once.
func distinct(names []string) []string {
	var all []string
	for _, n := range names {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// settle makes the paths of jars absolute, so that the lock of a run says where they are, and takes
// their digests: a jar is what is in it, whatever it is called.
func (r *run) settle() error {
	s := *r.req.Scenario
	s.Systems = slices.Clone(s.Systems)
	r.jars = map[string]string{}
	for i := range s.Systems {
		jar := &s.Systems[i].Jar
		if *jar == "" {
			continue
		}
		path, err := filepath.Abs(*jar)
		if err != nil {
			return notReady("find jar %s: %w", *jar, err)
		}
		digest, err := digestOf(path)
		if err != nil {
			return notReady("read jar of %s: %w", s.Systems[i].Label(), err)
		}
		*jar, r.jars[path] = path, digest
	}
	r.req.Scenario = &s
	return nil
}

// digestOf is the SHA-256 of a file in hexadecimal digits.
func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// declared are the systems as the scenario has them.
func (r *run) declared() []record.Declared {
	s := r.req.Scenario
	all := make([]record.Declared, len(s.Systems))
	for i, sys := range s.Systems {
		all[i] = record.Declared{
			System: sys.Label(), Name: sys.Name, Workers: s.nodesOf(chaos.Worker, sys),
			Settings: sys.Config, Image: sys.Image, Main: sys.Main, Existing: sys.At != "",
		}
		if sys.Jar != "" {
			all[i].Jar, all[i].JarDigest = filepath.Base(sys.Jar), r.jars[sys.Jar]
		}
	}
	return all
}
