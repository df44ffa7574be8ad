package chaos

import (
	"os"
	"strings"
	"testing"
)

func newTestNetns(t *testing.T) *netns {
	t.Helper()
	if err := CanNetns(); err != nil {
		t.Skip(err)
	}
	n, err := NewNetwork(t.Context(), PlaneNetns, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	suffix := n.(*netns).suffix
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		entries, _ := os.ReadDir("/run/netns")
		for _, e := range entries {
			if strings.Contains(e.Name(), suffix) {
				t.Errorf("%s is left", e.Name())
			}
		}
	})
	return n.(*netns)
}
