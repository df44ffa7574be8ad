package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/moby/moby/client"

	"github.com/streambench/streambench/adapters"
)

// What keeps an engine from being used, in the place of what its client says.
var (
	errOld    = errors.New("the engine is too old")
	errNobody = errors.New("no engine answers")
	errDenied = errors.New("permission denied")
)

// plain tells the errors of a connection apart: the client keeps the words of what the host says,
// not always the error.
func plain(err error) error {
	denied := errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), errDenied.Error())
	switch {
	case !client.IsErrConnectionFailed(err):
		return err
	case denied:
		return errDenied
	}
	return errNobody
}

// unreadyError wraps adapters.ErrNotReady without a word of it.
type unreadyError struct {
	text string
	err  error
}

func (e *unreadyError) Error() string   { return e.text }
func (e *unreadyError) Unwrap() []error { return []error{e.err, adapters.ErrNotReady} }

// unready says what the engine, not the system in it, does not do, and what to do about it.
func unready(what string, err error, remedy string) error {
	if errors.Is(err, adapters.ErrNotReady) {
		return fmt.Errorf("%s: %w", what, err)
	}
	text := fmt.Sprintf("%s: %s", what, strings.TrimSuffix(err.Error(), "."))
	if remedy != "" {
		text += ": " + remedy
	}
	return &unreadyError{text, err}
}

// remedies say what to do about what an engine says. The first that fits counts.
var remedies = []struct {
	said   string
	remedy string
}{
	{"no space left on device", "the disk of the engine is full: remove images and containers " +
		"(docker system df tells which), or streambench clean"},
	{"cannot allocate memory", "the host has no memory left: free some, or set less in resources"},
	{"Requested CPUs are not available", "name cores that the host has in resources"},
	{"Range of CPUs is from", "ask for no more cores than the host has in resources"},
	{"Minimum memory limit", "give it more memory in resources"},
	{"could not find an available", "remove networks that nobody uses: docker network prune"},
	{"all predefined address pools", "remove networks that nobody uses: docker network prune"},
	{"is already in use by container", "another run of this name is on: wait for it, or " +
		"streambench clean"},
	{"toomanyrequests", "log in to the registry, or build it: streambench images build"},
}

// remedyFor is what to do about an error of the engine; "" where nothing is known.
func remedyFor(err error) string {
	switch err = plain(err); {
	case errors.Is(err, errDenied):
		return "you have no permission on its socket: sudo usermod -aG docker $USER and log in " +
			"again, or run as root"
	case errors.Is(err, errNobody):
		return "start one (sudo systemctl start docker; on a bare Debian .ci/engine of the " +
			"repository installs it), or name one in DOCKER_HOST"
	case errors.Is(err, errOld):
		return "upgrade it to Docker 19.03 or newer"
	case errors.Is(err, context.DeadlineExceeded):
		return "look at its log (journalctl -u docker), and how busy the host is"
	}
	for _, r := range remedies {
		if strings.Contains(err.Error(), r.said) {
			return r.remedy
		}
	}
	return ""
}
