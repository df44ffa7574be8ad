package chaos

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Ground is what a schedule is drawn on.
type Ground struct {
	Nodes  []Node
	Seed   uint64        // of every draw but those of a random schedule, which has its own
	From   time.Duration // start of steady, since T0
	Steady time.Duration
	Safety Safety
}

// Schedule is what is going to break, with everything drawn.
//
//	declarations --random: drawn--> declarations --nodes: picked--> planned faults
type Schedule struct {
	Faults []Planned
	// Broken are the nodes that a fault keeps from their work, by its ID: those on every side of a
	// partition but the largest; none where edges are only slowed, or cut between nodes that all
	// still reach another.
	Broken map[int][]Node
	// Lacking says of faults, by ID, that the system has no node for them: they are n/a.
	Lacking map[int]error
}

// NewSchedule draws a schedule: the faults of random ones first, then the nodes of every selector,
// from one stream of the ground's seed. The same declarations on the same ground give the same
// schedule, whatever the system does.
func NewSchedule(declared []Declaration, g Ground) (Schedule, error) {
	s := Schedule{Lacking: map[int]error{}, Broken: map[int][]Node{}}
	all, err := expand(declared, g)
	if err != nil {
		return s, err
	}
	p := newPicker(g.Nodes, g.Seed)
	for i, d := range all {
		planned, broken, err := p.plan(d)
		planned.ID = i + 1
		if d.At > 0 || d.Poison > 0 {
			planned.At = g.From + d.At
		}
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			s.Lacking[planned.ID] = err
		case err != nil:
			return s, fmt.Errorf("schedule fault %d: %w", planned.ID, err)
		}
		s.Faults = append(s.Faults, planned)
		s.Broken[planned.ID] = broken
	}
	return s, nil
}

// expand puts the faults that random declarations draw in their place.
func expand(declared []Declaration, g Ground) (all []Declaration, err error) {
	for i, d := range declared {
		if d.Random == nil {
			all = append(all, d)
			continue
		}
		drawn, err := d.Random.Draw(g)
		if err != nil {
			return nil, fmt.Errorf("schedule fault %d: %w", i+1, err)
		}
		all = append(all, drawn...)
	}
	return all, nil
}

// plan resolves a declaration, and says which nodes it keeps from their work. With an error the
// verb and the text are those of the declaration.
func (p *picker) plan(d Declaration) (f Planned, broken []Node, err error) {
	verb := d.Verbs()[0]
	f = Planned{
		Verb: verb, When: d.When, During: d.During, Between: d.Between, For: d.For,
		Restart: d.Restart, Grace: d.Grace, Wipe: d.Wipe, Poison: d.Poison,
	}
	f.Text = string(verb) + " " + strings.Join(d.named(), ", ")
	switch verb {
	case VerbPoison:
		f.Text = fmt.Sprintf("poison %d", d.Poison)
		return f, nil, nil
	case VerbPartition:
		broken, err = p.planCut(&f, *d.Partition, d.At)
	case VerbLink:
		err = p.planLink(&f, *d.Link, d.At)
	default:
		err = p.planNodes(&f, d)
		broken = f.Picked
	}
	if err != nil {
		return f, nil, err
	}
	p.keep(f, d.At)
	return f, broken, nil
}

// named are the selectors of a declaration as they were written.
func (d Declaration) named() (names []string) {
	if d.Partition != nil {
		switch {
		case d.Partition.Ring:
			return []string{"ring"}
		case d.Partition.Bridge != "":
			return []string{"bridge", string(d.Partition.Bridge)}
		}
		return d.Partition.Text()
	}
	for _, selectors := range d.Selectors() {
		for _, s := range selectors {
			names = append(names, string(s))
		}
	}
	return names
}

// keep remembers how long the nodes of a fault are away.
func (p *picker) keep(f Planned, at time.Duration) {
	until := time.Duration(1<<63 - 1)
	if lasts, ok := f.Healed(); ok {
		until = at + lasts
	}
	for _, n := range f.Picked {
		p.away[n.Name] = max(p.away[n.Name], until)
	}
}

