package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// verbSwizzle is a verb of random schedules alone: the links of a node are cut one by one and
// mended in another order. It is drawn as as many partitions.
const verbSwizzle Verb = "swizzle"

const (
	// Baseline is the undisturbed part of steady that what a fault breaks is compared with: no
	// schedule begins before.
	Baseline = 10 * time.Second
	// leastShare is the shortest time a fault of a random schedule has, its recovery included.
	leastShare = 3 * time.Second
	// longestDrawn is the longest that a fault of a random schedule lasts.
	longestDrawn = 8 * time.Second
	swizzleGap   = 500 * time.Millisecond
)

// randomVerbs are drawn from where a random schedule names none.
var randomVerbs = []Verb{
	VerbKill, VerbStop, VerbLose, VerbPause, VerbPartition, VerbLink, verbSwizzle,
}

// lottery draws the faults of a random schedule as declarations, so that what was drawn can be
// written into a scenario, replayed and shrunk.
type lottery struct {
	ground Ground
	draw   *rand.Rand
	verbs  []Verb
}

// Draw draws a random schedule: Count faults one after the other, each in a share of its own of the
// time between the baseline and the end of steady. In its share a fault begins at a random time,
// lasts for a random one and leaves the rest to recover in. The declarations name nodes and times,
// so the same seed on the same ground gives the same ones.
func (r Random) Draw(g Ground) ([]Declaration, error) {
	share := (g.Steady - Baseline) / time.Duration(max(r.Count, 1))
	if share < leastShare {
		return nil, fmt.Errorf("draw %d faults: steady of %gs leaves each %.2gs of at least %gs: "+
			"lengthen load.steady to %gs or draw fewer", r.Count, g.Steady.Seconds(),
			max(share, 0).Seconds(), leastShare.Seconds(),
			(Baseline + time.Duration(r.Count)*leastShare).Seconds())
	}
	l := &lottery{ground: g, draw: rand.New(rand.NewPCG(r.Seed, 0x72616e646f6d))} // "random"
	l.ground.Nodes = slices.DeleteFunc(slices.Clone(g.Nodes), func(n Node) bool {
		return n.Role == Broker
	})
	if err := l.verbsOf(r.Draws()); err != nil {
		return nil, err
	}
	var all []Declaration
	for i := range r.Count {
		from := Baseline + time.Duration(i)*share
		all = append(all, l.fault(from+l.part(share, 0, 0.25), l.part(share, 0.1, 0.4))...)
	}
	return all, nil
}

// Draws are the verbs that a random schedule may draw.
func (r Random) Draws() []Verb {
	if len(r.Verbs) == 0 {
		return randomVerbs
	}
	verbs := make([]Verb, len(r.Verbs))
	for i, name := range r.Verbs {
		verbs[i] = Verb(name)
	}
	return verbs
}

// verbsOf keeps the verbs that can break anything here.
func (l *lottery) verbsOf(verbs []Verb) error {
	for _, v := range verbs {
		needs := 1
		if v == VerbPartition || v == VerbLink || v == verbSwizzle {
			needs = 2
		}
		if len(l.ground.Nodes) >= needs {
			l.verbs = append(l.verbs, v)
		}
	}
	if len(l.verbs) == 0 {
		return fmt.Errorf("draw faults: %d nodes can be broken in none of the ways %v: "+
			"raise resources.workers", len(l.ground.Nodes), verbs)
	}
	return nil
}

// part is a random part of a time, in whole milliseconds, which a scenario can hold.
func (l *lottery) part(of time.Duration, least, most float64) time.Duration {
	share := least + (most-least)*l.draw.Float64()
	return time.Duration(share * float64(of)).Round(time.Millisecond)
}

