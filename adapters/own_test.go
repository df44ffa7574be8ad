package adapters

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestArgumentsOfAnOwnJobAreInItsDocument holds what a job is started with to what its writer reads.
func TestArgumentsOfAnOwnJobAreInItsDocument(t *testing.T) {
	page, err := os.ReadFile("../docs/own-logic.md")
	if err != nil {
		t.Fatal(err)
	}
	job := Job{
		RunID: "r", Format: "binary", Guarantee: "exactly-once", Checkpoint: 250 * time.Millisecond,
		Workers: 2, WorkerCPUs: 3, Topics: &Topics{
			Bootstrap: []string{"127.0.0.1:1"}, Inside: []string{"kafka-1:9092", "kafka-2:9092"},
			Partitions: 4, Input: "r.input", Outputs: [3]string{"r.results", "", "r.dlq"},
		},
	}
	args := OwnArguments(job, "g", "/state")
	const want = "--run-id r --bootstrap kafka-1:9092,kafka-2:9092 --group g --input r.input " +
		"--results r.results --dlq r.dlq --partitions 4 --format binary --guarantee exactly-once " +
		"--checkpoint-ms 250 --parallelism 6 --threads 3 --state /state"
	if got := strings.Join(args, " "); got != want {
		t.Errorf("%s", got)
	}
	for i := 0; i < len(args); i += 2 {
		if !strings.Contains(string(page), "`"+args[i]+"`") {
			t.Errorf("docs/own-logic.md has nothing of %s", args[i])
		}
	}
	if len(OwnArguments(job, "", ""))%2 != 0 {
		t.Error("arguments are no pairs")
	}
}
