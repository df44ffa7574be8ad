package scenarios

import (
	"slices"
	"testing"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// TestABacklogIsReadWhenAllUpToATriggerHasCome takes results of a schedule of 1000 events a second.
func TestABacklogIsReadWhenAllUpToATriggerHasCome(t *testing.T) {
	const ms = int64(1e6)
	var w whole
	for _, x := range []struct {
		trigger uint64
		atMs    int64
	}{
		{1000, 1010}, {1000, 1200}, {1000, 1020}, // the last of them after 200 ms
		{2000, 2010}, {2100, 2110}, // of one quarter of a second
		{3000, 4500}, {4000, 4010}, // one window waits for another
		{5000, 5000}, // at once
		{6000, 9000}, // long after
	} {
		w.add(int64(x.trigger)*ms, workloads.Timing{Trigger: x.trigger, ReceivedNs: x.atMs * ms})
	}
	want := []record.Reading{{AtNs: 1200 * ms, Events: 200}, {AtNs: 2110 * ms, Events: 10},
		{AtNs: 4500 * ms, Events: 500}, {AtNs: 5000 * ms, Events: 0}, {AtNs: 9000 * ms, Events: 3000}}
	if got := w.readings(workloads.Constant(1000)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	var long whole
	for i := range uint64(5000) {
		long.add(int64(i)*wholeNs, workloads.Timing{Trigger: 250 * i, ReceivedNs: int64(i) * wholeNs})
	}
	if n := len(long.readings(workloads.Constant(1000))); n > maxReadings || n < maxReadings/2 {
		t.Errorf("%d readings of a long run", n)
	}
	if got := new(whole).readings(nil); got != nil {
		t.Errorf("readings of nothing: %v", got)
	}
}
