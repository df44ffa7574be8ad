package kafkastreams

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// longestStart bounds how long an application may take to have its partitions, which the worker
	// bounds itself, and longestStop how long it may take to leave.
	longestStart = 2 * time.Minute
	longestStop  = 30 * time.Second
	// oneLook bounds how long a worker may take to say how it is: its processors may be busy.
	oneLook = 10 * time.Second
)

// status is what a worker says of its job.
type status struct {
	State      string            `json:"state"` // starting, running, ended, failed
	Error      string            `json:"error"`
	Settings   map[string]string `json:"settings"`
	Counters   map[string]int64  `json:"counters"`
	Milestones []milestone       `json:"milestones"`
}

type milestone struct {
	UnixNs int64             `json:"unixNs"`
	Name   string            `json:"name"`
	With   map[string]string `json:"with"`
}

const failed = "failed"

// begin hands a worker a plan and returns once its application has joined the others.
func (w worker) begin(ctx context.Context, plan []byte) error {
	ctx, cancel := context.WithTimeout(ctx, longestStart)
	defer cancel()
	if err := w.ask(ctx, http.MethodPost, "/jobs", plan, nil); err != nil {
		return fmt.Errorf("start the job on %s: %w", w.name, w.orDeath(err))
	}
	return nil
}

// look asks a worker how its job is.
func (w worker) look(ctx context.Context) (s status, err error) {
	ctx, cancel := context.WithTimeout(ctx, oneLook)
	defer cancel()
	if err := w.ask(ctx, http.MethodGet, "/jobs/current", nil, &s); err != nil {
		return s, fmt.Errorf("look at %s: %w", w.name, err)
	}
	return s, nil
}

// end stops the job of a worker. One that does not answer has none.
func (w worker) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), longestStop)
	defer cancel()
	if err := w.ask(ctx, http.MethodDelete, "/jobs/current", nil, nil); err != nil {
		return fmt.Errorf("stop the job on %s: %w", w.name, err)
	}
	return nil
}

// orDeath is why a worker has died if it has, else the error.
func (w worker) orDeath(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), oneLook)
	defer cancel()
	if died := w.running(ctx); died != nil {
		return died
	}
	return err
}

// ask makes a request and reads the answer into a value, where there is one.
func (w worker) ask(ctx context.Context, method, path string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, w.url+path, bytes.NewReader(body))
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
		return err
	}
	if res.StatusCode/100 != 2 {
		var refusal struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(text, &refusal) == nil && refusal.Error != "" {
			return fmt.Errorf("%s", refusal.Error)
		}
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
