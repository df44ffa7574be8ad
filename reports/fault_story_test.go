package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/record/recordtest"
)

func TestEveryMilestoneIsToldInASentenceOfItsOwn(t *testing.T) {
	told := map[string]string{}
	for _, name := range []string{record.MilestoneDeployed, record.MilestoneStarted,
		record.MilestonePrecommit, record.MilestoneCompleted, record.MilestoneCommit,
		record.MilestoneAbandoned, record.MilestoneDetected, record.MilestoneReassigned,
		record.MilestoneRestoring, record.MilestoneRestored, record.MilestoneResumed,
		record.MilestoneRejoined, record.MilestoneFenced, record.MilestoneTakeover,
		record.MilestoneTorn} {
		m := record.Milestone{Name: name, Node: "worker-1", Checkpoint: 3, Slots: []int{1, 2}}
		text := MilestoneSentence(&m)
		if told[text] != "" || strings.HasPrefix(text, name) {
			t.Errorf("%s is told as %q, which %q is too", name, text, told[text])
		}
		told[text] = name
		m.Name = "checkpoint.3." + name
		if again := MilestoneSentence(&m); again != text {
			t.Errorf("%s is told as %q, want %q", m.Name, again, text)
		}
		if bare := MilestoneSentence(&record.Milestone{Name: name}); strings.Contains(bare, "  ") ||
			bare == "" {
			t.Errorf("%s without anything else is told as %q", name, bare)
		}
	}
}

func TestKeyRangesAreNamedShortly(t *testing.T) {
	for _, c := range []struct {
		slots []int
		want  string
	}{
		{nil, ""}, {[]int{3}, "key range 3"}, {[]int{3, 4}, "key ranges 3 and 4"},
		{[]int{0, 1, 2, 3, 7}, "key ranges 0 to 3 and 7"}, {[]int{1, 3, 5}, "key ranges 1, 3 and 5"},
	} {
		if got := keyRanges(c.slots); got != c.want {
			t.Errorf("%v: %q, want %q", c.slots, got, c.want)
		}
	}
}

