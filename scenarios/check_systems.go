package scenarios

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/streambench/streambench/adapters"
)

func (c *checker) systems() {
	if c.has("systems") && len(c.s.Systems) == 0 && c.sound("systems") {
		c.fail("systems", "systems names no system", "write [native] or leave the key out")
	}
	seen := map[string]bool{}
	for i, sys := range c.s.Systems {
		path := fmt.Sprintf("systems/%d", i)
		if !c.sound(path) {
			continue
		}
		c.system(path, &c.s.Systems[i])
		if seen[sys.Label()] {
			c.fail(path, fmt.Sprintf("system %q is there twice", clip(sys.Label())),
				fmt.Sprintf("tell them apart: {name: %s, as: %s-2}", clip(sys.Name), clip(sys.Name)))
		}
		seen[sys.Label()] = true
	}
}

func (c *checker) system(path string, sys *System) {
	if !slices.Contains(systems, sys.Name) {
		c.fail(path, fmt.Sprintf("no system is called %q", clip(sys.Name)),
			didYouMean(sys.Name, systems))
		return
	}
	if sys.As != "" && !nameLike.MatchString(sys.As) {
		c.fail(path+"/as", fmt.Sprintf("as is %q", clip(sys.As)),
			"write letters, digits, dots and dashes, at most 64")
	}
	c.native(path, *sys)
	c.brought(path, *sys)
	c.deployed(path, *sys)
	if sys.Name == native {
		return
	}
	if sys.Jar != "" && sys.At == "" {
		c.jar(path, sys)
	}
	c.travels(*sys)
}

// brought refuses keys that a system or another key leaves no room for.
func (c *checker) brought(path string, sys System) {
	if sys.Main != "" && sys.Jar == "" {
		c.failKey(path+"/main", "main without jar", "add jar: path/to/job.jar")
	}
	for _, own := range []struct {
		key string
		set bool
	}{{"image", sys.Image != ""}, {"jar", sys.Jar != ""}, {"at", sys.At != ""}} {
		if !own.set {
			continue
		}
		switch {
		case sys.Name == native:
			c.failKey(path+"/"+own.key, "native is part of this program and has no "+own.key,
				"leave the key out")
		case sys.At != "" && own.key == "image":
			c.failKey(path+"/image", "image with at: the deployment at "+clip(sys.At)+" is there already",
				"leave one of them out")
		case sys.At != "" && own.key == "jar":
			c.failKey(path+"/jar", "jar with at: a job of your own runs in containers alone",
				"leave at out, or run the generic job on the deployment that is there")
		}
	}
}

// schemes are how the address of a deployment that is already there begins.
var schemes = map[string][]string{"spark": {"spark", "http", "https"}}

// deployed checks the address of a deployment that is already there.
func (c *checker) deployed(path string, sys System) {
	if sys.At == "" || sys.Name == native {
		return
	}
	if sys.Name == "kafkastreams" {
		c.failKey(path+"/at", "at: Kafka Streams is a library and has no deployment to be at",
			"leave the key out; load.broker takes the address of a cluster")
		return
	}
	allowed, ok := schemes[sys.Name]
	if !ok {
		allowed = []string{"http", "https"}
	}
	u, err := url.Parse(sys.At)
	if err != nil || u.Host == "" || !slices.Contains(allowed, u.Scheme) {
		c.fail(path+"/at", fmt.Sprintf("at is %q", clip(sys.At)), "write "+allowed[0]+"://HOST:PORT")
	}
}

// travels refuses a transport that ends in this process.
func (c *checker) travels(sys System) {
	const path = "load/transport"
	if t := c.s.Load.Transport; t != adapters.Kafka && c.has(path) && c.sound(path) {
		c.fail(path, fmt.Sprintf("%s takes its events from Kafka, and the transport is %s", sys.Name, t),
			"write transport: kafka, or systems: [native]")
	}
}

// jar looks whether the job a user brought is there and can be started, and writes down by which
// class.
func (c *checker) jar(path string, sys *System) {
	r, err := zip.OpenReader(sys.Jar)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.fail(path+"/jar", fmt.Sprintf("jar: no file is at %q", clip(sys.Jar)),
			"name a file; a path counts from the folder of the scenario's file")
		return
	case err != nil:
		c.fail(path+"/jar", fmt.Sprintf("jar: %q cannot be read: %v", clip(sys.Jar), plainCause(err)),
			"name a .jar file that can be read")
		return
	}
	defer r.Close()
	if sys.Main == "" {
		sys.Main = mainOf(&r.Reader)
	}
	if sys.Main == "" {
		c.fail(path+"/jar", fmt.Sprintf("jar without main: the manifest of %q names no Main-Class",
			clip(sys.Jar)), "add main: com.example.Job")
	}
}

// plainCause is an error without the path, which the message has.
func plainCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// mainOf is the main class the manifest of a jar names; empty if it names none.
func mainOf(r *zip.Reader) string {
	f, err := r.Open("META-INF/MANIFEST.MF")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "Main-Class:"); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
