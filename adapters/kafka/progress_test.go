package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/streambench/streambench/adapters/kafka/kafkatest"
)

// A group is done when it has committed every partition to its end event, and not before the stream
// has ended, however far it has read.
func TestAGroupIsDoneAtTheEndEvents(t *testing.T) {
	kafkatest.Brokers(t, func(t *testing.T, at string) {
		const n = 1000
		job, _ := jobOf(t, at, newWorkload(t, "iot-telemetry", nil), n)
		c := deploy(t, job)
		job.Topics = c.Topics()
		p, err := NewProgress(t.Context(), job, job.RunID+".group")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		look := func(what string, want bool) {
			t.Helper()
			start := time.Now()
			done, err := p.Done(t.Context())
			if err != nil || done != want {
				t.Errorf("%s: %v, %v", what, done, err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s: it took %s", what, took)
			}
		}
		look("an empty input", false)
		job.Load.Begin(time.Now())
		if err := c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		look("nothing committed", false)
		if got := p.Behind(); got != n+int64(job.Partitions) {
			t.Errorf("%d records behind", got)
		}
		commit := func(back int64) {
			t.Helper()
			admin := kadm.NewClient(c.admin)
			ends, err := admin.ListEndOffsets(t.Context(), job.Topics.Input)
			if err != nil {
				t.Fatal(err)
			}
			offsets := kadm.Offsets{}
			ends.Each(func(o kadm.ListedOffset) {
				offsets.AddOffset(o.Topic, o.Partition, o.Offset-back, -1)
			})
			if err := admin.CommitAllOffsets(t.Context(), job.RunID+".group", offsets); err != nil {
				t.Fatal(err)
			}
		}
		commit(1)
		look("all but the end events", false)
		if got := p.Behind(); got != int64(job.Partitions) {
			t.Errorf("%d records behind", got)
		}
		commit(0)
		look("all", true)
		look("all, once more", true)
	})
}
