package scenarios_test

import (
	"context"
	"errors"
	"fmt"
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

// passing is a pass-through of a known pace: 256 events every so long.
func passing(every time.Duration) *fake { return &fake{processing: always(every)} }

func TestARunIsHeldAgainstTheNullCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 1000 events/s are 77 % of 1280.
		null := scenarios.Null{Adapter: passing(200 * time.Millisecond), Dir: t.TempDir()}
		req := scenarios.RunRequest{Scenario: load(t, passOn), Systems: only(&fake{}), Null: null}
		req.InVirtualTime()
		r, err := carryOut(t, t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		c := r.manifest.Conditions.Ceiling
		if c < 1000 || c > 2100 { // whole batches fall into a slice of 250 ms
			t.Errorf("ceiling %v", c)
		}
		h := r.result.Systems[0].Headroom
		if h == nil || h.Ceiling != c {
			t.Errorf("headroom %+v", h)
		}
		kept, err := filepath.Glob(filepath.Join(null.Dir, r.manifest.Host.Hash+"-*.json"))
		if err != nil || len(kept) != 1 {
			t.Fatalf("kept %v, %v", kept, err)
		}
		// The next run takes it from there.
		slow := passing(time.Hour)
		req.Null.Adapter = slow
		if r, err = carryOut(t, t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if got := r.manifest.Conditions.Ceiling; got != c || slow.deployed != 0 {
			t.Errorf("ceiling %v, deployed %d times", got, slow.deployed)
		}
		// Another workload has another ceiling, and a file that is damaged is none.
		other := load(t, passOn, "params.query=q1")
		if got, err := null.Calibrate(t.Context(), other); err != nil || got.EventsPerS < 1000 {
			t.Errorf("calibrated to %+v, %v", got, err)
		}
		if kept, _ = filepath.Glob(filepath.Join(null.Dir, "*.json")); len(kept) != 2 {
			t.Errorf("kept %v", kept)
		}
		for _, path := range kept {
			if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		req.Null.Adapter = passing(100 * time.Millisecond)
		if r, err = carryOut(t, t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if got := r.manifest.Conditions.Ceiling; got < 2000 {
			t.Errorf("ceiling %v", got)
		}
	})
}

func TestAMissingCeilingIsToldAndNoObstacle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, null := range []adapters.Adapter{
			&fake{deployErr: errors.New("no broker")}, passing(time.Hour),
		} {
			f := null.(*fake)
			f.making = always(time.Hour)
			req := scenarios.RunRequest{
				Scenario: load(t, passOn), Systems: only(&fake{}),
				Null: scenarios.Null{Adapter: null},
			}
			req.InVirtualTime()
			r, err := carryOut(t, t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if r.manifest.Conditions.Ceiling != 0 || r.result.Systems[0].Headroom != nil ||
				len(r.result.Warnings) != 1 || r.result.Exit != 0 {
				t.Errorf("ceiling %v, warnings %v, exit %d", r.manifest.Conditions.Ceiling,
					r.result.Warnings, r.result.Exit)
			}
			if f.deployed != f.closed {
				t.Errorf("deployed %d times, closed %d times", f.deployed, f.closed)
			}
		}
	})
}

func TestCalibrationCanBeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f := passing(time.Millisecond)
		null := scenarios.Null{Adapter: f, Dir: t.TempDir()}
		_, err := null.Calibrate(ctx, load(t, passOn))
		if !errors.Is(err, context.DeadlineExceeded) || f.deployed != f.closed {
			t.Errorf("error %v, deployed %d times, closed %d times", err, f.deployed, f.closed)
		}
	})
}

func TestASearchStaysBelowTheDriversCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The system takes anything; a pass-through takes 12 800 a second.
		r := seek(t, scenarios.RunRequest{
			Null: scenarios.Null{Adapter: passing(20 * time.Millisecond)},
		}, &fake{})
		for _, p := range r.probesOf() {
			if p.Rate > 12_800 {
				t.Errorf("probe %+v", p)
			}
		}
		sys := r.result.Systems[0]
		if sys.Search.Failed != 0 || sys.Search.Passed < 11_000 || !sys.Headroom.DriverLimited {
			t.Errorf("search %+v, headroom %+v", sys.Search.Bracket, sys.Headroom)
		}
	})
}

