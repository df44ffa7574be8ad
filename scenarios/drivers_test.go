package scenarios

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
)

func TestTheRecordsOfAllShardsAreNeeded(t *testing.T) {
	start := time.Date(2026, 11, 26, 19, 30, 0, 0, time.UTC)
	of := record.DriverConditions{StreamDigest: "a", Rate: "1k/s", Events: 10, Partitions: 4}
	one := func(shard, shards int) record.Driver {
		return record.Driver{Schema: record.DriverSchema, Shard: shard, Shards: shards, Start: start,
			Conditions: of, Due: 5, Sent: 5}
	}
	earlier, other, failed := one(1, 2), one(1, 2), one(1, 2)
	earlier.Start = start.Add(-time.Hour)
	other.Conditions.StreamDigest = "b"
	failed.Failure = "no broker"
	for _, c := range []struct {
		name    string
		records []record.Driver
		says    string
	}{
		{"none", nil, "no driver has left a record"},
		{"all", []record.Driver{one(0, 2), one(1, 2)}, ""},
		{"one of three is missing", []record.Driver{one(0, 3), one(2, 3)}, "no record of driver 1/3"},
		{"one is of an earlier run", []record.Driver{one(0, 2), earlier}, "no record of driver 1/2"},
		{"one is of another stream", []record.Driver{one(0, 2), other}, "it is of another load"},
		{"they do not fit together", []record.Driver{one(0, 2), one(1, 3)}, "it is of another load"},
		{"one has failed", []record.Driver{one(0, 2), failed}, "driver 1/2: no broker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Drivers{Dir: t.TempDir(), Start: start}
			for i, r := range c.records {
				body, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				name := filepath.Join(d.Dir, "driver-"+string(rune('a'+i))+".json")
				if err := os.WriteFile(name, body, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			all, err := d.records(of)
			switch {
			case c.says == "" && (err != nil || len(all) != len(c.records)):
				t.Errorf("%d records, %v", len(all), err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v, not %q", err, c.says)
			}
		})
	}
}

func TestLagIsCountedToOnePercentAndNeverLess(t *testing.T) {
	var l lagCounts
	for lag := int64(1); lag < 1e10; lag = lag*21/20 + 1 {
		l.RecordN(0, lag, 1)
		one := l.counts()
		if got := one[len(one)-1][0]; got < lag || got > max(leastLagNs+64, lag+lag/100) {
			t.Errorf("a lag of %d is counted as %d", lag, got)
		}
	}
}

func TestShardsDivideTheSlots(t *testing.T) {
	for n := range uint64(30) {
		sum := uint64(0)
		for m := range 7 {
			sum += ownOf(n, m, 7)
		}
		if sum != n {
			t.Errorf("7 shards of %d slots have %d", n, sum)
		}
	}
}