func TestFaultsAreToldByWhatCameOfThem(t *testing.T) {
	seen := &record.Witness{Holds: true, Evidence: []string{"pid 7 is gone"}}
	for want, f := range map[string]record.Fault{
		"worker-1 was killed, loudly: its connections closed (pid 7 is gone)": {Verb: "kill",
			Text: "kill worker", Nodes: []string{"worker-1"}, ActualNs: 1, Witness: seen},
		"worker-1 and worker-2 were killed, loudly: their connections closed (pid 7 is gone)": {
			Verb: "kill", Text: "kill minority", Nodes: []string{"worker-1", "worker-2"}, ActualNs: 1,
			Witness: seen},
		"partition ring took effect (pid 7 is gone)": {Verb: "partition", Text: "partition ring",
			ActualNs: 1, Witness: seen},
		"kill worker-1 was carried out, and nobody saw it take effect": {Verb: "kill",
			Text: "kill worker-1", ActualNs: 1},
		"lose worker-1 is n/a: no network of its own": {Text: "lose worker-1",
			Unsupported: "no network of its own"},
		"kill worker-1 could not be injected: not calm": {Text: "kill worker-1", Error: "not calm"},
	} {
		if got := FaultSentence(&f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestAStoryIsInOrderAndEndsBeforeTheNextFault holds it for the faults of every run.
func TestAStoryIsInOrderAndEndsBeforeTheNextFault(t *testing.T) {
	for name := range runs {
		run, err := Load(standard(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range breakages(run) {
			for i := range b.faults {
				f := &b.faults[i]
				story := b.story(f, instantsOf(run, b, f))
				marks := map[string]bool{}
				for k, m := range story {
					if k > 0 && m.atNs < story[k-1].atNs {
						t.Errorf("%s, %s: %q is told after what came later", name, f.Text, m.sentence)
					}
					if next := b.until(f); f.ActualNs > 0 && next > 0 && m.atNs > next && m.atNs != f.HealedNs && m.mark == "" {
						t.Errorf("%s, %s: %q is of the next fault", name, f.Text, m.sentence)
					}
					if m.mark != "" && marks[m.mark] {
						t.Errorf("%s, %s: %s stands twice", name, f.Text, m.mark)
					}
					marks[m.mark] = true
				}
				if _, took := faultState(f); took != marks["t0"] {
					t.Errorf("%s, %s: took effect %v, t0 is told %v", name, f.Text, took, marks["t0"])
				}
			}
		}
	}
}

func TestOfManyNodesThatSayTheSameTheFirstAndTheLastAreTold(t *testing.T) {
	b := &breakage{faults: []record.Fault{{ID: 1, Text: "kill worker-9", Verb: "kill", ActualNs: 1e9,
		Nodes: []string{"worker-9"}, Witness: &record.Witness{Holds: true}}}}
	for i := range 40 {
		b.milestones = append(b.milestones, record.Milestone{Name: record.MilestoneRestored,
			AtNs: int64(2e9) + int64(i)*1e6, Node: fmt.Sprintf("worker-%d", i)})
	}
	var text []string
	for _, m := range b.story(&b.faults[0], instants{1e9, 0, 0, 2_039e6}) {
		text = append(text, m.mark+" "+m.sentence)
	}
	if len(text) != 3 || !strings.Contains(text[1], "worker-0 had the state of its work again (the "+
		"first of 40)") || !strings.HasPrefix(text[2], "t3 worker-39") {
		t.Errorf("told as %q", text)
	}
}

// TestNothingWithoutEvidenceIsPrintedAsZero looks at all pages on which something is unresolved.
func TestNothingWithoutEvidenceIsPrintedAsZero(t *testing.T) {
	html := string(rendered(t, standard(t, "broken"))[PageFile])
	section := html[strings.Index(html, "<h2>6."):strings.Index(html, "<h2>7.")]
	for _, want := range []string{"n/a: the system writes nothing", "not witnessed", "unresolved"} {
		if !strings.Contains(section, want) {
			t.Errorf("the section does not say %q", want)
		}
	}
	if m := regexp.MustCompile(`<td[^>]*>0 ns</td>`).FindString(section); m != "" {
		t.Errorf("the section prints %s", m)
	}
}

func TestAFaultThatWasNotInjectedHasNoBand(t *testing.T) {
	html := string(rendered(t, standard(t, "too-early"))[PageFile])
	if strings.Contains(html, faultInk) || strings.Contains(html, `fill="`+markInk+`"/>`) {
		t.Error("a band or a triangle is drawn")
	}
	if !strings.Contains(html, "could not be injected: the baseline is 1s long") {
		t.Error("the page does not say why it was not injected")
	}
}

func TestThePageOfAHundredFaultsIsBounded(t *testing.T) {
	var faults []recordtest.Break
	for i := range 100 {
		k := recordtest.Kill(fmt.Sprintf("worker-%d", i%3+1), 10*time.Second+
			time.Duration(i)*600*time.Millisecond)
		k.Fault.HealedNs = k.Fault.ActualNs + 400e6
		faults = append(faults, k)
	}
	html := rendered(t, folder(t, recordtest.Options{Steady: 70 * time.Second,
		Faults: schedule(faults...)}, nil))[PageFile]
	if len(html) > 1<<20 {
		t.Errorf("the page has %d bytes", len(html))
	}
	if n := strings.Count(string(html), "What this stands on"); n != stories {
		t.Errorf("%d faults are told one by one, want %d", n, stories)
	}
}

func TestAnnotationsAndFaultsFileNameEveryFault(t *testing.T) {
	files := rendered(t, standard(t, "broken"))
	for file, want := range map[string][]string{
		FaultsFile: {`"text": "kill worker-2"`, `"plannedNs": 14000000000`, `"holds": false`,
			`"unsupported": "the system writes nothing to a disk of its own"`, `"seed": 1`},
		AnnotationsFile: {`"kill",`, `"worker-2"`, `"native-slow run 1: steady"`},
	} {
		for _, text := range want {
			if !strings.Contains(string(files[file]), text) {
				t.Errorf("%s does not hold %s", file, text)
			}
		}
	}
	if !slices.ContainsFunc(Files(), func(f File) bool { return f.Name == AnnotationsFile }) {
		t.Error("the annotations are no file of a run")
	}
}

// slower plants limits on recovery: one that is broken and one that is held.
func slower(r *recordtest.Run) {
	r.Manifest.Limits = []record.Limit{{Metric: "recovery", Value: 500e6, Text: "500ms"},
		{Metric: "outage", Value: 1e9, Text: "1s"}}
}

func TestABrokenLimitOnRecoveryIsAFailureAndExit13(t *testing.T) {
	dir := folder(t, killed, slower)
	res, err := Render(dir)
	if err != nil || res.Exit != 13 {
		t.Fatalf("exit %d, %v", res.Exit, err)
	}
	files := rendered(t, dir)
	s := junitOf(t, files[JUnitFile])
	if s.Failures != 1 || s.Errors != 0 {
		t.Errorf("%d failures, %d errors:\n%s", s.Failures, s.Errors, files[JUnitFile])
	}
	values, units := benchmarks(t, files[BenchFile])
	got := values[[2]string{"native", "recovery-s"}]
	if len(got) != 1 || got[0] < 0.5 || got[0] > 1.5 || units.GetBetter("recovery-s") != -1 {
		t.Errorf("recovery-s %v", got)
	}
}

func TestFiguresOfARecoveryAreThoseOfTheSummary(t *testing.T) {
	dir := standard(t, "killed")
	res, err := Render(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := res.Systems[0].Recoveries[0]
	files := rendered(t, dir)
	for _, want := range []string{orUnresolved(c.TotalNs), longest(c.Outage), longest(c.Tax)} {
		for _, file := range []string{PageFile, SummaryFile} {
			if !strings.Contains(string(files[file]), want) {
				t.Errorf("%s does not say %s", file, want)
			}
		}
	}
	var sum int64
	for _, p := range c.Phases {
		sum += p.Ns
	}
	if c.TotalNs == nil || sum != *c.TotalNs {
		t.Errorf("phases sum up to %d of %v", sum, c.TotalNs)
	}
	page := string(files[PageFile])
	for _, want := range []string{"the same: count and digest are equal", "× ", "catch-up"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
