package docker

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/streambench/streambench/adapters"
)

// fakeEngine answers every request at a socket alike.
func fakeEngine(t *testing.T, answer string) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine") // that of the test is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, answer)
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

func TestAnEngineThatCannotBeUsedIsToldWithARemedy(t *testing.T) {
	old := fakeEngine(t, `{"Version":"18.09.1","ApiVersion":"1.39","MinAPIVersion":"1.12"}`)
	odd := fakeEngine(t, `not json`)
	stale := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	for name, c := range map[string]struct {
		env  map[string]string
		says []string
	}{
		"there is none": {map[string]string{"DOCKER_HOST": "unix:///no/such.sock"},
			[]string{"unix:///no/such.sock", "systemctl start docker"}},
		"it has ended": {map[string]string{"DOCKER_HOST": "unix://" + stale},
			[]string{stale, "systemctl start docker"}},
		"nobody listens at the port": {map[string]string{"DOCKER_HOST": "tcp://127.0.0.1:1"},
			[]string{"127.0.0.1:1", "name one in DOCKER_HOST"}},
		"it is old": {map[string]string{"DOCKER_HOST": "unix://" + old},
			[]string{"18.09.1", "API 1.39, not 1.40", "upgrade it to Docker 19.03"}},
		"it is no engine":  {map[string]string{"DOCKER_HOST": "unix://" + odd}, []string{odd}},
		"it is no address": {map[string]string{"DOCKER_HOST": "nonsense"}, []string{"unix://PATH"}},
		"it is behind ssh": {map[string]string{"DOCKER_HOST": "ssh://host"},
			[]string{"ssh is not spoken here", "ssh -L"}},
		"its context is not there": {map[string]string{"DOCKER_HOST": "", "DOCKER_CONTEXT": "gone",
			"DOCKER_CONFIG": t.TempDir()}, []string{`no context "gone"`}},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			e, err := Connect(t.Context())
			if err == nil {
				t.Fatalf("reached %s", e.Version)
			}
			if !errors.Is(err, adapters.ErrNotReady) || strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line of ErrNotReady: %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("it does not say %q: %v", s, err)
				}
			}
		})
	}
}

// TestNoPermissionOnTheSocketIsTold asks as somebody who has none.
func TestNoPermissionOnTheSocketIsTold(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can ask as somebody else")
	}
	socket := fakeEngine(t, "{}")
	if err := os.Chmod(socket, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(filepath.Dir(socket), "self") // that of the test is in a folder of root's
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = []string{toyVariable + "=connect", "DOCKER_HOST=unix://" + socket}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "usermod -aG docker") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestTheContextOfTheDockerCommandIsFollowed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("DOCKER_CONTEXT", "")
	t.Setenv("DOCKER_CONFIG", dir)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("config.json", `{"currentContext":"lab"}`)
	if _, err := findHost(); err == nil {
		t.Error("a context that is not there is followed")
	}
	sum := strings.Fields(shell(t, "printf lab | sha256sum"))[0]
	write("contexts/meta/"+sum+"/meta.json",
		`{"Name":"lab","Endpoints":{"docker":{"Host":"tcp://lab:2375"}}}`)
	if host, err := findHost(); err != nil || host != "tcp://lab:2375" {
		t.Errorf("%q, %v", host, err)
	}
	t.Setenv("DOCKER_HOST", "tcp://first:1")
	if host, err := findHost(); err != nil || host != "tcp://first:1" {
		t.Errorf("%q, %v", host, err)
	}
}

func shell(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", command).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSubnetsOfTheHostAreAvoided(t *testing.T) {
	table := `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010011AC	0003	0	0	0	00000000	0	0	0
tun0	0007D50A	00000000	0001	0	0	0	00FFFFFF	0	0	0
`
	all := routes(table)
	for text, taken := range map[string]bool{"10.213.7.0/24": true, "10.213.8.0/24": false} {
		if overlaps(netip.MustParsePrefix(text), all) != taken {
			t.Errorf("%s is taken: %v; routes %v", text, !taken, all)
		}
	}
}
