package flink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

const (
	// answerWithin bounds how long the JobManager may take to answer.
	answerWithin = 30 * time.Second
	// largestAnswer bounds how much of an answer is read.
	largestAnswer = 16 << 20
)

// client speaks to the REST endpoint of a JobManager.
type client struct{ base string }

func (c *client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, request{method: http.MethodGet, path: path}, into)
}

// request is a request, with a body where it has a kind.
type request struct {
	method, path string
	body         io.Reader
	kind         string
}

func (c *client) do(ctx context.Context, r request, into any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerWithin,
		fmt.Errorf("no answer within %s", answerWithin))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, r.body)
	if err != nil {
		return err
	}
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, largestAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	if res.StatusCode/100 != 2 {
		return &refusal{r.method + " " + r.path, res.StatusCode, reasonOf(text)}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: an answer that is not Flink's: %w", r.method, r.path, err)
	}
	return nil
}

// refusal is an answer that is none of 2xx.
type refusal struct {
	what   string
	status int
	why    string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", r.what, r.status, http.StatusText(r.status), r.why)
}

// isGone reports whether the JobManager does not know what it was asked for.
func isGone(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.status == http.StatusNotFound
}

// reasonOf is what an answer gives as the reason: the root cause of the last stack trace in it.
func reasonOf(text []byte) string {
	var said struct{ Errors []string }
	if err := json.Unmarshal(text, &said); err != nil || len(said.Errors) == 0 {
		return strings.TrimSpace(string(text[:min(len(text), 300)]))
	}
	return rootCause(said.Errors[len(said.Errors)-1])
}

// rootCause is the message of the innermost exception of a stack trace.
func rootCause(trace string) string {
	cause, rest := "", trace
	if first, after, ok := strings.Cut(trace, "\n"); ok {
		cause, rest = first, after
	} else {
		cause, rest = trace, ""
	}
	for line := range strings.Lines(rest) {
		if c, ok := strings.CutPrefix(strings.TrimSpace(line), "Caused by: "); ok {
			cause = c
		}
	}
	return withoutClass(strings.TrimSpace(strings.TrimSuffix(cause, ">")))
}

// withoutClass removes the names of exceptions' classes ahead of a message, unless there is nothing
// else.
func withoutClass(message string) string {
	for {
		class, rest, ok := strings.Cut(message, ": ")
		if !ok || strings.ContainsAny(class, " \t(") || !strings.Contains(class, ".") ||
			rest == "" {
			return message
		}
		message = rest
	}
}

// upload hands a jar over and returns its id.
func (c *client) upload(ctx context.Context, name string, jar []byte) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="jarfile"; filename=%q`, name)},
		"Content-Type":        {"application/x-java-archive"},
	})
	if err == nil {
		_, err = part.Write(jar)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return "", err
	}
	var answer struct{ Filename string }
	err = c.do(ctx, request{http.MethodPost, "/jars/upload", &body, form.FormDataContentType()},
		&answer)
	return answer.Filename[strings.LastIndexByte(answer.Filename, '/')+1:], err
}

// submission is how a jar is run.
type submission struct {
	EntryClass  string            `json:"entryClass,omitempty"`
	Arguments   []string          `json:"programArgsList,omitempty"`
	Parallelism int               `json:"parallelism,omitempty"`
	Settings    map[string]string `json:"flinkConfiguration,omitempty"`
}

// run starts a job and returns its id.
func (c *client) run(ctx context.Context, jar string, s submission) (string, error) {
	var answer struct{ JobID string }
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	err = c.do(ctx, request{http.MethodPost, "/jars/" + jar + "/run", bytes.NewReader(text),
		"application/json"}, &answer)
	if err == nil && answer.JobID == "" {
		err = errors.New("run the jar: its main class has started no job")
	}
	return answer.JobID, err
}

// States of a job.
const (
	stateRunning  = "RUNNING"
	stateFailed   = "FAILED"
	stateCanceled = "CANCELED"
	stateFinished = "FINISHED"
)

// jobState is a job as the JobManager tells of it.
type jobState struct {
	Name       string
	State      string
	Timestamps map[string]int64 // milliseconds, by state: when it was entered last
	Vertices   []struct {
		ID, Name    string
		Parallelism int
		Tasks       map[string]int // by state
	}
}

// terminal reports whether a job will not change any more.
func (s *jobState) terminal() bool {
	return s.State == stateFailed || s.State == stateCanceled || s.State == stateFinished
}

// works reports whether all tasks run: the job's own state does not tell that.
func (s *jobState) works() bool {
	for _, v := range s.Vertices {
		if v.Tasks[stateRunning] < v.Parallelism {
			return false
		}
	}
	return s.State == stateRunning && len(s.Vertices) > 0
}

// exceptions are why a job has failed, newest first.
type exceptions struct {
	ExceptionHistory struct {
		Entries []struct {
			Stacktrace    string
			TaskManagerID string
			Timestamp     int64
		}
	}
	RootException string `json:"root-exception"`
}

// whyFailed is the root cause of a job's failure.
func (c *client) whyFailed(ctx context.Context, job string) string {
	var e exceptions
	if err := c.get(ctx, "/jobs/"+job+"/exceptions?maxExceptions=5", &e); err != nil {
		return "nobody tells why: " + err.Error()
	}
	// The last one may be no more than "the restart strategy gives up", with the cause inside.
	if len(e.ExceptionHistory.Entries) > 0 {
		return rootCause(e.ExceptionHistory.Entries[0].Stacktrace)
	}
	if e.RootException != "" {
		return rootCause(e.RootException)
	}
	return "nobody tells why"
}

// checkpoints are what is known of a job's checkpoints.
type checkpoints struct {
	Counts struct{ Completed, Failed, Restored int }
	Latest struct {
		Completed *checkpointOf
		Failed    *struct {
			ID      uint64
			Message string `json:"failure_message"`
		}
		Restored *struct {
			ID        uint64
			Timestamp int64 `json:"restore_timestamp"`
		}
	}
}

type checkpointOf struct {
	ID         uint64
	Triggered  int64  `json:"trigger_timestamp"` // milliseconds
	Acked      int64  `json:"latest_ack_timestamp"`
	DurationMs int64  `json:"end_to_end_duration"`
	StateB     uint64 `json:"state_size"`
}
