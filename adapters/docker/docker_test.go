package docker

import (
	"os"
	"strings"
	"testing"
	"time"
)

// engineFor reaches the engine, or skips the test where there is none.
func engineFor(t *testing.T) *Engine {
	t.Helper()
	e, err := Connect(t.Context())
	if err != nil {
		if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "docker") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestAContainerIsStartedAndRemoved(t *testing.T) {
	e := engineFor(t)
	d, err := e.NewDeployment(t.Context(), DeploymentConfig{RunID: "test", LogDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c, err := d.Start(t.Context(), Spec{
		Name: "one", Image: "streambench/base:bookworm", Publish: []int{80},
		Cmd: []string{"sh", "-c", "echo hello; sleep 100"}, Ready: ReadyLog("hello"), Within: 20 * time.Second,
		Files: []File{{Path: "/etc/x", Body: []byte("content")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, code, err := c.Exec(t.Context(), "cat", "/etc/x")
	t.Logf("%q %d %v %s %s %s", out, code, err, c.IP(), c.Endpoint(80), c.Inside(80))
	if err := c.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(c.Running(t.Context()))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