// planNodes picks the nodes of a fault of nodes.
func (p *picker) planNodes(f *Planned, d Declaration) error {
	var s Selector
	how := ""
	switch f.Verb {
	case VerbKill:
		s = d.Kill
	case VerbStop:
		s = d.Stop
	case VerbLose:
		s = d.Lose
	case VerbPause:
		s = d.Pause
	case VerbDisk:
		s, f.Disk, how = d.Disk.Node, *d.Disk, d.Disk.how()
	case VerbClock:
		s, f.Clock, how = d.Clock.Node, *d.Clock, d.Clock.how()
	case VerbPressure:
		s, f.Pressure, how = d.Pressure.Node, *d.Pressure, d.Pressure.how()
	}
	picked, err := p.pick(s, d.At)
	if err != nil {
		return err
	}
	f.Picked = picked
	name := Selector(picked[0].Name)
	f.Disk.Node, f.Clock.Node, f.Pressure.Node = "", "", ""
	switch f.Verb {
	case VerbDisk:
		f.Disk.Node = name
	case VerbClock:
		f.Clock.Node = name
	case VerbPressure:
		f.Pressure.Node = name
	}
	f.Text = strings.TrimRight(fmt.Sprintf("%s %s%s", f.Verb, list(picked), how), " ")
	return nil
}

// planCut resolves a partition to the edges it cuts and to the nodes it names. Broken are those on
// all sides but the largest.
func (p *picker) planCut(f *Planned, part Partition, at time.Duration) (broken []Node, err error) {
	edges, sides, err := p.sever(part, at)
	if err != nil {
		return nil, err
	}
	f.Edges = edges
	switch {
	case part.Ring:
		f.Text = "partition ring"
		return nil, nil
	case part.Bridge != "":
		f.Picked, f.Text = sides[0], "partition bridge "+list(sides[0])
		return nil, nil
	}
	var texts []string
	for i, side := range sides {
		if slices.Contains(part.Sides[i], Rest) {
			texts = append(texts, string(Rest))
			continue
		}
		texts = append(texts, list(side))
		f.Picked = append(f.Picked, side...)
	}
	separator := " | "
	if part.OneWay {
		separator = " > "
	}
	f.Text = "partition " + strings.Join(texts, separator)
	largest := larger(sides)
	for i, side := range sides {
		if i != largest {
			broken = append(broken, side...)
		}
	}
	return broken, nil
}

// planLink picks the two ends of a connection, which are never the same node.
func (p *picker) planLink(f *Planned, k Link, at time.Duration) error {
	sides, err := p.sides(Partition{Sides: [][]Selector{{k.Between[0]}, {k.Between[1]}}}, at)
	if err != nil {
		return err
	}
	f.Picked = []Node{sides[0][0], sides[1][0]}
	f.Edges = append(across(sides[0][:1], sides[1][:1]), across(sides[1][:1], sides[0][:1])...)
	f.Shape = Shape{Delay: k.Delay, Jitter: k.Jitter, Rate: k.Rate, Loss: k.Loss}
	f.Text = "link " + list(f.Picked) + k.how()
	return nil
}

func list(nodes []Node) string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, ", ")
}

func (k Link) how() string {
	text := ""
	if k.Delay > 0 {
		text += fmt.Sprintf(" delay %s", k.Delay)
	}
	if k.Jitter > 0 {
		text += fmt.Sprintf(" jitter %s", k.Jitter)
	}
	if k.Rate > 0 {
		text += fmt.Sprintf(" rate %.3gMbit/s", float64(k.Rate)/1e6)
	}
	if k.Loss > 0 {
		text += fmt.Sprintf(" loss %.3g%%", float64(k.Loss)*100)
	}
	return text
}

func (d Disk) how() string {
	switch {
	case d.Full:
		return " full"
	case d.Lie:
		return " lie"
	case d.Rate > 0:
		return fmt.Sprintf(" rate %.3gMB/s", float64(d.Rate)/8e6)
	}
	return fmt.Sprintf(" slow %s", d.Slow)
}

func (c Clock) how() string {
	if c.Drift != 0 {
		return fmt.Sprintf(" drift %.4g", c.Drift)
	}
	return fmt.Sprintf(" step %+.3gs", c.Step.Seconds())
}

func (p Pressure) how() string {
	if p.Memory > 0 {
		return fmt.Sprintf(" memory %dMiB", p.Memory>>20)
	}
	return fmt.Sprintf(" cpus %.3g", p.CPUs)
}
