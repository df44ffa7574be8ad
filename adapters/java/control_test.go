package java_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters/java"
)

// The client says what the server (Control.java) says.
func TestControlStartsOneJobAfterTheOther(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body))
		switch {
		case string(body) == "refused":
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error":"a job is running: delete it first"}`)
		case string(body) == "odd":
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "no JSON")
		case r.Method == http.MethodGet:
			fmt.Fprint(w, `{"state":"running","error":"","positions":{"input-0":7},
				"settings":{"a":"b"},"counters":{"late":1},
				"milestones":[{"unixNs":5,"name":"detected","with":{"node":"w"}}]}`)
		}
	}))
	defer server.Close()
	c := java.Control{URL: server.URL}
	if err := c.Start(t.Context(), []byte("plan")); err != nil {
		t.Fatal(err)
	}
	s, err := c.Status(t.Context())
	if err != nil || s.State != java.Running || s.Positions["input-0"] != 7 ||
		s.Settings["a"] != "b" || s.Counters["late"] != 1 || len(s.Milestones) != 1 ||
		s.Milestones[0].With["node"] != "w" {
		t.Errorf("status %+v, %v", s, err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	want := "POST /jobs plan,GET /jobs/current ,DELETE /jobs/current "
	if got := strings.Join(asked, ","); got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	for plan, want := range map[string]string{"refused": "a job is running", "odd": "502"} {
		if err := c.Start(t.Context(), []byte(plan)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	server.Close()
	if _, err := c.Status(t.Context()); err == nil {
		t.Error("a server that is gone has a status")
	}
}
