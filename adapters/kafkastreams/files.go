package kafkastreams

import (
	"embed"
	"io/fs"

	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/java"
)

//go:embed Dockerfile entrypoint.sh job/libs job/src/main
var embedded embed.FS

// files are the build context of the image: Dockerfile, job and the module jobs have in common.
func files() fs.FS {
	return docker.Merge(map[string]fs.FS{"": embedded, "java": java.Files})
}