func TestAnUnlikeRunIsTold(t *testing.T) {
	s := load(t, seekOn)
	synctest.Test(t, func(t *testing.T) {
		r := seek(t, scenarios.RunRequest{}, &fake{each: 250 * time.Microsecond})
		if unlike := s.Unlike(r.manifest); len(unlike) != 0 {
			t.Errorf("unlike itself in %q", unlike)
		}
		for _, set := range []string{"load.seed=2", "load.event-rate=2k/s", "params.query=q1",
			"guarantee=at-least-once", "resources.worker.cpus=2", "load.format=json"} {
			if unlike := load(t, seekOn, set).Unlike(r.manifest); len(unlike) == 0 {
				t.Errorf("%s makes no difference", set)
			}
		}
		m := r.manifest
		m.Host = record.Host{Hash: "another"}
		if unlike := s.Unlike(m); len(unlike) != 1 {
			t.Errorf("another host: %q", unlike)
		}
	})
}

// TestTheCeilingOfATransportIsThatOfAllOfIt measures a pass-through that a transport offers events
// faster than it passes them on.
func TestTheCeilingOfATransportIsThatOfAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{fake: fake{
			making: always(10 * time.Millisecond), processing: always(200 * time.Millisecond),
		}}
		null := scenarios.Null{Adapter: pipeAdapter{p}, Transports: p.find}
		s := load(t, passOn, "load.transport=kafka", "load.partitions=3")
		c, err := null.Calibrate(t.Context(), s)
		if err != nil || c.EventsPerS < 1000 || c.EventsPerS > 2100 {
			t.Errorf("ceiling %+v, %v", c, err)
		}
		want := []string{"deploy transport", "deploy system", "close system", "close transport"}
		if !slices.Equal(p.order, want) {
			t.Errorf("order %v, want %v", p.order, want)
		}
	})
}

// TestBrokersThatAreNotReadyEndARunBeforeItBegins: a run over them would say the same, later.
func TestBrokersThatAreNotReadyEndARunBeforeItBegins(t *testing.T) {
	p := &pipe{deployErr: fmt.Errorf("dial: %w", adapters.ErrNotReady)}
	dir := t.TempDir()
	_, err := scenarios.Run(t.Context(), scenarios.RunRequest{
		Scenario: load(t, passOn, "load.transport=kafka"), Systems: only(pipeAdapter{p}),
		Transports: p.find, Dir: dir,
		Null: scenarios.Null{Adapter: pipeAdapter{p}, Transports: p.find},
	})
	var notReady *scenarios.NotReadyError
	if !errors.As(err, &notReady) || !strings.Contains(err.Error(), "dial") {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// TestADyingTransportHasNoCeiling: what was measured until then is none.
func TestADyingTransportHasNoCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{failsAt: 3000, failure: errors.New("the disk is full"), fake: fake{
			making: always(100 * time.Millisecond),
		}}
		null := scenarios.Null{Adapter: pipeAdapter{p}, Transports: p.find, Dir: t.TempDir()}
		s := load(t, passOn, "load.transport=kafka", "load.partitions=3")
		_, err := null.Calibrate(t.Context(), s)
		if err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("error %v", err)
		}
		if kept, _ := os.ReadDir(null.Dir); len(kept) != 0 {
			t.Errorf("%v is kept", kept)
		}
	})
}

// TestACeilingThatARunGetsAboveIsDropped: kept, it would hold every search of this host down.
func TestACeilingThatARunGetsAboveIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		null := scenarios.Null{Adapter: passing(time.Second), Dir: t.TempDir()} // 928 events/s
		req := scenarios.RunRequest{
			Scenario: load(t, passOn, "load.rate=1500/s"), Systems: only(&fake{}), Null: null,
		}
		req.InVirtualTime()
		r, err := carryOut(t, t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, e := range r.entries {
			told = told || e.Warning != nil && e.Warning.Code == "ceiling-outdone"
		}
		if kept, _ := os.ReadDir(null.Dir); len(kept) != 0 || !told {
			t.Errorf("ceiling %v, kept %v, told %v", r.manifest.Conditions.Ceiling, kept, told)
		}
	})
}
