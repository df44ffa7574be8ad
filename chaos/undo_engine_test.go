//go:build linux

package chaos

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeEngine has things by their path, with the run they are labelled with.
type fakeEngine struct {
	mu      sync.Mutex
	things  map[string]string // path -> run
	refuse  map[string]int    // how often a removal is refused at first
	removed []string
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.TrimSuffix(r.URL.Path, "/json")
	run, ok := f.things[path]
	switch {
	case !ok:
		http.Error(w, `{"message":"no such thing"}`, http.StatusNotFound)
	case r.Method == http.MethodDelete && f.refuse[path] > 0:
		f.refuse[path]--
		http.Error(w, `{"message":"has active endpoints"}`, http.StatusForbidden)
	case r.Method == http.MethodDelete:
		delete(f.things, path)
		f.removed = append(f.removed, path)
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(path, "/containers/"):
		fmt.Fprintf(w, `{"Config":{"Labels":{%q:%q}}}`, LeaseLabel, run)
	default:
		fmt.Fprintf(w, `{"Labels":{%q:%q}}`, LeaseLabel, run)
	}
}

// serveEngine returns the address of a fake engine.
func serveEngine(t *testing.T, f *fakeEngine) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e") // that of the test may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "unix://" + l.Addr().String()
}

func TestWhatAnEngineHasIsRemovedIfItIsOfTheRun(t *testing.T) {
	own := runOf(testLabel)
	f := &fakeEngine{
		things: map[string]string{
			"/containers/own": own, "/volumes/own": own, "/networks/own": own,
			"/containers/other": "another", "/networks/other": "another", "/volumes/unlabelled": "",
		},
		refuse: map[string]int{"/networks/own": 1},
	}
	at := serveEngine(t, f)
	cases := []struct {
		name string
		undo Undo
		says string // what the error says; "" for none
	}{
		{"a container", Undo{Op: OpContainer, Address: at, Args: []string{"own"}}, ""},
		{"a volume", Undo{Op: OpVolume, Address: at, Args: []string{"own"}}, ""},
		{"a network that somebody is just leaving",
			Undo{Op: OpNetwork, Address: at, Args: []string{"own"}}, ""},
		{"one that is gone", Undo{Op: OpContainer, Address: at, Args: []string{"own"}}, ""},
		{"a container of another run", Undo{Op: OpContainer, Address: at, Args: []string{"other"}},
			"not of this run"},
		{"a network of another run", Undo{Op: OpNetwork, Address: at, Args: []string{"other"}},
			"not of this run"},
		{"a volume of nobody's run", Undo{Op: OpVolume, Address: at, Args: []string{"unlabelled"}},
			"not of this run"},
		{"another path", Undo{Op: OpVolume, Address: at, Args: []string{"../networks/other"}}, ""},
		{"nothing", Undo{Op: OpContainer, Address: at}, "no such act"},
		{"at no address", Undo{Op: OpContainer, Address: "ssh://x", Args: []string{"own"}}, "ssh://x"},
		{"where no engine is", Undo{Op: OpContainer, Address: "unix:///no/such", Args: []string{"own"}},
			"/no/such"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := undo(t.Context(), testLabel, c.undo)
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
	slices.Sort(f.removed)
	if want := []string{"/containers/own", "/networks/own", "/volumes/own"}; !slices.Equal(f.removed, want) {
		t.Errorf("removed %q, not %q", f.removed, want)
	}
}
