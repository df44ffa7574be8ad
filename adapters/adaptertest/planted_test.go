package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/workloads"
)

// TestMain lets the test binary be an embedded broker and a node.
func TestMain(m *testing.M) {
	kafka.Enter()
	native.Enter()
	os.Exit(m.Run())
}

// planted is native with something wrong.
type planted struct {
	native.Adapter
	job    func(*adapters.Job)                   // changed before it is deployed
	system func(adapters.System) adapters.System // around what was deployed
}

func (p planted) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	if p.job != nil {
		p.job(&job)
	}
	s, err := p.Adapter.Deploy(ctx, job)
	if err == nil && p.system != nil {
		s = p.system(s)
	}
	return s, err
}

// examine runs checks of a subject, all if none is named, and returns why it fails those it fails.
func examine(t *testing.T, s Subject, o Options, only ...string) map[string]error {
	t.Helper()
	o.Only = only
	b := newBench(s, o, t.TempDir())
	failed := map[string]error{}
	for _, c := range b.checks() {
		if err := c.run(t.Context()); err != nil && !errors.Is(err, errSkipped) {
			failed[c.name] = err
		}
	}
	return failed
}

// fails checks that a subject fails a check, and says why.
func fails(t *testing.T, failed map[string]error, check, why string) {
	t.Helper()
	if err := failed[check]; err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: %v, want an error with %q; all that failed: %v", check, err, why, failed)
	}
}

// onResults is a collector that changes what passes.
type onResults struct {
	to     adapters.Collector
	change func(rs *workloads.Results) *workloads.Results
}

func (c onResults) Collect(rs *workloads.Results, ns int64) error {
	if rs = c.change(rs); rs == nil {
		return nil
	}
	return c.to.Collect(rs, ns)
}

// changed plants a change of the results of every job.
func changed(plant func() func(rs *workloads.Results) *workloads.Results) planted {
	return planted{job: func(job *adapters.Job) {
		job.Collector = onResults{job.Collector, plant()}
	}}
}

// onSystem is a system with some of its methods replaced.
type onSystem struct {
	adapters.System
	wait   func(context.Context) error
	close  func() error
	config func(context.Context) (map[string]string, error)
}

func (s onSystem) Wait(ctx context.Context) error {
	if s.wait != nil {
		return s.wait(ctx)
	}
	return s.System.Wait(ctx)
}

func (s onSystem) Close() error {
	if s.close != nil {
		return s.close()
	}
	return s.System.Close()
}

func (s onSystem) Config(ctx context.Context) (map[string]string, error) {
	if s.config != nil {
		return s.config(ctx)
	}
	return s.System.Config(ctx)
}

// soon is for systems that will never be done.
var soon = Options{Cases: []Case{simple}, Within: 3 * time.Second, Prompt: time.Second}

const exactCheck = "exact/iot-telemetry"

// firstRow changes the first row of answers of each job.
func firstRow(
	change func(rs *workloads.Results),
) func() func(rs *workloads.Results) *workloads.Results {
	return func() func(rs *workloads.Results) *workloads.Results {
		done := false
		return func(rs *workloads.Results) *workloads.Results {
			if !done && rs.Stream == workloads.Answers && rs.N > 0 {
				done = true
				change(rs)
			}
			return rs
		}
	}
}

// always changes all that comes, of every job.
func always(
	change func(*workloads.Results) *workloads.Results,
) func() func(*workloads.Results) *workloads.Results {
	return func() func(*workloads.Results) *workloads.Results { return change }
}

