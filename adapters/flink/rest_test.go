package flink

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/workloads"
	"github.com/streambench/streambench/workloads/workloadstest"
)

// jobManager answers as one does, by path; what it is asked for and has no answer to is 404.
type jobManager struct {
	mu      sync.Mutex
	answers map[string]string // by "METHOD /path"
	asked   []string
}

func (m *jobManager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	m.asked = append(m.asked, what)
	answer, ok := m.answers[what]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":["not here"]}`)
	case strings.HasPrefix(answer, `{"errors"`):
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, answer)
	default:
		fmt.Fprint(w, answer)
	}
}

func (m *jobManager) was(what string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.asked {
		if a == what {
			return true
		}
	}
	return false
}

// errorsOf is an answer that says a stack trace.
func errorsOf(trace string) string {
	text, err := json.Marshal(map[string][]string{"errors": {"Internal server error.", trace}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// serve starts a JobManager that has slots free and takes jars.
func serve(t *testing.T, answers map[string]string) (*jobManager, *host) {
	t.Helper()
	m := &jobManager{answers: map[string]string{
		"GET /overview":            `{"taskmanagers":1,"slots-total":2,"slots-available":2,"flink-version":"2.3.0"}`,
		"POST /jars/upload":        `{"filename":"/tmp/flink-web-upload/abc_job.jar","status":"success"}`,
		"DELETE /jars/abc_job.jar": `{}`,
	}}
	for what, answer := range answers {
		m.answers[what] = answer
	}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return m, &host{at: server.URL, client: &client{base: server.URL}}
}

// sums is a job of keyed sums.
func sums(t *testing.T) adapters.Job {
	t.Helper()
	return adapters.Job{
		RunID: "test", Workload: workloadstest.Bind(t, "iot-telemetry", 10_000, nil),
		Transport: adapters.Kafka, Format: workloads.BinaryForm, Guarantee: exactlyOnce,
		Checkpoint: time.Second, Workers: 1, WorkerCPUs: 1, MemoryB: 1536 * mebi, Partitions: 2,
		Topics: &adapters.Topics{Bootstrap: []string{"127.0.0.1:1"}, Partitions: 2,
			Input: "test.input", Outputs: [3]string{"test.results"}},
	}
}

const trace = `java.util.concurrent.CompletionException: org.apache.flink.util.FlinkException: no
	at a.b.C.d(C.java:1)
Caused by: org.apache.flink.client.program.ProgramInvocationException: The main method caused an error
	at a.b.C.d(C.java:1)
	... 3 more
Caused by: java.lang.IllegalArgumentException: config consumer.nonsense: there is no such setting
	at a.b.C.d(C.java:1)
`

func TestTheRootCauseOfAFailureIsQuoted(t *testing.T) {
	for name, c := range map[string]struct{ trace, want string }{
		"nested":       {trace, "config consumer.nonsense: there is no such setting"},
		"one line":     {"java.io.IOException: disk full", "disk full"},
		"no message":   {"java.lang.NullPointerException\n\tat a.B.c(B.java:1)", "java.lang.NullPointerException"},
		"colon inside": {"a.B: read event at partition 1: it is cut off", "read event at partition 1: it is cut off"},
	} {
		if got := rootCause(c.trace); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestASubmissionThatIsRefusedSaysWhyAndLeavesNoJar(t *testing.T) {
	m, h := serve(t, map[string]string{"POST /jars/abc_job.jar/run": errorsOf(trace)})
	s := &system{job: sums(t), host: h}
	var err error
	if s.jar, err = h.client.upload(t.Context(), "job.jar", emptyJar()); err != nil {
		t.Fatal(err)
	}
	_, err = h.client.run(t.Context(), s.jar, submission{})
	if err == nil || !strings.Contains(err.Error(), "config consumer.nonsense") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !m.was("DELETE /jars/abc_job.jar") {
		t.Error("the jar is left behind")
	}
}

func TestAJobThatFailsAtItsStartSaysWhy(t *testing.T) {
	_, h := serve(t, map[string]string{
		"GET /jobs/j": `{"state":"FAILED","vertices":[{"id":"v","parallelism":1,"tasks":{"FAILED":1}}]}`,
		"GET /jobs/j/exceptions": `{"exceptionHistory":{"entries":[{"stacktrace":` +
			`"a.B: outer\nCaused by: a.C: the topic is gone\n","timestamp":1}]}}`,
	})
	s := &system{job: sums(t), host: h, id: "j"}
	err := s.awaitTasks(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the topic is gone") {
		t.Errorf("%v", err)
	}
}

func TestAJobThatFailsAgainAndAgainIsGivenUp(t *testing.T) {
	entry := `{"stacktrace":"a.C: no such group","timestamp":1}`
	_, h := serve(t, map[string]string{
		"GET /jobs/j": `{"state":"RESTARTING","timestamps":{"RESTARTING":5},"vertices":[]}`,
		"GET /jobs/j/exceptions": `{"exceptionHistory":{"entries":[` + entry + "," + entry + "," +
			entry + `]}}`,
	})
	s := &system{job: sums(t), host: h, id: "j"}
	err := s.awaitTasks(t.Context())
	if err == nil || !strings.Contains(err.Error(), "3 times: no such group") {
		t.Errorf("%v", err)
	}
}

func TestAClusterThatIsNotThereIsNotReady(t *testing.T) {
	job := sums(t)
	for name, c := range map[string]struct {
		at      string
		answers map[string]string
		says    string
	}{
		"down":      {"http://127.0.0.1:1", nil, "is it running"},
		"no Flink":  {"", map[string]string{"GET /overview": `{}`}, "no JobManager"},
		"no JSON":   {"", map[string]string{"GET /overview": `<html>`}, "not Flink's"},
		"too small": {"", map[string]string{"GET /overview": `{"slots-total":2,"slots-available":0,"flink-version":"2"}`}, "0 of its 2 slots"},
	} {
		job.Own.At = c.at
		if c.at == "" {
			_, h := serve(t, c.answers)
			job.Own.At = h.at
		}
		_, err := Adapter{}.Open(t.Context(), job)
		if !errors.Is(err, adapters.ErrNotReady) || !strings.Contains(err.Error(), c.says) ||
			strings.Contains(err.Error(), "brokers") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettingsThatDifferAreRefused(t *testing.T) {
	const checkpoints = `{"mode":"exactly_once","interval":%d,"timeout":600000,` +
		`"state_backend":"HashMapStateBackend","unaligned_checkpoints":false}`
	const config = `{"execution-config":{"job-parallelism":%d,"object-reuse-mode":true}}`
	for name, c := range map[string]struct {
		interval, parallelism int
		settings              map[string]string
		inForce               string
		says                  string
	}{
		"as declared": {interval: 1000, parallelism: 1},
		"interval":    {interval: 500, parallelism: 1, says: "execution.checkpointing.interval"},
		"parallelism": {interval: 1000, parallelism: 2, says: "parallelism"},
		"cluster": {interval: 1000, parallelism: 1, says: "heartbeat.timeout",
			settings: map[string]string{"heartbeat.timeout": "6 s"},
			inForce:  `[{"key":"heartbeat.timeout","value":"50000 ms"}]`},
		"Flink's own": {interval: 1000, parallelism: 1,
			settings: map[string]string{"heartbeat.timeout": "50 s"}},
	} {
		_, h := serve(t, map[string]string{
			"GET /jobs/j/checkpoints/config": fmt.Sprintf(checkpoints, c.interval),
			"GET /jobs/j/config":             fmt.Sprintf(config, c.parallelism),
			"GET /jobmanager/config":         cmpOr(c.inForce, "[]"),
		})
		job := sums(t)
		job.Settings, job.Own.At = c.settings, h.at
		s := &system{job: job, host: h, id: "j"}
		var err error
		if s.settings, err = newSettings(job); err != nil {
			t.Fatal(err)
		}
		err = s.checkJob(t.Context())
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestSettingsAreLaidOverTheirProfile(t *testing.T) {
	job := sums(t)
	job.Profile = "equal-detection"
	job.Settings = map[string]string{"heartbeat.interval": "2 s", "consumer.max.poll.records": "9"}
	s, err := newSettings(job)
	if err != nil {
		t.Fatal(err)
	}
	if s.cluster["heartbeat.timeout"] != "6 s" || s.cluster["heartbeat.interval"] != "2 s" ||
		s.clients["consumer.max.poll.records"] != "9" || s.cluster["restart-strategy.type"] == "" {
		t.Errorf("%v", s)
	}
	file := string(s.forFile(nil))
	if !strings.Contains(file, `heartbeat.timeout: "6 s"`) || strings.Contains(file, "consumer.") {
		t.Errorf("%s", file)
	}
	other := job
	other.Settings = map[string]string{"heartbeat.interval": "3 s"}
	o, err := newSettings(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.differing(s); err == nil || !strings.Contains(err.Error(), "heartbeat.interval") {
		t.Errorf("a job with other settings than its cluster: %v", err)
	}
}

func TestSettingsTheAdapterDecidesAreRefused(t *testing.T) {
	for name, value := range map[string]string{
		"taskmanager.numberOfTaskSlots": "4", "execution.checkpointing.interval": "1 s",
		"pipeline.object-reuse": "false", "taskmanager.memory.managed.size": "1g", "nonsense": "1",
	} {
		job := sums(t)
		job.Settings = map[string]string{name: value}
		err := Adapter{}.Supports(job)
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMemoryIsDividedWithoutRemainder(t *testing.T) {
	for _, limit := range []uint64{leastWorkerB, 1536 * mebi, 8192 * mebi} {
		for _, rocks := range []bool{false, true} {
			m, err := divide(limit, rocks)
			if err != nil {
				t.Fatal(err)
			}
			sum := m.heap + m.offHeap + m.network + m.managed + m.metaspace + m.overhead
			if sum != limit/mebi || m.heap < 128 || rocks != (m.managed > 0) {
				t.Errorf("%d MiB: %+v", limit/mebi, m)
			}
		}
	}
	if _, err := divide(512*mebi, false); err == nil {
		t.Error("a TaskManager of 512 MiB")
	}
}

func TestAWatchTellsWhyAJobHasEnded(t *testing.T) {
	for state, says := range map[string]string{
		"FAILED": "the topic is gone", "CANCELED": "somebody has cancelled",
	} {
		_, h := serve(t, map[string]string{
			"GET /jobs/j":             `{"state":"` + state + `"}`,
			"GET /jobs/j/checkpoints": `{"latest":{"completed":{"id":7}}}`,
			"GET /jobs/j/exceptions":  `{"root-exception":"a.C: the topic is gone"}`,
		})
		s := &system{job: sums(t), host: h, id: "j"}
		s.watch = newWatch(s)
		for range 100 {
			if _, err := s.watch.state(); err != nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		seen, err := s.watch.state()
		s.watch.end()
		if err == nil || !strings.Contains(err.Error(), says) || seen.completed != 7 {
			t.Errorf("%s: %v, %+v", state, err, seen)
		}
	}
}

func TestWhatCannotBeExactIsUnsupported(t *testing.T) {
	for name, change := range map[string]func(*adapters.Job){
		"embedded":     func(j *adapters.Job) { j.Transport = adapters.Embedded },
		"at-most-once": func(j *adapters.Job) { j.Guarantee = "at-most-once" },
		"main, no jar": func(j *adapters.Job) { j.Own.Main = "a.B" },
		"new process": func(j *adapters.Job) {
			w := *j.Workload
			w.Query.Process = &workloads.Process{Name: "new"}
			j.Workload = &w
		},
	} {
		job := sums(t)
		change(&job)
		if err := (Adapter{}).Supports(job); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range workloadstest.Golden {
		job := sums(t)
		job.Workload = v.Bind(t)
		if err := (Adapter{}).Supports(job); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}
