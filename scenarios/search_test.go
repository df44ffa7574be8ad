package scenarios

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/streambench/streambench/reports/record"
)

// cliff passes below a rate.
func cliff(at float64) probing {
	return func(rate float64, _ trial) (record.Probe, error) {
		if rate < at {
			return record.Probe{Rate: rate, Answer: record.ProbePass}, nil
		}
		return record.Probe{Rate: rate, Answer: record.ProbeFail, Reason: "backlog"}, nil
	}
}

// linear climbs by 1 % until a rate fails: what a search must find in fewer steps.
func linear(least float64, try probing) (passed, failed float64) {
	for rate := least; ; rate *= 1.01 {
		if p, _ := try(rate, first); p.Answer == record.ProbeFail {
			return passed, rate
		}
		passed = rate
	}
}

func TestASearchFindsWhatALinearSearchFinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		start := rapid.Float64Range(100, 1e7).Draw(rt, "start")
		at := start * rapid.Float64Range(0.01, 100).Draw(rt, "cliff, of the start")
		probes := 0
		try := cliff(max(at, 20))
		b, err := newHunt(start).run(func(rate float64, as trial) (record.Probe, error) {
			probes++
			return try(rate, as)
		})
		if err != nil || b.Unsettled != "" {
			rt.Fatalf("error %v, unsettled %q", err, b.Unsettled)
		}
		passed, failed := linear(b.Passed/2, try)
		if b.Passed > failed || b.Failed < passed {
			rt.Errorf("bracket %v..%v, linear search %v..%v", b.Passed, b.Failed, passed, failed)
		}
		if b.Failed/b.Passed > 1.05/0.95 && b.Failed-b.Passed > 1 {
			rt.Errorf("bracket %v..%v is too wide", b.Passed, b.Failed)
		}
		if b.Reason != "backlog" || b.Repeats != 1 || b.Confirmed != 1 {
			rt.Errorf("bracket %+v", b)
		}
		if probes > 17 {
			rt.Errorf("%d probes", probes)
		}
	})
}

// TestASearchBearsWrongVerdicts: near the cliff a verdict is a matter of chance, and one probe in
// five is INVALID wherever it is. The answer lies near the cliff or there is none.
func TestASearchBearsWrongVerdicts(t *testing.T) {
	settled, searches, unconfirmed := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.Float64Range(1e4, 1e7).Draw(rt, "cliff")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		b, err := newHunt(1e6).run(func(rate float64, as trial) (record.Probe, error) {
			if chance.Float64() < 0.2 {
				return record.Probe{Rate: rate, Answer: record.ProbeInvalid, Reason: "driver-lag"}, nil
			}
			return cliff(at*(1+0.05*chance.NormFloat64()))(rate, as)
		})
		searches++
		switch {
		case err != nil:
			rt.Fatal(err)
		case b.Unsettled != "":
			return
		case b.Passed < 0.8*at || b.Passed > 1.2*at || b.Failed < b.Passed:
			rt.Errorf("bracket %+v around a cliff at %v", b, at)
		case b.Repeats > 3: // a fail, a pass that outvotes it, and the last trial
			rt.Errorf("bracket %+v was confirmed too often", b)
		case b.Confirmed < 1:
			unconfirmed++ // the probes ran out, and the answer says so
		}
		settled++
	})
	if unconfirmed*20 > searches {
		t.Errorf("%d of %d brackets were not confirmed before the probes ran out", unconfirmed,
			searches)
	}
	if settled*10 < searches*8 { // three INVALID probes in a row at one rate are 1 in 125
		t.Errorf("%d of %d searches were settled", settled, searches)
	}
}

