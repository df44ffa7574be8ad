package chaos

import (
	"reflect"
	"strings"
	"testing"
)

func TestSelectorsNameNodesByRole(t *testing.T) {
	for _, c := range []struct {
		text      string
		role      Role
		index     int
		partition int
	}{
		{"worker", Worker, 0, -1},
		{"worker-2", Worker, 2, -1},
		{"minority", Worker, 0, -1},
		{"majority", Worker, 0, -1},
		{"coordinator", Coordinator, 0, -1},
		{"broker-12", Broker, 12, -1},
		{"leader-of  input/3", Broker, 0, 3},
		{"group-coordinator", Broker, 0, -1},
		{"txn-coordinator", Broker, 0, -1},
		{"rest", "", 0, -1},
	} {
		s, err := ParseSelector(c.text)
		if err != nil || s.Role() != c.role || s.Index() != c.index || s.Partition() != c.partition {
			t.Errorf("%s: role %q, index %d, partition %d, %v", c.text, s.Role(), s.Index(),
				s.Partition(), err)
		}
	}
	for _, bad := range []string{"", "worker-0", "worker-", "Worker", "leader-of x/0", "leader-of input"} {
		if s, err := ParseSelector(bad); err == nil {
			t.Errorf("%q is taken for %q", bad, s)
		}
	}
}

func TestAMinorityLeavesAMajority(t *testing.T) {
	for workers := 3; workers <= 64; workers++ {
		less, more := Selector("minority").Count(workers), Selector("majority").Count(workers)
		if less < 1 || 2*less >= workers || 2*more <= workers {
			t.Errorf("of %d workers %d are a minority and %d a majority", workers, less, more)
		}
	}
}

func TestSidesReadBackFromTheirText(t *testing.T) {
	for _, items := range [][]string{
		{"worker-1 | rest"},
		{"worker-1", "worker-2 | rest"},
		{"worker-1 | worker-2 | broker-1", "coordinator"},
		{"worker-1 > broker-1"},
		{"majority|minority"},
	} {
		p, err := ParseSides(items)
		if err != nil {
			t.Errorf("%q: %v", items, err)
			continue
		}
		again, err := ParseSides(p.Text())
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%q: %+v reads back as %+v, %v", items, p, again, err)
		}
	}
	for text, want := range map[string]string{
		"worker-1":                   "has one side",
		"worker-1 |":                 "empty side",
		"a | b":                      `no node is called "a"`,
		"worker-1 > rest | x":        "mixes | and >",
		"worker-1 > rest > broker-1": "3 sides one way",
		"worker-1 | worker-1":        "names worker-1 twice",
	} {
		if _, err := ParseSides([]string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestMomentsAreMilestonesWithADelay(t *testing.T) {
	for _, good := range []string{
		"checkpoint.3.started", "checkpoint.12.completed+200ms", "precommit", "detected+1s",
	} {
		if m, err := ParseMoment(good); err != nil || string(m) != good {
			t.Errorf("%s: %q, %v", good, m, err)
		}
	}
	for _, bad := range []string{"", "checkpoint.0.started", "checkpoint", "commit+5", "commit+-5s"} {
		if _, err := ParseMoment(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestADeclarationKnowsItsVerbsAndItsNodes(t *testing.T) {
	d := Declaration{Kill: "worker", Link: &Link{Between: []Selector{"worker-1", "broker-1"}}}
	if got := d.Verbs(); !reflect.DeepEqual(got, []Verb{VerbKill, VerbLink}) {
		t.Errorf("verbs %v", got)
	}
	want := map[string][]Selector{"kill": {"worker"}, "link/between": {"worker-1", "broker-1"}}
	if got := d.Selectors(); !reflect.DeepEqual(got, want) {
		t.Errorf("selectors %v", got)
	}
}
