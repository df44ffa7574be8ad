package kafka

import (
	"testing"
	"time"

	"github.com/streambench/streambench/workloads"
)

// count is a collector that only counts.
type count struct{ rows int }

func (c *count) Collect(rs *workloads.Results, _ int64) error {
	c.rows += rs.N
	return nil
}

func TestCollectingDoesNotAllocate(t *testing.T) {
	const records = 3000 // more than are handed on at a time
	for _, w := range []string{"iot-telemetry", "ysb", "sliding-average"} {
		for _, form := range []string{workloads.BinaryForm, workloads.JSONForm} {
			t.Run(w+" "+form, func(t *testing.T) {
				var got count
				job, _ := jobOf(t, "", newWorkload(t, w, nil), 0)
				job.Format, job.Collector = form, &got
				topics := nameTopics(job, reach{})
				c, err := NewCollector(job, topics)
				if err != nil {
					t.Fatal(err)
				}
				codec, err := workloads.NewResultCodec(job.Workload.Query, workloads.Answers, form)
				if err != nil {
					t.Fatal(err)
				}
				rs := workloads.NewResults(job.Workload.Query, 1)
				var b Batch
				b.Reset()
				for range records {
					b.Add(Message{Value: codec.Append(nil, rs, 0)})
				}
				f := Fetched{Bytes: b.Seal(Identity{}, 0), At: time.Now()}
				if n := testing.AllocsPerRun(10, func() {
					if err := c.take(f); err != nil {
						t.Fatal(err)
					}
				}); n > 0 {
					t.Errorf("%v allocations for %d results", n, records)
				}
				if got.rows != 11*records {
					t.Errorf("%d results", got.rows)
				}
			})
		}
	}
}