// TestASearchSettlesInADoubtfulRange: over a factor of four every verdict is a matter of chance.
func TestASearchSettlesInADoubtfulRange(t *testing.T) {
	unconfirmed := 0
	for seed := range uint64(200) {
		chance := rand.New(rand.NewPCG(seed, 0))
		b, err := newHunt(1e6).run(func(rate float64, as trial) (record.Probe, error) {
			if rate > 4e6 && rate < 16e6 {
				return cliff(chance.Float64()*2*rate)(rate, as)
			}
			return cliff(8e6)(rate, as)
		})
		if err != nil || b.Unsettled != "" || b.Passed > 16e6 || b.Failed < 4e6 {
			t.Fatalf("seed %d: bracket %+v, error %v", seed, b, err)
		}
		if b.Confirmed < 1 {
			unconfirmed++
		}
	}
	if unconfirmed > 4 {
		t.Errorf("%d of 200 brackets were not confirmed before the probes ran out", unconfirmed)
	}
}

func TestASearchNeverReadsAnInvalidProbeAsAFailure(t *testing.T) {
	probes := 0
	b, err := newHunt(1000).run(func(rate float64, _ trial) (record.Probe, error) {
		probes++
		if rate < 5000 {
			return record.Probe{Rate: rate, Answer: record.ProbePass}, nil
		}
		return record.Probe{Rate: rate, Answer: record.ProbeInvalid, Reason: "behind-schedule",
			Text: "the driver sent 5k/s of 8k/s offered"}, nil
	})
	if err != nil || b.Failed != 0 || b.Reason != "" {
		t.Errorf("bracket %+v, error %v", b, err)
	}
	if !strings.Contains(b.Unsettled, "in 6 tries: the driver sent 5k/s") {
		t.Errorf("unsettled: %q", b.Unsettled)
	}
	if b.Passed < 4500 || b.Passed > 5000 {
		t.Errorf("the highest rate that passed is %v", b.Passed)
	}
	if probes > 25 {
		t.Errorf("%d probes", probes)
	}
}

func TestARateAboveTheDriverIsNoObstacle(t *testing.T) {
	// The driver can offer 7000, the system takes 5000: the ramp passes both at once.
	b, err := newHunt(1000).run(func(rate float64, as trial) (record.Probe, error) {
		if rate > 7000 {
			return record.Probe{Rate: rate, Answer: record.ProbeInvalid}, nil
		}
		return cliff(5000)(rate, as)
	})
	if err != nil || b.Unsettled != "" || b.Passed > 5000 || b.Failed < 5000 || b.Failed > 5500 {
		t.Errorf("bracket %+v, error %v", b, err)
	}
}

func TestASearchHasAnEnd(t *testing.T) {
	probes := 0
	answer := func(a string) probing {
		return func(rate float64, _ trial) (record.Probe, error) {
			probes++
			return record.Probe{Rate: rate, Answer: a, Reason: "latency"}, nil
		}
	}
	b, err := newHunt(1e6).run(answer(record.ProbeFail))
	if err != nil || b.Passed != 0 || b.Failed != 1000 || b.Reason != "latency" || probes > 30 {
		t.Errorf("nothing passes: %+v after %d probes, error %v", b, probes, err)
	}
	probes = 0
	b, err = newHunt(1e6).run(answer(record.ProbePass))
	if err != nil || b.Passed != 1e9 || b.Failed != 0 || b.Confirmed != 1 || probes > 30 {
		t.Errorf("everything passes: %+v after %d probes, error %v", b, probes, err)
	}
	probes = 0
	b, err = newHunt(1e6).run(answer(record.ProbeInvalid))
	if err != nil || b.Unsettled == "" || probes > 30 {
		t.Errorf("nothing can be read: %+v after %d probes, error %v", b, probes, err)
	}
	over := errors.New("no broker")
	b, err = newHunt(1e6).run(func(float64, trial) (record.Probe, error) {
		return record.Probe{}, over
	})
	if !errors.Is(err, over) || !strings.Contains(b.Unsettled, "no broker") {
		t.Errorf("a probe that cannot be made: %+v, error %v", b, err)
	}
}
