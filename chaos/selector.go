package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Selector names nodes: worker (one, drawn), worker-2, minority, majority, coordinator, broker,
// broker-1, leader-of input/0, group-coordinator, txn-coordinator; in a partition also rest.
type Selector string

// Rest is, in a partition, every node no other side names.
const Rest Selector = "rest"

var numbered = regexp.MustCompile(`^(worker|broker)-([1-9][0-9]{0,3})$`)
var leaderOf = regexp.MustCompile(`^leader-of (input|results|late|dlq)/(0|[1-9][0-9]{0,4})$`)

var named = []Selector{
	"worker", "minority", "majority", "coordinator", "broker", "group-coordinator",
	"txn-coordinator", Rest,
}

// ParseSelector reads a selector. The error says what may stand there.
func ParseSelector(text string) (Selector, error) {
	s := Selector(strings.Join(strings.Fields(text), " "))
	fixed := slices.Contains(named, s)
	if fixed || numbered.MatchString(string(s)) || leaderOf.MatchString(string(s)) {
		return s, nil
	}
	return "", fmt.Errorf("no node is called %q: write worker, worker-2, minority, majority, "+
		"coordinator, broker-1, leader-of input/0, group-coordinator or txn-coordinator", text)
}

// Role is the role of the nodes selected. Leaders and the coordinators of groups and transactions
// are brokers; rest has no role.
func (s Selector) Role() Role {
	switch {
	case s == "coordinator":
		return Coordinator
	case s == Rest:
		return ""
	case s == "broker", strings.HasPrefix(string(s), "broker-"), leaderOf.MatchString(string(s)),
		s == "group-coordinator", s == "txn-coordinator":
		return Broker
	}
	return Worker
}

// Index is the number of a numbered node, from 1; 0 for every other selector.
func (s Selector) Index() int {
	m := numbered.FindStringSubmatch(string(s))
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[2])
	return n
}

// Partition of leader-of, -1 for every other selector.
func (s Selector) Partition() int {
	m := leaderOf.FindStringSubmatch(string(s))
	if m == nil {
		return -1
	}
	n, _ := strconv.Atoi(m[2])
	return n
}

// Count is how many of a system's workers or other nodes the selector breaks at once.
func (s Selector) Count(workers int) int {
	switch s {
	case "minority":
		return (workers - 1) / 2
	case "majority":
		return workers/2 + 1
	}
	return 1
}

// Partition cuts nodes off from each other. Exactly one of Sides, Bridge and Ring is set.
type Partition struct {
	Sides  [][]Selector
	OneWay bool // only packets from Sides[0] to Sides[1] are dropped
	Bridge Selector
	Ring   bool
}

// ParseSides reads [worker-1, worker-2 | rest] or, one way, [worker-1 > broker-1]: items are the
// elements of the YAML list. The error says what is missing.
func ParseSides(items []string) (Partition, error) {
	text := strings.Join(items, ",")
	var p Partition
	separator := "|"
	if strings.Contains(text, ">") {
		separator, p.OneWay = ">", true
		if strings.Contains(text, "|") {
			return p, fmt.Errorf("partition mixes | and >: write [worker-1 | rest] or [worker-1 > broker-1]")
		}
	}
	for _, side := range strings.Split(text, separator) {
		members, err := parseSide(side)
		if err != nil {
			return p, err
		}
		p.Sides = append(p.Sides, members)
	}
	if len(p.Sides) < 2 {
		return p, fmt.Errorf("partition has one side: write [%s | rest]", text)
	}
	if p.OneWay && len(p.Sides) != 2 {
		return p, fmt.Errorf("partition has %d sides one way: write [worker-1 > broker-1]", len(p.Sides))
	}
	return p, p.distinct()
}

func parseSide(side string) ([]Selector, error) {
	var members []Selector
	for _, member := range strings.Split(side, ",") {
		if strings.TrimSpace(member) == "" {
			return nil, fmt.Errorf("partition has an empty side: write [worker-1 | rest]")
		}
		s, err := ParseSelector(strings.TrimSpace(member))
		if err != nil {
			return nil, err
		}
		members = append(members, s)
	}
	return members, nil
}

// distinct refuses a node that stands on two sides.
func (p Partition) distinct() error {
	seen := map[Selector]bool{}
	for _, s := range p.members() {
		if seen[s] && s != "worker" && s != "broker" {
			return fmt.Errorf("partition names %s twice: a node stands on one side", s)
		}
		seen[s] = true
	}
	return nil
}

func (p Partition) members() []Selector {
	if p.Bridge != "" {
		return []Selector{p.Bridge}
	}
	return slices.Concat(p.Sides...)
}

// Text is the list that ParseSides reads back.
func (p Partition) Text() []string {
	separator := " | "
	if p.OneWay {
		separator = " > "
	}
	var sides []string
	for _, side := range p.Sides {
		var names []string
		for _, s := range side {
			names = append(names, string(s))
		}
		sides = append(sides, strings.Join(names, ", "))
	}
	return strings.Split(strings.Join(sides, separator), ", ")
}

// Moment is a milestone of a system, with an optional delay: checkpoint.3.started+200ms.
type Moment string

var milestone = regexp.MustCompile(`^(checkpoint\.[1-9][0-9]{0,8}\.(started|completed)|precommit|` +
	`commit|restore\.started|rebalance\.started|detected)$`)

// ParseMilestone reads a milestone without a delay.
func ParseMilestone(text string) (string, error) {
	if !milestone.MatchString(text) {
		return "", fmt.Errorf("no milestone is called %q: write checkpoint.3.started, "+
			"checkpoint.3.completed, precommit, commit, restore.started, rebalance.started or "+
			"detected", text)
	}
	return text, nil
}

// ParseMoment reads a milestone with an optional delay behind a plus sign.
func ParseMoment(text string) (Moment, error) {
	name, delay, delayed := strings.Cut(text, "+")
	if _, err := ParseMilestone(name); err != nil {
		return "", err
	}
	if delayed {
		if d, err := time.ParseDuration(delay); err != nil || d < 0 {
			return "", fmt.Errorf("delay %q of %s is no time: write %s+200ms", delay, name, name)
		}
	}
	return Moment(text), nil
}