// TestWrongAnswersAreFound plants one mistake after the other in what an adapter answers.
func TestWrongAnswersAreFound(t *testing.T) {
	orders := first[3]
	for _, c := range []struct {
		name    string
		of      Case
		planted func() func(*workloads.Results) *workloads.Results
		says    string
	}{
		{"loses one event", simple, firstRow(func(rs *workloads.Results) {
			rs.Cols[3][0]--
		}), "1 wrong"},
		{"loses one result", simple, firstRow(func(rs *workloads.Results) {
			for _, col := range rs.Cols {
				copy(col, col[1:rs.N])
			}
			rs.N--
		}), "1 lost"},
		{"gives one twice", simple, firstRow(func(rs *workloads.Results) {
			for i, col := range rs.Cols {
				rs.Cols[i] = append(col[:rs.N:rs.N], col[0])
			}
			rs.N++
		}), "1 duplicated"},
		{"makes one up", simple, firstRow(func(rs *workloads.Results) {
			for i, col := range rs.Cols {
				rs.Cols[i] = append(col[:rs.N:rs.N], col[0])
			}
			rs.Cols[0][rs.N] = 1 << 40
			rs.N++
		}), "1 phantom"},
		{"forgets the late output", orders, always(func(rs *workloads.Results) *workloads.Results {
			if rs.Stream == workloads.LateEvents {
				return nil
			}
			return rs
		}), "late output"},
	} {
		t.Run(c.name, func(t *testing.T) {
			exact := "exact/" + c.of.Name
			failed := examine(t, Subject{Adapter: changed(c.planted)}, Options{Cases: []Case{c.of}}, exact)
			if len(failed) != 1 {
				t.Error(failed)
			}
			fails(t, failed, exact, c.says)
		})
	}
}

