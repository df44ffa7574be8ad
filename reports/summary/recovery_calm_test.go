package summary_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/summary"
)

// before is ten seconds of a system that answers in bursts, some time apart each; of the load
// answered is what it keeps up with.
type before struct {
	apart    time.Duration
	jitter   float64 // of the time of a burst, and of how much it answers, as a share of apart
	answered float64
	stands   [2]time.Duration // answers nothing between two times, and all it missed after them
	phase    time.Duration    // how far into a burst the ten seconds begin
}

const beforeRate = 300e3

func (b before) readings(rnd *rand.Rand) (all []summary.Reading) {
	answered, next := -0.05*beforeRate, b.phase
	for at := time.Duration(0); at <= 9600*msec; at += 100 * msec {
		due := at.Seconds() * beforeRate
		if still := at >= b.stands[0] && at < b.stands[1]; at >= next && !still {
			now := due*b.answered - 0.05*beforeRate - rnd.Float64()*b.jitter*b.apart.Seconds()*beforeRate
			answered = max(answered, now)
			for next <= at {
				next += b.apart + time.Duration((rnd.Float64()-0.5)*b.jitter*float64(b.apart))
			}
		}
		all = append(all, summary.Reading{AtNs: int64(at), Due: due, Answered: answered})
	}
	return all
}

func TestACalmAllowsForOneBurstAndForNoGrowth(t *testing.T) {
	sec := time.Second
	for _, c := range []struct {
		what string
		of   before
		says string // why it is no calm
	}{
		{"a flow", before{apart: 100 * msec, answered: 1}, ""},
		{"bursts of a second", before{apart: sec, answered: 1}, ""},
		{"uneven bursts", before{apart: sec, jitter: 0.2, answered: 1}, ""},
		{"bursts of three seconds", before{apart: 3 * sec, answered: 1}, ""},
		{"a hiccup that is over", before{apart: 100 * msec, answered: 1,
			stands: [2]time.Duration{3 * sec, 4 * sec}}, ""},
		{"a flow that falls behind", before{apart: 100 * msec, answered: 0.97}, "backlog grows"},
		{"bursts that fall behind", before{apart: sec, answered: 0.97}, "backlog grows"},
		{"uneven bursts that fall behind", before{apart: sec, jitter: 0.1, answered: 0.9},
			"backlog grows"},
		{"a flow of half of it", before{apart: 100 * msec, answered: 0.5}, "backlog grows"},
		{"a flow that stands", before{apart: 100 * msec, answered: 1,
			stands: [2]time.Duration{8 * sec, 20 * sec}}, "less than 95 %"},
		{"bursts that stand", before{apart: sec, answered: 1,
			stands: [2]time.Duration{6 * sec, 20 * sec}}, "less than 95 %"},
		{"nothing", before{apart: sec, stands: [2]time.Duration{0, 20 * sec}}, "less than 95 %"},
	} {
		for seed := range uint64(20) {
			c.of.phase = time.Duration(seed) * c.of.apart / 20
			was := summary.CalmOf(c.of.readings(rand.New(rand.NewPCG(seed, 1))), 0)
			got := was.Broken()
			if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
				t.Errorf("%s, seed %d: %q, want %q; %s", c.what, seed, got, c.says, was.Text())
			}
		}
	}
}

func TestACalmOfWindowsThatCloseSeldomAllowsForOne(t *testing.T) {
	b := before{apart: 8 * time.Second, answered: 1, phase: 3 * time.Second}
	all := b.readings(rand.New(rand.NewPCG(1, 1)))
	if was := summary.CalmOf(all, 0); was.Broken() == "" {
		t.Errorf("one answer in ten seconds tells of no burst: %+v", was)
	}
	if was := summary.CalmOf(all, int64(8*time.Second)); was.Broken() != "" {
		t.Errorf("%s", was.Broken())
	}
	if was := summary.CalmOf(nil, 0); was.Broken() == "" {
		t.Error("nothing was read, and it is a calm")
	}
}
