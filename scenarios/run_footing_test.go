package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// standingPipe is a pipe whose brokers and whose system can stay up between jobs.
type standingPipe struct {
	*pipe
	openErr, brokersErr, hostErr, claims string
	// spoils is how many jobs the system fails in before it works.
	spoils int
	jobs   []adapters.Job
	up     int // brokers and hosts that are not closed
}

func (s *standingPipe) request(t *testing.T, src string, sets ...string) scenarios.RunRequest {
	t.Helper()
	req := scenarios.RunRequest{
		Scenario: load(t, src, sets...), Systems: only(standingAdapter{pipeAdapter{s.pipe}, s}),
		Transports: func(string) (adapters.Transport, bool) {
			return standingTransport{pipeTransport{s.pipe}, s}, true
		},
	}
	req.InVirtualTime()
	req.WithFirstDrain(2000)
	return req
}

type standingAdapter struct {
	pipeAdapter
	s *standingPipe
}

func (a standingAdapter) Claim(job adapters.Job) string {
	if a.s.claims != "" {
		return a.s.claims
	}
	return job.Guarantee
}

func (a standingAdapter) Open(_ context.Context, job adapters.Job) (adapters.Host, error) {
	if a.s.openErr != "" {
		return nil, errors.New(a.s.openErr)
	}
	if job.Lease == nil || job.LogDir == "" || job.Load != nil || job.Topics == nil {
		return nil, fmt.Errorf("the host was told %+v", job)
	}
	a.s.did("open host")
	a.s.up++
	return &standingHost{a}, nil
}

type standingHost struct{ a standingAdapter }

func (h *standingHost) Deploy(ctx context.Context, job adapters.Job) (adapters.System, error) {
	h.a.s.jobs = append(h.a.s.jobs, job)
	if h.a.s.spoils > 0 {
		h.a.s.spoils--
		return nil, errors.New("the host is spoilt")
	}
	sys, err := h.a.pipeAdapter.Deploy(ctx, job)
	if err != nil {
		return nil, err
	}
	return busySystem{sys}, nil
}

// busySystem is one whose container keeps a core busy, whatever it does.
type busySystem struct{ adapters.System }

func (busySystem) Used(context.Context) (adapters.Usage, error) {
	return adapters.Usage{CPUNs: time.Now().UnixNano() / 1000, MemoryB: 7 << 20}, nil
}

func (h *standingHost) Close() error {
	h.a.s.did("close host")
	h.a.s.up--
	if h.a.s.hostErr != "" {
		return errors.New(h.a.s.hostErr)
	}
	return nil
}

type standingTransport struct {
	pipeTransport
	s *standingPipe
}

func (t standingTransport) Open(context.Context, adapters.Job) (adapters.Carrier, error) {
	if t.s.brokersErr != "" {
		return nil, fmt.Errorf("%s: %w", t.s.brokersErr, adapters.ErrNotReady)
	}
	t.s.did("open brokers")
	t.s.up++
	return standingCarrier(t), nil
}

type standingCarrier struct {
	pipeTransport
	s *standingPipe
}

func (c standingCarrier) Close() error {
	c.s.did("close brokers")
	c.s.up--
	return nil
}

// twoRates is a scenario of two systems, each at a fixed rate and at half of what it drains.
const twoRates = `
name: two
workload: nexmark
params: {query: q0}
systems: [{name: native, as: a}, {name: native, as: b}]
deployment: once
load:
  rate: [1k/s, {of-capacity: 50%, estimate: 4s}]
  event-rate: 1k/s
  transport: kafka
  broker: localhost:9092
  partitions: 3
  warmup: 1s
  steady: 4s
  drain: 20s
`

// standing is what was done with what stands, without the jobs it served.
func standing(order []string) (of []string) {
	for _, what := range order {
		if strings.HasPrefix(what, "open") || strings.HasPrefix(what, "close host") ||
			what == "close brokers" {
			of = append(of, what)
		}
	}
	return of
}

func TestOneDeploymentServesAllRatesOfASystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standingPipe{pipe: &pipe{fake: fake{each: 250 * time.Microsecond}}} // 4000 a second
		r, err := carryOut(t, t.Context(), s.request(t, twoRates))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"open brokers", "open host", "close host", "open host", "close host",
			"close brokers"}
		if got := standing(s.order); !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
		ids := map[string]bool{}
		for _, job := range s.jobs {
			ids[job.RunID] = true
			if job.LogDir == "" || filepath.Base(filepath.Dir(job.LogDir)) != "logs" {
				t.Errorf("logs go to %q", job.LogDir)
			}
			if _, err := os.Stat(job.LogDir); err != nil {
				t.Error(err)
			}
		}
		if len(ids) != len(s.jobs) || len(s.jobs) != 2*(2+2) && len(s.jobs) != 2*(1+2) {
			t.Errorf("%d names of %d jobs", len(ids), len(s.jobs))
		}
		if s.up != 0 || r.result.Exit != 0 {
			t.Errorf("%d still up, exit %d: %s", s.up, r.result.Exit, r.result.Sentence)
		}
		if r.manifest.Conditions.Deployment != "once" {
			t.Error("the conditions do not tell that one deployment served several repetitions")
		}
		compares(t, r)
	})
}

// compares looks at the comparison of two systems at two rates.
func compares(t *testing.T, r *recorded) {
	t.Helper()
	c := r.result.Comparison
	if c == nil || len(c.Systems) != 2 || c.Systems[0].System != "a" || c.Systems[1].System != "b" {
		t.Fatalf("comparison %+v", c)
	}
	for _, sys := range c.Systems {
		if len(sys.Rates) != 2 || !sys.Estimated || sys.Capacity == nil || sys.DeployNs < 0 {
			t.Fatalf("%+v", sys)
		}
		if *sys.Capacity < 3000 || *sys.Capacity > 4400 {
			t.Errorf("capacity %g of a system that answers 4000 a second", *sys.Capacity)
		}
		if fixed := sys.Rates[0]; fixed.Name != sys.System+"@1k/s" || fixed.Verdict != "PASS" ||
			math.Abs(fixed.Figures["offered"]-1000) > 1 {
			t.Errorf("%+v", fixed)
		}
		// A thousandth of a core is 1 µs at 1000 events a second.
		if cpu := sys.Rates[0].Figures["cpu.system"]; cpu < 0.9 || cpu > 1.1 ||
			sys.Rates[0].Figures["memory.system"] != 7<<20 {
			t.Errorf("an event took %g µs: %+v", cpu, sys.Rates[0])
		}
		share := sys.Rates[1]
		half := share.Figures["offered"] / *sys.Capacity
		if share.Name != sys.System+"@50%" || half < 0.45 || half > 0.55 || share.Verdict != "PASS" {
			t.Errorf("%+v: %g of the capacity", share, half)
		}
	}
	drains := 0
	for _, e := range r.entries {
		if e.Probe != nil {
			drains++
			if d := e.Probe.Drain; d == nil || e.Probe.Answer != record.ProbePass ||
				d.SystemCores < 0.0003 || d.SystemCores > 0.0011 {
				t.Errorf("drain %+v of %+v", e.Probe, d)
			}
		}
	}
	if drains == 0 {
		t.Error("the drains are not in the record")
	}
}

func TestEachRepetitionHasItsOwnDeploymentUnlessTheScenarioSaysOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standingPipe{pipe: &pipe{}}
		r, err := carryOut(t, t.Context(), s.request(t, twoRates, "deployment=each",
			"load.rate=[1k/s, 2k/s]"))
		if err != nil {
			t.Fatal(err)
		}
		if got := standing(s.order); len(got) > 0 || len(r.ledgers()) != 4 || r.result.Exit != 0 {
			t.Errorf("%v stood, %d repetitions, exit %d", got, len(r.ledgers()), r.result.Exit)
		}
	})
}

