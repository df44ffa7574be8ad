package kafkastreams

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters/java"
)

// reactor builds the job and the module jobs have in common side by side.
const reactor = `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>io.streambench</groupId><artifactId>all</artifactId><version>1</version>
<packaging>pom</packaging>
<modules><module>java</module><module>job</module></modules>
</project>`

// The Java tests of the job pass, where Maven and a compiler are there: the golden vectors on the
// test driver of Streams, and every one again from a changelog in mid-stream.
func TestJavaJob(t *testing.T) {
	if testing.Short() {
		t.Skip("Maven takes its time")
	}
	for _, tool := range []string{"mvn", "javac"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "java") {
			t.Fatalf("no %s on this machine, and STREAMBENCH_REQUIRE asks for java", tool)
		}
		t.Skipf("no %s on this machine", tool)
	}
	dir := t.TempDir() // others may build the modules in their own folders meanwhile
	golden, err := filepath.Abs("../java/core/src/test/resources")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pom.xml"), []byte(reactor), 0o644)
	}
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "java"), java.Files)
	}
	for _, part := range []string{"src", "libs"} {
		if err == nil {
			err = os.CopyFS(filepath.Join(dir, "job", part), os.DirFS(filepath.Join("job", part)))
		}
	}
	var pom []byte
	if err == nil {
		pom, err = os.ReadFile("job/pom.xml")
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "job", "pom.xml"), pom, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := maven(t, dir, "-o", "-Dgolden="+golden)
	if err != nil && strings.Contains(out, "offline mode") {
		out, err = maven(t, dir, "-Dgolden="+golden) // it fetches what it has not
	}
	if err != nil {
		t.Fatalf("mvn test: %v\n%s", err, out)
	}
}

func maven(t *testing.T, dir string, flags ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mvn", append(flags, "-q", "-B", "-ntp", "test")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
