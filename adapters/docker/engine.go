// Package docker runs the nodes of systems and brokers in containers of a Docker engine, through
// testcontainers-go: a network of their own with pinned addresses, limits, logs, and nothing left
// behind.
//
//	Image --Build--> Engine --NewDeployment--> Deployment --Start--> Container (a node)
//	                                               |                     |
//	          lease, labels: undone if we die <----+--- Close: logs kept, all removed
package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// longestAnswer is how long the engine may take to say who it is.
const longestAnswer = 10 * time.Second

// oldestAPI is the first version of the engine's API that the client speaks: that of Docker 19.03.
const oldestAPI = 40 // 1.40

// Engine is a Docker engine that answers.
type Engine struct {
	cli     *client.Client
	host    string // URL
	Version string // of the engine, for people
}

// Connect reaches the engine that DOCKER_HOST names, or else the current context of the docker
// command, or else the socket where engines of this host listen. The error says what to do and
// wraps adapters.ErrNotReady.
func Connect(ctx context.Context) (*Engine, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longestAnswer,
		fmt.Errorf("no answer within %s", longestAnswer))
	defer cancel()
	host, err := findHost()
	if err != nil {
		return nil, unready("reach docker engine", err, "mend or remove what names it")
	}
	cli, err := client.New(client.FromEnv, client.WithHost(host))
	if strings.HasPrefix(host, "ssh://") {
		err = errors.New("ssh is not spoken here")
	}
	if err != nil {
		return nil, unready("reach docker engine at "+host, err, "name it as unix://PATH or "+
			"tcp://HOST:PORT in DOCKER_HOST (ssh -L forwards a socket)")
	}
	v, err := cli.ServerVersion(ctx, client.ServerVersionOptions{})
	if err == nil {
		err = tooOld(v)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cli.Close()
		return nil, unready("reach docker engine at "+host, plain(err), remedyFor(err))
	}
	return &Engine{cli: cli, host: host, Version: v.Version}, nil
}

// tooOld tells an engine by its API, "1.41".
func tooOld(v client.ServerVersionResult) error {
	_, minor, _ := strings.Cut(v.APIVersion, ".")
	if n, err := strconv.Atoi(minor); err != nil || n < oldestAPI {
		return fmt.Errorf("%w: version %s speaks API %s, not 1.%d", errOld, v.Version, v.APIVersion,
			oldestAPI)
	}
	return nil
}

// Close lets go of the engine.
func (e *Engine) Close() error { return e.cli.Close() }

// undoable is the address of the engine as an undo of a lease reaches it, "" where it cannot: it
// speaks no TLS.
func (e *Engine) undoable() string {
	plain := strings.HasPrefix(e.host, "tcp://") && os.Getenv("DOCKER_CERT_PATH") == ""
	if strings.HasPrefix(e.host, "unix://") || plain {
		return e.host
	}
	return ""
}
