package reports

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestTheCommandOfARunCanBePasted(t *testing.T) {
	words := []string{"printf", `%s\n`, "run", "load.rate={search: sustainable, latency.p99: 1s}",
		"it's", "$HOME", "a=b", ""}
	out, err := exec.Command("sh", "-c", commandLine(words)).Output()
	if err != nil {
		t.Skipf("no shell: %v", err)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); !slices.Equal(got, words[2:]) {
		t.Errorf("%s gave a shell %q", commandLine(words), got)
	}
	if got := commandLine([]string{"run", "load.steady=4s"}); got != "run load.steady=4s" {
		t.Errorf("plain words are quoted: %s", got)
	}
}
