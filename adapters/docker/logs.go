package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

const (
	// What is kept of the log of a node: as much of its beginning, and as much of its end.
	keptHead, keptTail = 2 << 20, 6 << 20
	// keptOutput bounds what is read of a command's output.
	keptOutput = 4 << 20
	// quotedLines is how much of a log an error has.
	quotedLines = 15
	// longestQuote bounds how long the look for them may take: the error does not wait for it.
	longestQuote = 5 * time.Second
)

// Logs are what the container has written since a time, or since it was started last where that is
// zero; of more than a few megabytes the beginning and the end.
func (c *Container) Logs(ctx context.Context, since time.Time) ([]byte, error) {
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true}
	if o.Since = c.startedAfter(); !since.IsZero() {
		o.Since = since.UTC().Format(time.RFC3339Nano)
	}
	all := &ends{head: keptHead, tail: keptTail}
	err := c.copyLogs(ctx, o, all)
	return []byte(all.String()), err
}

func (c *Container) startedAfter() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since
}

// lastLines are the end of its log, for an error; "" where there are none.
func (c *Container) lastLines() string {
	ctx, cancel := context.WithTimeout(context.Background(), longestQuote)
	defer cancel()
	o := client.ContainerLogsOptions{
		ShowStdout: true, ShowStderr: true, Since: c.startedAfter(), Tail: fmt.Sprint(quotedLines),
	}
	var b bytes.Buffer
	if err := c.copyLogs(ctx, o, &b); err != nil {
		return "\n\t| " + err.Error()
	}
	return quote(b.String())
}

// quote are the last lines of a text, each on a line of its own.
func quote(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var b strings.Builder
	for _, line := range lines[max(0, len(lines)-quotedLines):] {
		if line = strings.TrimRight(line, " \t\r"); line != "" {
			b.WriteString("\n\t| " + line[:min(len(line), 400)])
		}
	}
	if strings.Contains(b.String(), "o space left on device") {
		b.WriteString("\n\tthe disk of the engine is full: docker system df tells by what")
	}
	return b.String()
}

func (c *Container) copyLogs(
	ctx context.Context, o client.ContainerLogsOptions, w io.Writer,
) error {
	r, err := c.d.engine.cli.ContainerLogs(ctx, c.name, o)
	if err != nil {
		return fmt.Errorf("read log of %s: %w", c.spec.Name, err)
	}
	defer r.Close()
	if _, err := stdcopy.StdCopy(w, w, r); err != nil {
		return fmt.Errorf("read log of %s: %w", c.spec.Name, err)
	}
	return nil
}

// keepLog writes what there is of the node's log behind what is kept of one of its name.
func (c *Container) keepLog(ctx context.Context) error {
	if c.d.cfg.LogDir == "" {
		return nil
	}
	all := &ends{head: keptHead, tail: keptTail}
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true}
	err := c.copyLogs(ctx, o, all)
	path := filepath.Join(c.d.cfg.LogDir, c.spec.Name+".log")
	f, opened := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if opened != nil {
		return fmt.Errorf("keep log of %s: %w", c.spec.Name, errors.Join(err, opened))
	}
	_, written := io.WriteString(f, all.String())
	if err := errors.Join(err, written, f.Close()); err != nil {
		return fmt.Errorf("keep log of %s: %w", c.spec.Name, err)
	}
	return nil
}

// ends keeps the beginning and the end of what is written to it.
type ends struct {
	head, tail int // how many bytes of each; tail 0 leaves the end out
	first      []byte
	last       []byte
	left       int // bytes in between that are gone
}

func (e *ends) Write(p []byte) (int, error) {
	n := min(len(p), e.head-len(e.first))
	e.first = append(e.first, p[:n]...)
	e.last = append(e.last, p[n:]...)
	if len(e.last) > 2*e.tail {
		e.shorten()
	}
	return len(p), nil
}

func (e *ends) shorten() {
	if over := len(e.last) - e.tail; over > 0 {
		e.left += over
		e.last = append(e.last[:0], e.last[over:]...)
	}
}

// lastText is the end alone.
func (e *ends) lastText() string {
	e.shorten()
	return string(e.last)
}

func (e *ends) String() string {
	e.shorten()
	if e.left == 0 {
		return string(e.first) + string(e.last)
	}
	return fmt.Sprintf("%s\n[… %d bytes left out …]\n%s", e.first, e.left, e.last)
}
