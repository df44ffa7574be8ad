package workloads

import (
	"context"
	"slices"
	"testing"
)

// TestClickstreamIsTheGoldenOne holds the sessions, which are the same in both profiles, and how
// many times a click joins two of them as clicks arrive: without that the check would be void.
func TestClickstreamIsTheGoldenOne(t *testing.T) {
	for _, params := range []map[string]string{
		nil, {"keys": "100k"}, {"profile": "lateness"}, {"groups": "1000"},
	} {
		w := newWorkload(t, clickstreamName, 10_000, params)
		p, err := planQuery(w)
		if err != nil {
			t.Fatal(err)
		}
		set := newResultSet(w.Query)
		o := newOracle(p, 0, func(e *outcome) error {
			set.add(e.Row)
			return nil
		})
		if err := o.run(context.Background(), 1_000_000); err != nil {
			t.Fatal(err)
		}
		checkSet(t, int(set.count), set.sum, "133084 d8ac7256d468c7fc")
		if o.merges != 1032 && params["groups"] == "" {
			t.Errorf("%v: %d merges in arrival order, want 1032", params, o.merges)
		}
		late := params["profile"] == "lateness"
		if o.late.TooLate != 0 || late != (o.late.Allowed > 0) {
			t.Errorf("%v: %+v", params, o.late)
		}
	}
}

// TestClickstreamSessionsNeedNoArrivalOrder cuts the clicks of each user, sorted by time, where the
// silence is longer than the gap.
func TestClickstreamSessionsNeedNoArrivalOrder(t *testing.T) {
	w := newWorkload(t, clickstreamName, 1000, nil)
	clicks := map[int64][]int64{}
	scan(w, 200_000, func(b *Batch) {
		for i, user := range b.Cols[clickUser][:b.N] {
			clicks[user] = append(clicks[user], b.TS[i])
		}
	})
	want := newResultSet(w.Query)
	for user, times := range clicks {
		slices.Sort(times)
		for len(times) > 0 {
			n := 1
			for n < len(times) && times[n]-times[n-1] <= 30_000 {
				n++
			}
			want.add([]int64{user, times[0], times[n-1] + 30_000, int64(n)})
			times = times[n:]
		}
	}
	count, digest, err := w.Answer(context.Background(), 200_000)
	if err != nil || count != want.count || digest != want.digest() {
		t.Errorf("answer %d %s (%v), want %d %s", count, digest, err, want.count, want.digest())
	}
}

func TestProfilesHaveDefaultsOfTheirOwn(t *testing.T) {
	tmpl, _ := Find(clickstreamName)
	for _, c := range []struct {
		params          map[string]string
		bound, lateness int64
		wrong           bool
	}{
		{nil, 45_000, 0, false},
		{map[string]string{"profile": "lateness"}, 1000, 60_000, false},
		{map[string]string{"profile": "lateness", "bound": "2s", "lateness": "5s"}, 2000, 5000, false},
		{map[string]string{"disorder": "1k:1s:9s"}, 9000, 0, false},
		{map[string]string{"disorder": "1k:1s:9s", "profile": "lateness"}, 1000, 60_000, false},
		{map[string]string{"lateness": "5s"}, 45_000, 5000, true},
	} {
		values, errs := tmpl.Resolve(c.params)
		if (len(errs) > 0) != c.wrong || values[boundParam].Int != c.bound ||
			values[latenessParam].Int != c.lateness {
			t.Errorf("%v: bound %d, lateness %d, %v", c.params, values[boundParam].Int,
				values[latenessParam].Int, errs)
		}
	}
}
