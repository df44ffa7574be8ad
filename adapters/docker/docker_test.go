package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/chaos"
)

// toyVariable has a process of this binary play a part in a test.
const toyVariable = "STREAMBENCH_DOCKER_TOY"

func TestMain(m *testing.M) {
	chaos.Enter()
	if part := os.Getenv(toyVariable); part != "" {
		toy(part)
		return
	}
	os.Exit(m.Run())
}

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

// baseFor is an image with a shell and perl.
func baseFor(t *testing.T, e *Engine) string {
	t.Helper()
	ref, err := e.base(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// runID is one that no other test has.
func runID(t *testing.T) string {
	return fmt.Sprintf("%s-%d", strings.ToLower(t.Name()), os.Getpid())
}

func deploy(t *testing.T, e *Engine, cfg DeploymentConfig) *Deployment {
	t.Helper()
	if cfg.RunID == "" {
		cfg.RunID = runID(t)
	}
	d, err := e.NewDeployment(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// echo answers every request at a port by what its environment says, as HTTP.
const echo = `
use IO::Socket::INET;
$| = 1;
my $l = IO::Socket::INET->new(LocalPort => 8080, Listen => 10, ReuseAddr => 1) or die $!;
print "listening, start of $ENV{AT}\n";
while (my $c = $l->accept) { <$c>; print $c "HTTP/1.0 200 OK\r\n\r\n$ENV{AT}\n"; close $c }`

func echoSpec(image, name string) Spec {
	return Spec{
		Name: name, Image: image, Role: chaos.Worker, Cmd: []string{"perl", "/etc/echo.pl"},
		Files: []File{{Path: "/etc/echo.pl", Body: []byte(echo)}}, Publish: []int{8080},
		EnvOf: func(c *Container) map[string]string {
			return map[string]string{"AT": c.IP() + " " + c.Endpoint(8080)}
		},
		Ready: ReadyHTTP(8080, "/"), Within: time.Minute,
		CPUs: 0.5, Cpuset: "0", MemoryB: 64 << 20, Shared: "/srv",
	}
}

// TestContainersAreNodes goes through the life of a deployment: two containers, one of which is
// killed, and nothing that is left of them.
func TestContainersAreNodes(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	image, logs := baseFor(t, e), t.TempDir()
	lease, err := chaos.OpenLease(t.Context(), runID(t))
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	d := deploy(t, e, DeploymentConfig{LogDir: logs, Lease: lease})
	first, second := startEcho(t, d, image, "worker-1"), startEcho(t, d, image, "worker-2")

	t.Run("they reach each other by name, and see the same folder", func(t *testing.T) {
		out := mustExec(t, first, "bash", "-c",
			"exec 3<>/dev/tcp/worker-2/8080; echo >&3; tail -n1 <&3; echo shared > /srv/x")
		if want := second.IP() + " " + second.Endpoint(8080); strings.TrimSpace(out) != want {
			t.Errorf("%q, not %q", out, want)
		}
		if out := mustExec(t, second, "cat", "/srv/x"); out != "shared\n" {
			t.Errorf("the folder has %q", out)
		}
		if second.Inside(8080) != "worker-2:8080" {
			t.Error(second.Inside(8080))
		}
	})
	t.Run("they have their limits", func(t *testing.T) {
		out := mustExec(t, first, "bash", "-c", "nproc; cat "+
			"/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true")
		if out != fmt.Sprintf("1\n%d\n", 64<<20) {
			t.Errorf("cores and memory: %q", out)
		}
	})
	t.Run("a command tells its exit code", func(t *testing.T) {
		out, code, err := first.Exec(t.Context(), "sh", "-c", "echo out; echo err >&2; exit 3")
		if err != nil || code != 3 || !strings.Contains(out, "out\n") || !strings.Contains(out, "err\n") {
			t.Errorf("%q, %d, %v", out, code, err)
		}
	})
	t.Run("one that is killed comes back at its address", func(t *testing.T) { restarts(t, d, first) })
	if err := first.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := used(t, d)
	left := leftOf(t, e, d, lease.Label())
	if len(left) < 5 {
		t.Errorf("before it is closed there are only %q", left)
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := used(t, d); after.CPUNs < before.CPUNs || after.PeakB < 1<<20 || after.MemoryB != 0 {
		t.Errorf("when all are gone they have used %+v, %+v before", after, before)
	}
	if left := leftOf(t, e, d, lease.Label()); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for _, name := range []string{"worker-1.log", "worker-2.log"} {
		text, err := os.ReadFile(filepath.Join(logs, name))
		if err != nil || !bytes.Contains(text, []byte("listening")) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := d.Start(t.Context(), echoSpec(image, "late")); !errors.Is(err, errEnded) {
		t.Errorf("a closed deployment starts containers: %v", err)
	}
}

func startEcho(t *testing.T, d *Deployment, image, name string) *Container {
	t.Helper()
	c, err := d.Start(t.Context(), echoSpec(image, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func restarts(t *testing.T, d *Deployment, c *Container) {
	at := ask(t, c.Endpoint(8080))
	mustExec(t, c, "perl", "-e", "1 while $i++ < 2e7") // work that is not forgotten
	before := used(t, d)
	if before.CPUNs < int64(50*time.Millisecond) {
		t.Errorf("it has used %+v", before)
	}
	if err := c.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(t.Context()); err != nil {
		t.Errorf("killed twice: %v", err)
	}
	err := c.Running(t.Context())
	if err == nil || !strings.Contains(err.Error(), "exit code 137") ||
		!strings.Contains(err.Error(), "\n\t| listening") {
		t.Errorf("it does not run, as %v", err)
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := ask(t, c.Endpoint(8080)); again != at || !strings.Contains(at, c.IP()) {
		t.Errorf("it answers %q, then %q", at, again)
	}
	log, err := c.Logs(t.Context(), time.Time{})
	if err != nil || bytes.Count(log, []byte("listening")) != 1 {
		t.Errorf("since its start it has said %q, %v", log, err)
	}
	if after := used(t, d); after.CPUNs < before.CPUNs {
		t.Errorf("after a restart it has used less: %+v, then %+v", before, after)
	}
}

func mustExec(t *testing.T, c *Container, cmd ...string) string {
	t.Helper()
	out, code, err := c.Exec(t.Context(), cmd...)
	if err != nil || code != 0 {
		t.Errorf("%q: %q, %d, %v", cmd, out, code, err)
	}
	return out
}

func used(t *testing.T, d *Deployment) adapters.Usage {
	t.Helper()
	u, err := d.Used(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func ask(t *testing.T, at string) string {
	t.Helper()
	res, err := http.Get("http://" + at)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// leftOf is what engine, firewall and host have of a deployment.
func leftOf(t *testing.T, e *Engine, d *Deployment, label string) []string {
	t.Helper()
	left := labelled(t, e, labelRun+"="+d.cfg.RunID)
	rules, err := exec.Command("iptables-save").Output()
	if err != nil {
		rules = nil
	}
	subnet := strings.TrimSuffix(d.subnet.String(), "0/24")
	for line := range strings.Lines(string(rules)) {
		if strings.Contains(line, subnet) {
			left = append(left, line)
		}
	}
	if label != "" {
		residue, err := chaos.Residue(t.Context(), label)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range residue {
			// The lease itself is still there.
			if !strings.Contains(line, "leases") && !strings.Contains(line, "process") {
				left = append(left, line)
			}
		}
	}
	return left
}

// labelled is what the engine has with a label.
func labelled(t *testing.T, e *Engine, label string) (all []string) {
	t.Helper()
	f := client.Filters{}.Add("label", label)
	ctx := context.WithoutCancel(t.Context())
	containers, err := e.cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: f})
	networks, err2 := e.cli.NetworkList(ctx, client.NetworkListOptions{Filters: f})
	volumes, err3 := e.cli.VolumeList(ctx, client.VolumeListOptions{Filters: f})
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, c := range containers.Items {
		all = append(all, "container "+c.Names[0])
	}
	for _, n := range networks.Items {
		all = append(all, "network "+n.Name)
	}
	for _, v := range volumes.Items {
		all = append(all, "volume "+v.Name)
	}
	return all
}

func TestAContainerThatIsNotReadySaysWhy(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	image := baseFor(t, e)
	d := deploy(t, e, DeploymentConfig{LogDir: t.TempDir()})
	never := ReadyLog("never said")
	cases := []struct {
		name  string
		spec  Spec
		says  []string
		ready bool // the engine is to blame
	}{
		{"it dies", Spec{Cmd: []string{"sh", "-c", "for i in $(seq 30); do echo line $i; done; exit 7"},
			Ready: never}, []string{"ended with exit code 7", "| line 16\n", "| line 30"}, false},
		{"it uses too much memory", Spec{Cmd: []string{"perl", "-e", `$x = "x" x 1e8 . $$; sleep 100`},
			MemoryB: 16 << 20, Ready: never}, []string{"killed", "memory"}, false},
		{"its disk is full", Spec{Cmd: []string{"perl", "-e",
			`open F, ">/dev/full"; print F "x"; close F or die $!`}, Ready: never},
			[]string{"exit code 28", "the disk of the engine is full"}, false},
		{"it is never ready", Spec{Cmd: []string{"sh", "-c", "echo still at it; sleep 100"},
			Ready: never, Within: 2 * time.Second},
			[]string{"not ready within 2s", `does not say "never said"`, "| still at it"}, false},
		{"its port takes nobody", Spec{Cmd: []string{"sleep", "100"}, Publish: []int{99},
			Ready: ReadyTCP(99), Within: 2 * time.Second},
			[]string{"not ready within 2s", "99"}, false},
		{"it has no such program", Spec{Cmd: []string{"/no/such/program"}},
			[]string{"/no/such/program"}, true},
		{"its image is not built", Spec{Image: "streambench/toy:1-000000000000"},
			[]string{"not built yet: streambench images build toy"}, true},
		{"its image is nowhere", Spec{Image: "127.0.0.1:1/nothing:1"}, []string{"127.0.0.1:1"}, true},
		{"it is to have more cores than there are", Spec{Cmd: []string{"sleep", "1"}, CPUs: 4096},
			[]string{"no more cores than the host has"}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			c.spec.Name = "one"
			if c.spec.Image == "" {
				c.spec.Image = image
			}
			_, err := d.Start(t.Context(), c.spec)
			if err == nil {
				t.Fatal("it is ready")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("it does not say %q:\n%v", s, err)
				}
			}
			if errors.Is(err, adapters.ErrNotReady) != c.ready {
				t.Errorf("the engine is to blame: %v; it should be %v", !c.ready, c.ready)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it says so after %s", took)
			}
			left := labelled(t, e, labelRun+"="+d.cfg.RunID)
			if slices.ContainsFunc(left, func(s string) bool { return strings.HasPrefix(s, "container") }) {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestAPortThatIsTakenInBetweenIsReplaced(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	d := deploy(t, e, DeploymentConfig{})
	s := echoSpec(baseFor(t, e), "worker-1")
	env, tries := s.EnvOf, 0
	s.EnvOf = func(c *Container) map[string]string {
		if tries++; tries == 1 {
			l, err := net.Listen("tcp", c.Endpoint(8080))
			if err != nil {
				t.Error(err)
			} else {
				t.Cleanup(func() { l.Close() })
			}
		}
		return env(c)
	}
	c, err := d.Start(t.Context(), s)
	if err != nil || tries != 2 {
		t.Fatalf("%d tries, %v", tries, err)
	}
	if at := ask(t, c.Endpoint(8080)); !strings.Contains(at, c.Endpoint(8080)) {
		t.Errorf("it was told that it is at %q", at)
	}
}

func TestCloseEndsAStartThatIsOn(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	d := deploy(t, e, DeploymentConfig{})
	s := Spec{Name: "one", Image: baseFor(t, e), Cmd: []string{"sleep", "100"}}
	asked := make(chan struct{}, 1000)
	s.Ready = func(context.Context, *Container) error {
		asked <- struct{}{}
		return errors.New("not yet")
	}
	ended := make(chan error, 1)
	go func() {
		_, err := d.Start(t.Context(), s)
		ended <- err
	}()
	<-asked
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, errEnded) {
		t.Errorf("the start ends with %v", err)
	}
	if left := leftOf(t, e, d, ""); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestDeploymentsMayShareANetwork(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	image := baseFor(t, e)
	brokers := deploy(t, e, DeploymentConfig{})
	system := deploy(t, e, DeploymentConfig{RunID: runID(t) + ".b", Network: brokers.Network()})
	broker := startEcho(t, brokers, image, "broker-1")
	if err := broker.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The address of a broker that is down is still its own.
	worker := startEcho(t, system, image, "worker-1")
	if err := broker.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	out := mustExec(t, worker, "bash", "-c",
		"exec 3<>/dev/tcp/broker-1/8080; echo >&3; tail -n1 <&3")
	if !strings.Contains(out, broker.IP()) {
		t.Errorf("the broker answers %q", out)
	}
	if err := system.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.subnetOf(t.Context(), brokers.Network()); err != nil {
		t.Errorf("the network went with those that had joined it: %v", err)
	}
}

// TestASubnetIsNotTakenAgainAtOnce: what still knows of a network must not be taken for what another
// has left, nor be in its way.
func TestASubnetIsNotTakenAgainAtOnce(t *testing.T) {
	t.Parallel()
	e := engineFor(t)
	first := deploy(t, e, DeploymentConfig{})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if second := deploy(t, e, DeploymentConfig{}); second.subnet == first.subnet {
		t.Errorf("the subnet %s was given back just now", second.subnet)
	}
}
