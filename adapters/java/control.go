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
	return c.do(ctx, http.MethodPost, "/jobs", plan, nil)
}

// Status asks for the status of the job there is.
func (c Control) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.do(ctx, http.MethodGet, "/jobs/current", nil, &s)
	return s, err
}

// Stop ends the job; where there is none it does nothing.
func (c Control) Stop(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/jobs/current", nil, nil)
}

func (c Control) do(ctx context.Context, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, controlAnswer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return errors.New(words(text, res.Status))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// words are those of an answer that is an error.
func words(text []byte, status string) string {
	var said struct{ Error string }
	if json.Unmarshal(text, &said) == nil && said.Error != "" {
		return said.Error
	}
	return strings.TrimSpace(status + " " + string(text))
}