// TestWhatStandsIsReplacedAfterAFailure has the first job fail by its host, or by its brokers: what
// comes after gets others.
func TestWhatStandsIsReplacedAfterAFailure(t *testing.T) {
	for _, tt := range []struct {
		pipe  *standingPipe
		order string
		right int
	}{
		{&standingPipe{pipe: &pipe{}, spoils: 1},
			"open brokers, open host, close host, open host, close host, close brokers", 1},
		{&standingPipe{pipe: &pipe{failsAt: 1500, failure: errors.New("no leader")}},
			"open brokers, open host, close host, close brokers, " +
				"open brokers, open host, close host, close brokers", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := tt.pipe
			r, err := carryOut(t, t.Context(), s.request(t, twoRates, "load.rate=[1k/s, 2k/s]",
				"systems=[{name: native, as: a}]"))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(standing(s.order), ", "); got != tt.order {
				t.Errorf("order %v, want %v", got, tt.order)
			}
			if r.result.Exit != 5 || len(r.ledgers()) != tt.right || s.up != 0 {
				t.Errorf("exit %d, %d ledgers, %d up", r.result.Exit, len(r.ledgers()), s.up)
			}
		})
	}
}

// TestWhatCannotStandFailsItsRepetitions breaks what is to stay up, and looks at exit and rest.
func TestWhatCannotStandFailsItsRepetitions(t *testing.T) {
	for _, tt := range []struct {
		name string
		pipe *standingPipe
		exit int
		text string
	}{
		{"no brokers", &standingPipe{brokersErr: "no engine"}, 4, "start brokers: no engine"},
		{"a host that does not open", &standingPipe{openErr: "no image"}, 5, "deploy a: no image"},
		{"a host that does not close", &standingPipe{hostErr: "still there"}, 5,
			"close a: still there"},
		{"a drain in which the system dies", &standingPipe{pipe: &pipe{fake: fake{dieAt: 1500}}}, 5,
			"died as planned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tt.pipe
				if s.pipe == nil {
					s.pipe = &pipe{}
				}
				r, err := carryOut(t, t.Context(), s.request(t, twoRates))
				if err != nil {
					t.Fatal(err)
				}
				text := ""
				for _, v := range r.result.Verdicts {
					text += v.Text + "\n"
				}
				if r.result.Exit != tt.exit || !strings.Contains(text, tt.text) || s.up != 0 {
					t.Errorf("exit %d, %d up: %s", r.result.Exit, s.up, text)
				}
			})
		})
	}
}

// stopAt ends a run when a repetition has entered a phase.
type stopAt struct {
	phase string
	stop  context.CancelFunc
}

func (s stopAt) Add(e record.Entry) error {
	if e.Phase != nil && e.Phase.Name == s.phase {
		s.stop()
	}
	return nil
}

func TestNothingStandsAfterAnInterruption(t *testing.T) {
	for _, phase := range []string{"deploy", "fill", "warmup", "steady", "drain", "check", "close"} {
		t.Run(phase, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &standingPipe{pipe: &pipe{}}
				req := s.request(t, twoRates)
				req.Sinks = []record.Sink{stopAt{phase, cancel}}
				r, err := carryOut(t, ctx, req)
				if !errors.Is(err, context.Canceled) || s.up != 0 {
					t.Errorf("%v, %d up", err, s.up)
				}
				if r.result.Exit != 130 {
					t.Errorf("exit %d: %s", r.result.Exit, r.result.Sentence)
				}
			})
		})
	}
}

func TestASystemThatPromisesLessIsHeldToThatAndMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &standingPipe{pipe: &pipe{}, claims: "at-least-once"}
		r, err := carryOut(t, t.Context(), s.request(t, twoRates, "load.rate=[1k/s, 2k/s]"))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.manifest.Claim.Declared["a"]; got != "at-least-once" || r.result.Exit != 0 {
			t.Errorf("declared %q, exit %d", got, r.result.Exit)
		}
		c := r.result.Comparison
		if !c.Systems[0].Weaker || !strings.Contains(c.Unlike, "a declares at-least-once") {
			t.Errorf("%+v", c)
		}
		for _, v := range r.result.Verdicts {
			if v.Rule == "guarantee" && !strings.HasPrefix(v.Text, "at-least-once held") {
				t.Error(v.Text)
			}
		}
	})
}
