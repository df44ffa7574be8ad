package java

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Control is the control server of a virtual machine that runs one job after the other
// (io.streambench.core.Control).
type Control struct {
	URL string // http://HOST:PORT
}

// States of a job.
const (
	Starting = "starting"
	Running  = "running"
	Ended    = "ended" // its input was read and every result is visible
	Failed   = "failed"
)

// Status is what a job says of itself.
type Status struct {
	State      string            `json:"state"`
	Error      string            `json:"error"` // why it has failed
	Positions  map[string]int64  `json:"positions"`
	Settings   map[string]string `json:"settings"` // in force
	Counters   map[string]int64  `json:"counters"`
	Milestones []Milestone       `json:"milestones"`
}

// Milestone is something that happened to a job.
type Milestone struct {
	UnixNs int64             `json:"unixNs"`
	Name   string            `json:"name"`
	With   map[string]string `json:"with"`
}

// controlAnswer bounds how long an answer may be awaited that no caller bounds by itself.
const controlAnswer = 2 * time.Minute

// Start starts a job. The error has the words of the server.
func (c Control) Start(ctx context.Context, plan []byte) error {
	_, err := c.ask(ctx, http.MethodPost, "/jobs", plan)
	return err
}

// Status asks for the status of the job there is.
func (c Control) Status(ctx context.Context) (Status, error) {
	var s Status
	text, err := c.ask(ctx, http.MethodGet, current, nil)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read status of job: %w", err)
	}
	return s, nil
}

// Stop ends the job; where there is none it does nothing.
func (c Control) Stop(ctx context.Context) error {
	_, err := c.ask(ctx, http.MethodDelete, current, nil)
	return err
}

// current is where the job is.
const current = "/jobs/current"

// mostAnswerB bounds what a server may answer.
const mostAnswerB = 64 << 20

// ask is the answer to a request, or the words in which it was refused.
func (c Control) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, controlAnswer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswerB))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return nil, errors.New(words(text, res.Status))
	}
	return text, nil
}

// words are those of an answer that is an error.
func words(text []byte, status string) string {
	var said struct{ Error string }
	if json.Unmarshal(text, &said) == nil && said.Error != "" {
		return said.Error
	}
	return strings.TrimSpace(status + " " + string(text))
}
