package spark

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/java"
	"github.com/streambench/streambench/workloads"
)

const (
	// ownJar is where a job the user brought along lies in a container.
	ownJar = "/own/job.jar"
	// idleLooks is how often in a row a query of the user's has to find nothing before it is done.
	idleLooks = 2
	// longestLook bounds how long brokers may take to say what the input ends with.
	longestLook = 20 * time.Second
)

// ownSpec makes a driver run what the user brought along, as spark-submit in client mode does.
func ownSpec(job adapters.Job) (docker.Spec, error) {
	s, err := driverSpec(job)
	if err != nil {
		return s, err
	}
	jar, err := os.ReadFile(job.Own.Jar)
	if err != nil {
		return s, fmt.Errorf("read own job: %w: %w", adapters.ErrNotReady, err)
	}
	s.Files = append(s.Files, docker.File{Path: ownJar, Body: jar})
	s.Cmd = append([]string{"own", job.Own.Main},
		adapters.OwnArguments(job, "", stateDir+"/"+job.RunID)...)
	s.Ready = docker.ReadyHTTP(controlPort, "/jobs/current")
	return s, nil
}

// ownSettings are those under which a query that is not ours tells how far it is.
var ownSettings = map[string]string{
	"spark.jars": ownJar,
	"spark.sql.streaming.streamingQueryListeners":     "io.streambench.spark.Reported",
	"spark.sql.streaming.noDataProgressEventInterval": "500",
}

// ownDone reports whether a query of the user's has read its input to the end, and found nothing
// more to do since.
func ownDone(ctx context.Context, job adapters.Job, st java.Status) (bool, error) {
	if st.Counters["idle"] < idleLooks {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, longestLook)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(job.Topics.Bootstrap...), kgo.ClientID("streambench"),
		kgo.DisableClientMetrics())
	if err != nil {
		return false, err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, job.Topics.Input)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return false, fmt.Errorf("read the end of the input: %w", err)
	}
	last := map[int32]kgo.Offset{}
	for p := range int32(job.Topics.Partitions) {
		end, ok := ends.Lookup(job.Topics.Input, p)
		if !ok || end.Offset == 0 ||
			st.Positions[fmt.Sprintf("%s/%d", job.Topics.Input, p)] < end.Offset {
			return false, nil
		}
		last[p] = kgo.NewOffset().At(end.Offset - 1)
	}
	return allEnded(ctx, job, last)
}

// allEnded reports whether the records at some offsets are the end events of their partitions.
func allEnded(ctx context.Context, job adapters.Job, last map[int32]kgo.Offset) (bool, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(job.Topics.Bootstrap...), kgo.ClientID("streambench"),
		kgo.DisableClientMetrics(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{job.Topics.Input: last}))
	if err != nil {
		return false, err
	}
	defer cl.Close()
	for ended := map[int32]bool{}; len(ended) < len(last); {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return false, fmt.Errorf("read the end of the input: %w", err)
		}
		for _, r := range fetches.Records() {
			if !isEnd(job.Format, r.Value) {
				return false, nil
			}
			ended[r.Partition] = true
		}
	}
	return true, nil
}

// isEnd reports whether an event is an end event: its first field is -1.
func isEnd(form string, value []byte) bool {
	if form == workloads.JSONForm {
		return strings.HasPrefix(string(value), `{"seq":-1,`)
	}
	return len(value) >= 8 && int64(binary.LittleEndian.Uint64(value)) == -1
}

// errNoMain is of a job of the user's nobody says how to start.
var errNoMain = errors.New("start own job: no main class: write main")