// fault draws one fault that begins at a time and lasts for one.
func (l *lottery) fault(at, lasts time.Duration) []Declaration {
	lasts = min(lasts, longestDrawn)
	if most := l.ground.Safety.MaxDuration; most > 0 {
		lasts = min(lasts, most)
	}
	d := Declaration{At: at}
	node := l.node()
	switch verb := l.verbs[l.draw.IntN(len(l.verbs))]; verb {
	case VerbKill:
		d.Kill, d.Restart = node, lasts
	case VerbStop:
		d.Stop, d.Restart, d.Grace = node, lasts, 30*time.Second
	case VerbLose:
		d.Lose, d.Restart = node, lasts
	case VerbPause:
		d.Pause, d.For = node, lasts
	case verbSwizzle:
		return l.swizzle(node, at, lasts)
	case VerbPartition:
		d.Partition, d.For = l.partition(node), lasts
	case VerbLink:
		d.Link, d.For = l.link(node), lasts
	default:
		l.local(&d, verb, node)
		d.For = lasts
	}
	return []Declaration{d}
}

// local draws a fault of a single node that cuts nothing.
func (l *lottery) local(d *Declaration, verb Verb, node Selector) {
	switch verb {
	case VerbDisk:
		d.Disk = &Disk{Node: node}
		if l.draw.IntN(3) == 0 {
			d.Disk.Full = true
		} else {
			d.Disk.Slow = l.part(50*time.Millisecond, 0.1, 1)
		}
	case VerbClock:
		d.Clock = &Clock{Node: node, Step: l.part(10*time.Second, -1, 1)}
		fallbackStep(&d.Clock.Step)
	case VerbPressure:
		d.Pressure = &Pressure{Node: node, CPUs: float64(1+l.draw.IntN(8)) / 10}
	default:
		panic(fmt.Sprintf("BUG: a random schedule drew the verb %s", verb))
	}
}

func fallbackStep(step *time.Duration) {
	if *step == 0 {
		*step = time.Second
	}
}

func (l *lottery) node() Selector {
	return Selector(l.ground.Nodes[l.draw.IntN(len(l.ground.Nodes))].Name)
}

// other draws a node that is not the one given.
func (l *lottery) other(node Selector) Selector {
	i := slices.IndexFunc(l.ground.Nodes, func(n Node) bool { return n.Name == string(node) })
	j := l.draw.IntN(len(l.ground.Nodes) - 1)
	if j >= i {
		j++
	}
	return Selector(l.ground.Nodes[j].Name)
}

// partition draws one of the ways to cut nodes off that there are enough nodes for and that the
// safety caps allow.
func (l *lottery) partition(node Selector) *Partition {
	forms := []*Partition{
		{Sides: [][]Selector{{node}, {Rest}}},
		{Sides: [][]Selector{{node}, {l.other(node)}}, OneWay: true},
	}
	workers := 0
	for _, n := range l.ground.Nodes {
		if n.Role == Worker {
			workers++
		}
	}
	most := l.ground.Safety.MaxNodes
	minority := Selector("minority")
	if n := minority.Count(workers); n > 0 && (most == 0 || n <= most) {
		forms = append(forms, &Partition{Sides: [][]Selector{{minority}, {Rest}}},
			&Partition{Bridge: "worker"})
	}
	if workers >= leastRing {
		forms = append(forms, &Partition{Ring: true})
	}
	return forms[l.draw.IntN(len(forms))]
}

func (l *lottery) link(node Selector) *Link {
	k := &Link{Between: []Selector{node, l.other(node)}}
	k.Delay = l.part(200*time.Millisecond, 0.05, 1)
	k.Jitter = l.part(k.Delay, 0, 0.25)
	return k
}

// swizzle cuts the links of a node one by one and mends them in random order.
func (l *lottery) swizzle(node Selector, at, lasts time.Duration) (all []Declaration) {
	var others []Selector
	for _, n := range l.ground.Nodes {
		if n.Name != string(node) {
			others = append(others, Selector(n.Name))
		}
	}
	l.draw.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	n := len(others)
	step := min(swizzleGap, lasts/time.Duration(2*n))
	mend := l.draw.Perm(n)
	for i, other := range others {
		begins := at + time.Duration(i)*step
		ends := at + lasts - time.Duration(n-1-mend[i])*step
		all = append(all, Declaration{
			At: begins, For: max(ends-begins, time.Millisecond),
			Partition: &Partition{Sides: [][]Selector{{node}, {other}}},
		})
	}
	return all
}
