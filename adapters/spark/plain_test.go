package spark

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
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/chaos"
)

// TestMain lets the test binary be what a transport starts.
func TestMain(m *testing.M) {
	kafka.Enter()
	chaos.Enter()
	os.Exit(m.Run())
}

// plain is a driver as a process of this host, for whoever works on the job: no container and no
// image stand between a change and what it does.
type plain struct {
	classes, dir string
	port         int
	cmd          *exec.Cmd
	mu           sync.Mutex
	log          bytes.Buffer
	done         chan struct{}
}

func (p *plain) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *plain) start(ctx context.Context, job adapters.Job) (fleet, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &plain{classes: p.classes, port: l.Addr().(*net.TCPAddr).Port, done: make(chan struct{})}
	l.Close()
	if f.dir, err = os.MkdirTemp("", "spark"); err != nil {
		return nil, err
	}
	all, err := settingsOf(job)
	if err != nil {
		return nil, err
	}
	args := []string{"-Xmx1200m", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + f.dir, "@" + p.opts()}
	all["spark.master"] = "local[" + strconv.Itoa(job.Workers*job.WorkerCPUs) + "]"
	all["spark.sql.streaming.checkpointLocation"] = "file://" + f.dir
	all["spark.ui.enabled"] = "false"
	for name, value := range all {
		if !ofSession(name) || name == "spark.sql.streaming.checkpointLocation" {
			args = append(args, "-D"+name+"="+value)
		}
	}
	f.cmd = exec.Command("java", append(args, "-cp", p.classes, "io.streambench.spark.Main",
		strconv.Itoa(f.port))...)
	f.cmd.Stdout, f.cmd.Stderr = f, f
	f.cmd.Env = append(os.Environ(), "SPARK_LOCAL_IP=127.0.0.1")
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		f.cmd.Wait()
		close(f.done)
	}()
	for range 3600 {
		if res, err := http.Get(f.control().URL + "/health"); err == nil {
			res.Body.Close()
			return f, nil
		}
		if err := f.running(ctx); err != nil {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("no driver within three minutes"), f.close())
}

func (p *plain) opts() string {
	path, _ := filepath.Abs("java.opts")
	return path
}

func (p *plain) control() java.Control {
	return java.Control{URL: "http://127.0.0.1:" + strconv.Itoa(p.port)}
}

func (p *plain) nodes() []chaos.Node {
	return []chaos.Node{{Name: driverName, Role: chaos.Worker}}
}

func (p *plain) running(context.Context) error {
	select {
	case <-p.done:
		p.mu.Lock()
		defer p.mu.Unlock()
		return fmt.Errorf("driver ended: %s", p.log.String())
	default:
		return nil
	}
}

func (p *plain) close() error {
	p.cmd.Process.Kill()
	<-p.done
	if path := os.Getenv("STREAMBENCH_PLAIN_LOG"); path != "" {
		os.WriteFile(path, p.log.Bytes(), 0o644)
	}
	return os.RemoveAll(p.dir)
}

// TestTheKitOnPlainProcesses needs a broker in STREAMBENCH_KAFKA and the classes of the job with
// those it needs in STREAMBENCH_SPARK.
func TestTheKitOnPlainProcesses(t *testing.T) {
	at, classes := os.Getenv("STREAMBENCH_KAFKA"), os.Getenv("STREAMBENCH_SPARK")
	if at == "" || classes == "" {
		t.Skip("for work on the job: set STREAMBENCH_KAFKA and STREAMBENCH_SPARK")
	}
	adaptertest.Run(t, adaptertest.Subject{
		Adapter:   Adapter{start: (&plain{classes: classes}).start},
		Transport: kafka.Transport{},
		Job: adapters.Job{
			Broker: adapters.Broker{At: at}, Partitions: 4, WorkerCPUs: 2,
		},
		Boundary: adaptertest.Inclusive,
	}, adaptertest.Options{})
}
