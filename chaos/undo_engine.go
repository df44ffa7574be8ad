package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// longestEngineUndo bounds the removal of one thing from a container engine: on a crowded host it
// takes seconds to end a container.
const longestEngineUndo = 30 * time.Second

// engineKinds are the folders of an engine's API, by what an undo removes from it.
var engineKinds = map[string]string{
	OpContainer: "containers", OpVolume: "volumes", OpNetwork: "networks",
}

// lateBirth is how long after the tool's death the engine may still make what it was asked for:
// an undo that finds nothing looks again.
const lateBirth = time.Second

// defaultEngine is where an engine listens on this host.
const defaultEngine = "unix:///var/run/docker.sock"

// engineAPI speaks the little of the API of a container engine that undoing takes.
type engineAPI struct {
	http    http.Client
	address string
}

// engineAt reaches for an engine at unix://PATH or tcp://HOST:PORT.
func engineAt(address string) (*engineAPI, error) {
	scheme, at, ok := strings.Cut(address, "://")
	if !ok || (scheme != "unix" && scheme != "tcp") || at == "" {
		return nil, fmt.Errorf("no engine can be reached at %q: it is neither unix://PATH nor "+
			"tcp://HOST:PORT", address)
	}
	var dial net.Dialer
	return &engineAPI{address: address, http: http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial.DialContext(ctx, scheme, at)
		},
	}}}, nil
}

// ask returns the status and the body of an answer.
func (e *engineAPI) ask(ctx context.Context, method, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := e.http.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return 0, nil, fmt.Errorf("the engine at %s does not answer: %w", e.address, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	return res.StatusCode, body, err
}

// removeFromEngine removes a container, a volume or a network of the run.
func removeFromEngine(ctx context.Context, label string, u Undo) error {
	e, err := engineAt(u.Address)
	if err != nil {
		return err
	}
	path := "/" + engineKinds[u.Op] + "/" + url.PathEscape(u.Args[0])
	there, err := e.belongs(ctx, label, path, u.Op)
	if err == nil && !there {
		if err := pause(ctx, lateBirth); err != nil {
			return err
		}
		there, err = e.belongs(ctx, label, path, u.Op)
	}
	for err == nil && there {
		var status int
		var body []byte
		status, body, err = e.ask(ctx, http.MethodDelete, path+"?force=1&v=1")
		switch {
		case err != nil || status == http.StatusNotFound:
			return err
		case status/100 == 2:
			return nil
		}
		// It is being removed already, or what uses it is just going.
		if pause(ctx, 10*watchEvery) != nil {
			return fmt.Errorf("%w: the engine says %d: %s", context.Cause(ctx), status,
				strings.TrimSpace(string(body)))
		}
		there, err = e.belongs(ctx, label, path, u.Op)
	}
	return err
}

// belongs reports whether something is there; it errs where that is of another run.
func (e *engineAPI) belongs(ctx context.Context, label, path, op string) (bool, error) {
	if op == OpContainer {
		path += "/json"
	}
	status, body, err := e.ask(ctx, http.MethodGet, path)
	if err != nil || status == http.StatusNotFound {
		return false, err
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("the engine says %d: %s", status, strings.TrimSpace(string(body)))
	}
	var about struct {
		Labels map[string]string
		Config struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(body, &about); err != nil {
		return false, fmt.Errorf("read what the engine says: %w", err)
	}
	run := runOf(label)
	if about.Labels[LeaseLabel] != run && about.Config.Labels[LeaseLabel] != run {
		return false, fmt.Errorf("it is not of this run")
	}
	return true, nil
}

// engineLeft are the containers, volumes and networks of a run that the engine of this host still
// has. Where there is no engine, there are none.
func engineLeft(ctx context.Context, run string) (left []string, err error) {
	address := os.Getenv("DOCKER_HOST")
	if address == "" {
		address = defaultEngine
	}
	e, err := engineAt(address)
	if err != nil {
		return nil, nil // nothing could be made there with an undo
	}
	ctx, cancel := context.WithTimeout(ctx, longestUndo)
	defer cancel()
	filter, err := json.Marshal(map[string][]string{"label": {LeaseLabel + "=" + run}})
	if err != nil {
		return nil, err
	}
	query := "?" + url.Values{"all": {"1"}, "filters": {string(filter)}}.Encode()
	for what, path := range map[string]string{
		OpContainer: "/containers/json", OpVolume: "/volumes", OpNetwork: "/networks",
	} {
		status, body, err := e.ask(ctx, http.MethodGet, path+query)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) ||
			errors.Is(err, syscall.ECONNREFUSED) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("the engine says %d: %s", status, body)
		}
		names, err := namesIn(what, body)
		if err != nil {
			return nil, fmt.Errorf("read what the engine says: %w", err)
		}
		left = append(left, names...)
	}
	return left, nil
}

// namesIn reads a list of the engine.
func namesIn(what string, body []byte) (names []string, err error) {
	type thing struct {
		Name  string
		Names []string
	}
	var all []thing
	if what == OpVolume {
		var answer struct{ Volumes []thing }
		err = json.Unmarshal(body, &answer)
		all = answer.Volumes
	} else {
		err = json.Unmarshal(body, &all)
	}
	for _, t := range all {
		name := t.Name
		if len(t.Names) > 0 {
			name = strings.TrimPrefix(t.Names[0], "/")
		}
		names = append(names, what+" "+name)
	}
	return names, err
}
