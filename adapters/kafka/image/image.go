// Package image is the container image of a Kafka broker: what it is built from, and the settings
// that every broker has.
package image

import (
	"embed"
	"strings"
	"time"

	"github.com/streambench/streambench/adapters/docker"
)

// version is that of Kafka.
const version = "4.4.0"

// buildTime is about what a build takes where nothing is there yet.
const buildTime = 90 * time.Second

//go:embed Dockerfile entrypoint.sh log4j2.properties pom.xml server.properties
var files embed.FS

//go:embed server.properties
var properties string

// Image is that of a broker.
func Image() docker.Image {
	return docker.Image{Name: "kafka", Version: version, Files: files, BuildTime: buildTime}
}

// Properties are the settings of every broker, by name.
func Properties() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(properties) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			all[key] = value
		}
	}
	return all
}
