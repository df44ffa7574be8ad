package flink

import (
	"archive/zip"
	"bytes"
	"embed"
	"io/fs"
	"time"

	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/java"
)

// version is that of Flink.
const version = "2.3.0"

// buildTime is about what a build takes where nothing is there yet.
const buildTime = 4 * time.Minute

//go:embed Dockerfile entrypoint.sh log4j2.properties job/pom.xml job/src/main
var files embed.FS

// Image is that of a JobManager or TaskManager, with the generic program.
func Image() docker.Image {
	return docker.Image{Name: "flink", Version: version, BuildTime: buildTime,
		Files: docker.Merge(map[string]fs.FS{"": files, "java": java.Files})}
}

// Places in the image.
const (
	home          = "/opt/flink"
	configFile    = home + "/conf/config.yaml"
	checkpointDir = "/checkpoints"
	// wholeJar is the program with all it needs, for clusters that have nothing of it.
	wholeJar = home + "/streambench-job.jar"
)

// mainClass is that of the generic program.
const mainClass = "io.streambench.flink.StreamJob"

// emptyJar is a jar that holds nothing: what is submitted where the program is on the class path of
// the cluster.
func emptyJar() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("META-INF/MANIFEST.MF")
	if err == nil {
		_, err = f.Write([]byte("Manifest-Version: 1.0\r\n\r\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b.Bytes()
}
