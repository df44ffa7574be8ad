package kafkastreams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/chaos"
)

// TestMain lets the test binary be what a transport starts.
func TestMain(m *testing.M) {
	kafka.Enter()
	chaos.Enter()
	os.Exit(m.Run())
}

// plain are workers as processes of this host, for whoever works on the job: no container and no
// image stand between a change and what it does.
type plain struct {
	classes string
	nodes   []*plainNode
}

type plainNode struct {
	worker
	cmd  *exec.Cmd
	log  bytes.Buffer
	mu   sync.Mutex
	done chan struct{}
}

func (n *plainNode) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(p)
}

func (p *plain) start(ctx context.Context, job adapters.Job) (fleet, error) {
	f := &plain{classes: p.classes}
	for i := range job.Workers {
		n, err := f.startNode(ctx, i)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f.nodes = append(f.nodes, n)
	}
	return f, nil
}

func (p *plain) startNode(ctx context.Context, i int) (*plainNode, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	n := &plainNode{done: make(chan struct{})}
	n.name, n.url = "streams-"+strconv.Itoa(i+1), fmt.Sprintf("http://127.0.0.1:%d", port)
	n.running = func(context.Context) error {
		select {
		case <-n.done:
			n.mu.Lock()
			defer n.mu.Unlock()
			return fmt.Errorf("%s ended: %s", n.name, n.log.String())
		default:
			return nil
		}
	}
	n.cmd = exec.Command("java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", p.classes,
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "io.streambench.kafkastreams.Worker",
		strconv.Itoa(port))
	n.cmd.Stdout, n.cmd.Stderr = n, n
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		n.cmd.Wait()
		close(n.done)
	}()
	for range 300 {
		if res, err := http.Get(n.url + "/health"); err == nil {
			res.Body.Close()
			return n, nil
		}
		if err := n.running(ctx); err != nil {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.New("no worker within 15 s")
}

func (p *plain) workers() []worker {
	var all []worker
	for _, n := range p.nodes {
		all = append(all, n.worker)
	}
	return all
}

// used reads what Linux tells of the processes; elsewhere nothing is known.
func (p *plain) used(context.Context) (u adapters.Usage, err error) {
	for _, n := range p.nodes {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
		if err != nil {
			return u, nil
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for _, ticks := range fields[11:13] {
			t, _ := strconv.ParseInt(ticks, 10, 64)
			u.CPUNs += t * int64(10*time.Millisecond)
		}
	}
	return u, nil
}

func (p *plain) close() error {
	for _, n := range p.nodes {
		n.cmd.Process.Kill()
		<-n.done
		if path := os.Getenv("STREAMBENCH_PLAIN_LOG"); path != "" {
			os.WriteFile(path+"."+n.name, n.log.Bytes(), 0o644)
		}
	}
	return nil
}

// TestTheKitOnPlainProcesses needs a broker in STREAMBENCH_KAFKA and the classes of the job with
// those it needs in STREAMBENCH_KAFKASTREAMS.
func TestTheKitOnPlainProcesses(t *testing.T) {
	at, classes := os.Getenv("STREAMBENCH_KAFKA"), os.Getenv("STREAMBENCH_KAFKASTREAMS")
	if at == "" || classes == "" {
		t.Skip("for work on the job: set STREAMBENCH_KAFKA and STREAMBENCH_KAFKASTREAMS")
	}
	workers, _ := strconv.Atoi(os.Getenv("STREAMBENCH_WORKERS"))
	adaptertest.Run(t, adaptertest.Subject{
		Adapter:   Adapter{start: (&plain{classes: classes}).start},
		Transport: kafka.Transport{},
		Job: adapters.Job{
			Broker: adapters.Broker{At: at}, Partitions: 4, Workers: max(1, workers),
			Checkpoint: 200 * time.Millisecond,
		},
		Boundary: adaptertest.Inclusive,
	}, adaptertest.Options{})
}