// TestIgnoredEndEventsAreFound has a system that never learns that the stream has ended: its last
// windows stay open.
func TestIgnoredEndEventsAreFound(t *testing.T) {
	w, err := simple.bind()
	if err != nil {
		t.Fatal(err)
	}
	last := w.Timeline.PlaceMs(simple.Events-1) - 1000
	a := changed(always(func(rs *workloads.Results) *workloads.Results {
		kept := workloads.NewResults(w.Query, rs.N)
		row := make([]int64, len(rs.Cols))
		for i := range rs.N {
			if rs.Row(row, i)[1] < last {
				for j, v := range row {
					kept.Cols[j][kept.N] = v
				}
				kept.N++
			}
		}
		return kept
	}))
	fails(t, examine(t, Subject{Adapter: a}, soon, exactCheck), exactCheck, "lost")
	never := planted{system: func(s adapters.System) adapters.System {
		return onSystem{System: s, wait: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
	}}
	failed := examine(t, Subject{Adapter: never}, soon, exactCheck)
	fails(t, failed, exactCheck, "run iot-telemetry: not done within 3s")
}

// TestLateResultsAreFound has a system that answers only once the stream has ended.
func TestLateResultsAreFound(t *testing.T) {
	a := planted{job: func(job *adapters.Job) {
		to, load := job.Collector, job.Load
		job.Collector = onResults{to, func(rs *workloads.Results) *workloads.Results {
			if load.Has(1 << 50) {
				return nil
			}
			return rs
		}}
	}}
	fails(t, examine(t, Subject{Adapter: a}, soon, "live"), "live",
		"wait for a result of a stream without end")
}

func TestASlowOrFailingCloseIsFound(t *testing.T) {
	slow := planted{system: func(s adapters.System) adapters.System {
		return onSystem{System: s, close: func() error {
			time.Sleep(1100 * time.Millisecond)
			return s.Close()
		}}
	}}
	fails(t, examine(t, Subject{Adapter: slow}, soon, "live"), "live", "close in mid-run took 1.1")
	closed := map[adapters.System]bool{}
	once := planted{system: func(s adapters.System) adapters.System {
		return onSystem{System: s, close: func() error {
			if closed[s] {
				return errors.New("it is gone already")
			}
			closed[s] = true
			return s.Close()
		}}
	}}
	fails(t, examine(t, Subject{Adapter: once}, soon, "settings"), "settings", "it is gone already")
}

func TestAProcessLeftBehindIsFound(t *testing.T) {
	if children(os.Getpid()) == nil && len(childrenOf(t)) == 0 {
		t.Skip("no processes are counted here")
	}
	left := exec.Command("sleep", "60")
	a := planted{job: func(*adapters.Job) {
		if left.Process == nil {
			if err := left.Start(); err != nil {
				t.Error(err)
			}
		}
	}}
	t.Cleanup(func() {
		_ = left.Process.Kill()
		_ = left.Wait()
	})
	failed := examine(t, Subject{Adapter: a}, soon, exactCheck)
	fails(t, failed, closeCheck, "(sleep)")
	if len(failed) != 1 {
		t.Error(failed)
	}
}

func TestANetworkLeftBehindIsFound(t *testing.T) {
	name := fmt.Sprintf("streambench-kit-%d", os.Getpid())
	docker := func(args ...string) error { return exec.Command("docker", args...).Run() }
	if err := docker("version"); err != nil {
		t.Skipf("no docker engine that answers: %v", err)
	}
	a := planted{job: func(*adapters.Job) {
		label := fmt.Sprintf("--label=%s=%d:1@boot", ownerLabel, os.Getpid())
		if err := docker("network", "create", label, name); err != nil {
			t.Error(err)
		}
	}}
	t.Cleanup(func() { _ = docker("network", "rm", name) })
	failed := examine(t, Subject{Adapter: a}, soon, exactCheck)
	fails(t, failed, closeCheck, name)
}

// childrenOf starts a process and counts.
func childrenOf(t *testing.T) []string {
	t.Helper()
	c := exec.Command("sleep", "5")
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	return children(os.Getpid())
}

func TestSettingsThatAreNotInForceAreFound(t *testing.T) {
	a := planted{
		job: func(job *adapters.Job) { job.Settings = nil },
		system: func(s adapters.System) adapters.System {
			return onSystem{System: s, config: func(context.Context) (map[string]string, error) {
				return map[string]string{"heartbeat": "10s"}, nil
			}}
		},
	}
	failed := examine(t, Subject{
		Claim:   "at-least-once",
		Adapter: deaf{a}, Job: adapters.Job{Settings: map[string]string{"heartbeat": "1s"}},
		Reads:   map[string]string{"heartbeat": "1s", "timeout": "5s"},
		Refused: map[string]string{"nonsense": "1"},
	}, soon, "settings", "refused settings")
	fails(t, failed, "settings", `setting heartbeat is "10s", want "1s"`)
	fails(t, failed, "settings", `setting timeout is "", want "5s"`)
	fails(t, failed, "settings", "declares its results exactly-once, its subject at-least-once")
	fails(t, failed, "refused settings", "nonsense=1 did not stop the deployment")
}

// deaf takes any setting.
type deaf struct{ planted }

func (deaf) Supports(adapters.Job) error { return nil }

func TestAnotherBoundaryIsFound(t *testing.T) {
	const line = "session boundary"
	a := planted{job: func(job *adapters.Job) {
		if job.Workload.Query.Window.GapMs > 0 {
			w := *job.Workload
			w.Query.Window.GapMs--
			job.Workload = &w
		}
	}}
	fails(t, examine(t, Subject{Adapter: a, Boundary: Inclusive}, soon, line), line,
		"the boundary is exclusive, declared is inclusive")
	fails(t, examine(t, Subject{Adapter: native.Adapter{}, Boundary: Exclusive}, soon, line), line,
		"the boundary is inclusive, declared is exclusive")
}

// TestWhatHappensOnBrokersIsFound plants what only brokers show: a system that ends at what it
// cannot read as if it were the end, and leaves a topic behind.
func TestWhatHappensOnBrokersIsFound(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	at := strings.Join(cluster.ListenAddrs(), ",")
	a := planted{
		job: func(job *adapters.Job) { makeTopic(t, at, job.RunID+"-changelog") },
		system: func(s adapters.System) adapters.System {
			return onSystem{System: s, wait: func(ctx context.Context) error {
				err := s.Wait(ctx)
				if err != nil && strings.Contains(err.Error(), "read event") {
					return nil
				}
				return err
			}}
		},
	}
	failed := examine(t, Subject{
		Adapter: a, Transport: kafka.Transport{}, Job: adapters.Job{Broker: adapters.Broker{At: at}},
	}, Options{Cases: []Case{simple}, Within: 10 * time.Second}, "foreign event", exactCheck)
	fails(t, failed, "foreign event", "the system has ended and says nothing")
	fails(t, failed, exactCheck, "-changelog")
}

func makeTopic(t *testing.T, at, name string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(at))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, name); err != nil {
		t.Error(err)
	}
}

func TestACaseThatIsNotThereIsRefused(t *testing.T) {
	if _, err := Cases("orders,q99"); err == nil || !strings.Contains(err.Error(), `"q99"`) {
		t.Error(err)
	}
	all, err := Cases("all")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		seen[c.Name] = true
		if _, err := c.bind(); err != nil {
			t.Error(err)
		}
	}
}
