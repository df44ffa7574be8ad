package adaptertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Objects of a Docker engine bear the tool that made them as a label: PID:START@BOOT.
const ownerLabel = "streambench.owner"

// containers are the containers and networks that this process has made and not removed, asked of
// the engine itself and not of the package that makes them. Without an engine there are none.
func containers(ctx context.Context) ([]string, error) {
	at := strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if at == "" {
		at = "/var/run/docker.sock"
	}
	if _, err := os.Stat(at); err != nil {
		return nil, nil
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", at)
		},
		DisableKeepAlives: true,
	}}
	var all []string
	for _, list := range []string{"containers/json?all=1", "networks"} {
		names, err := owned(ctx, client, list)
		if err != nil {
			return nil, fmt.Errorf("list %s of the engine at %s: %w", list, at, err)
		}
		all = append(all, names...)
	}
	return all, nil
}

// owned are the objects of a list that this process has made.
func owned(ctx context.Context, client *http.Client, list string) (names []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/v1.41/"+list, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var objects []struct {
		Name   string // of a network
		Names  []string
		Labels map[string]string
	}
	if err := json.NewDecoder(resp.Body).Decode(&objects); err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(list, "s")
	for _, o := range objects {
		if strings.HasPrefix(o.Labels[ownerLabel], fmt.Sprintf("%d:", os.Getpid())) {
			names = append(names, kind+" "+strings.Join(append(o.Names, o.Name), ""))
		}
	}
	return names, nil
}
