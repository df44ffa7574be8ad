package flink

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/kafka"
)

func pid() string { return strconv.Itoa(os.Getpid()) }

// TestAClusterThatRunsAlready runs jobs on a cluster that is not ours: processes that the test
// starts apart, from the jars of the image and with none of the program's on their class path, or
// the one STREAMBENCH_FLINK names.
func TestAClusterThatRunsAlready(t *testing.T) {
	adaptertest.InTime(t)
	broker := os.Getenv("STREAMBENCH_KAFKA")
	if broker == "" {
		t.Skip("no broker that processes of this host reach: set STREAMBENCH_KAFKA to HOST:PORT")
	}
	at := os.Getenv("STREAMBENCH_FLINK")
	if at == "" {
		needImages(t)
		if _, err := exec.LookPath("java"); err != nil {
			t.Skip(err)
		}
		at = startApart(t)
	}
	workers := 1
	if w := os.Getenv("STREAMBENCH_FLINK_WORKERS"); w != "" {
		workers, _ = strconv.Atoi(w)
	}
	var cases []adaptertest.Case
	if os.Getenv("STREAMBENCH_KIT") == "" {
		var err error
		if cases, err = adaptertest.Cases("iot-telemetry,q5,orders"); err != nil {
			t.Fatal(err)
		}
	}
	adaptertest.Run(t, adaptertest.Subject{
		Adapter: Adapter{program: os.Getenv("STREAMBENCH_FLINK_JOB")}, Transport: kafka.Transport{},
		Boundary: adaptertest.Inclusive,
		Job: adapters.Job{Broker: adapters.Broker{At: broker}, Own: adapters.Own{At: at},
			Workers: workers},
		Reads: map[string]string{"parallelism": strconv.Itoa(workers), "at": at},
		// Of the cluster's, of the job's, and none of anybody's.
		Refused: map[string]string{
			"heartbeat.timeout": "7 s", "execution.checkpointing.nonsense": "1",
			"consumer.nonsense": "1",
		},
	}, adaptertest.Options{Cases: cases, Within: 3 * time.Minute})
	if jars := listJars(t, at); len(jars) > 0 {
		t.Errorf("jars left behind: %v", jars)
	}
}

func listJars(t *testing.T, at string) (names []string) {
	t.Helper()
	var jars struct{ Files []struct{ ID string } }
	if err := (&client{base: at}).get(t.Context(), "/jars", &jars); err != nil {
		t.Fatal(err)
	}
	for _, f := range jars.Files {
		names = append(names, f.ID)
	}
	return names
}

// startApart starts a JobManager and a TaskManager with two slots as processes of this host.
func startApart(t *testing.T) (at string) {
	t.Helper()
	dir := t.TempDir()
	lib := extractLib(t, dir)
	ports := freePorts(t, 3)
	m, err := divide(1536*mebi, false)
	if err != nil {
		t.Fatal(err)
	}
	// Every job of a foreign cluster brings its classes along, those of the Kafka clients too.
	m.metaspace = 1024
	file := map[string]string{
		"jobmanager.rpc.address": "127.0.0.1", "jobmanager.rpc.port": ports[0],
		"jobmanager.bind-host": "127.0.0.1", "rest.address": "127.0.0.1", "rest.port": ports[1],
		"rest.bind-address": "127.0.0.1", "taskmanager.bind-host": "127.0.0.1",
		"taskmanager.host": "127.0.0.1", "blob.server.port": ports[2],
		"execution.checkpointing.dir":      "file://" + filepath.Join(dir, "checkpoints"),
		"cluster.registration.error-delay": "500 ms",
	}
	for name, value := range m.settings(adapters.Job{WorkerCPUs: 2}) {
		file[name] = value
	}
	conf := filepath.Join(dir, "conf")
	if err := os.MkdirAll(conf, 0o755); err != nil {
		t.Fatal(err)
	}
	text := (settings{}).forFile(file)
	if err := os.WriteFile(filepath.Join(conf, "config.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	startNode(t, dir, lib, "-Xmx448m -XX:MaxMetaspaceSize=1g -XX:+UseSerialGC",
		"org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint")
	startNode(t, dir, lib, m.java(2), "org.apache.flink.runtime.taskexecutor.TaskManagerRunner")
	at = "http://127.0.0.1:" + ports[1]
	awaitApart(t, at, dir)
	return at
}

// extractLib takes the jars of Flink out of the image, the program's and the connector's left
// behind: that they are not there is what clusters of others are like.
func extractLib(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("docker", "create", "--label", "streambench=extract",
		Image().Ref()).Output()
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSpace(string(out))
	defer func() {
		if err := exec.Command("docker", "rm", "-fv", id).Run(); err != nil {
			t.Error(err)
		}
	}()
	if out, err := exec.Command("docker", "cp", id+":"+home+"/lib", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lib := filepath.Join(dir, "lib")
	for _, name := range []string{"streambench-job.jar", "core-*.jar", "flink-connector-kafka-*.jar",
		"kafka-clients-*.jar", "jackson-*.jar"} {
		jars, err := filepath.Glob(filepath.Join(lib, name))
		if err != nil || len(jars) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, jar := range jars {
			if err := os.Remove(jar); err != nil {
				t.Fatal(err)
			}
		}
	}
	return lib
}

func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

// startNode starts a virtual machine that the end of the test ends.
func startNode(t *testing.T, dir, lib, options, class string) {
	t.Helper()
	args := strings.Fields(options)
	for _, of := range []string{"lang", "util", "util.concurrent", "time"} {
		args = append(args, "--add-opens=java.base/java."+of+"=ALL-UNNAMED")
	}
	args = append(args, "-cp", lib+"/*", class, "--configDir", filepath.Join(dir, "conf"))
	log, err := os.Create(filepath.Join(dir, class[strings.LastIndexByte(class, '.')+1:]+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "java", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
		log.Close()
	})
}

func awaitApart(t *testing.T, at, dir string) {
	t.Helper()
	h := &host{client: &client{base: at}}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		o, err := h.overview(t.Context())
		if err == nil && o.Free == 2 {
			return
		}
		if time.Now().After(deadline) {
			logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
			for _, name := range logs {
				text, _ := os.ReadFile(name)
				t.Log(fmt.Sprintf("%s: %s", name, text[max(0, len(text)-2000):]))
			}
			t.Fatalf("the cluster is not ready: %v", err)
		}
		time.Sleep(lookEvery)
	}
}
