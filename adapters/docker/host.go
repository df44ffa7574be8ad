package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// usualSocket is where an engine of this host listens.
const usualSocket = "/var/run/docker.sock"

// findHost is the URL of the engine to use. Where none is named and no socket is there, it is that
// of the usual one, which then does not answer.
func findHost() (string, error) {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return host, nil
	}
	if host, err := contextHost(); host != "" || err != nil {
		return host, err
	}
	sockets := []string{usualSocket}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "docker.sock")) // rootless
	}
	if home, err := os.UserHomeDir(); err == nil {
		sockets = append(sockets, filepath.Join(home, ".docker/run/docker.sock"), // macOS
			filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	for _, socket := range sockets {
		if _, err := os.Stat(socket); err == nil {
			return "unix://" + socket, nil
		}
	}
	return "unix://" + usualSocket, nil
}

// contextHost is the engine of the docker command's current context, "" where that is the default.
func contextHost() (string, error) {
	dir := os.Getenv("DOCKER_CONFIG")
	if home, err := os.UserHomeDir(); dir == "" && err == nil {
		dir = filepath.Join(home, ".docker")
	}
	name := os.Getenv("DOCKER_CONTEXT")
	if name == "" {
		var config struct{ CurrentContext string }
		if err := readJSON(filepath.Join(dir, "config.json"), &config); err != nil {
			return "", err
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return "", nil
	}
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	id := sha256.Sum256([]byte(name))
	path := filepath.Join(dir, "contexts", "meta", hex.EncodeToString(id[:]), "meta.json")
	if err := readJSON(path, &meta); err != nil {
		return "", err
	}
	host := meta.Endpoints["docker"].Host
	if host == "" {
		return "", fmt.Errorf("the docker command has no context %q", name)
	}
	return host, nil
}

// readJSON reads a file; one that is not there has nothing in it.
func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
