package workloads

import (
	"bytes"
	"slices"
)

const (
	poisonName = "poison"
	// Draws of the stream of that name: whether an event is malformed, and in which way.
	malformedDraw = 58
	damageDraw    = 59
	// maxPoisonB is the largest event the query accepts, paddedB what an event grows to.
	maxPoisonB = 256 << 10
	paddedB    = 1 << 20
)

// poisonTemplate is iot-telemetry with a few events nobody can read. A system has to set them
// aside, say why, and go on with the others.
func poisonTemplate() Template {
	return Template{
		Name: poisonName,
		Doc: "Sensors of a fleet report, now and then in a form nobody can read; every readable " +
			"report is an answer, every other a dead letter.",
		Rate: 100_000,
		Params: append([]Param{
			{Name: keysParam, Kind: CountParam, Default: "100k", Min: 1, Doc: "number of sensors"},
			{Name: malformedParam, Kind: CountParam, Default: "10k",
				Doc: "one event of this many is malformed, at random; 0: none, to compare with"},
		}, orderParams("2s", "2s")...),
		New: newPoison,
	}
}

func newPoison(s Settings) (*Workload, error) {
	t := poisonTemplate()
	s, err := t.settle(s)
	if err != nil {
		return nil, err
	}
	w := t.base(s)
	w.Schema = iotSchema()
	w.Query = Query{
		Name:        poisonName,
		DeadLetters: true,
		MaxEventB:   maxPoisonB,
		BoundMs:     w.Timeline.BoundMs,
		Output:      Output{Fields: resultFields([]string{seqField}, "sensor", "milli_c")},
	}
	w.Events = func() Generator { return newIoTGenerator(w) }
	if every := uint64(s.Values[malformedParam].Int); every > 0 {
		p := &poison{newStreamKey(s.Seed, poisonName), every, "milli_c", "sensor"}
		w.Spoil, w.reason = p.spoil, p.reason
	}
	return w, nil
}

// Reasons of a dead letter: an event larger than Query.MaxEventB, which nobody has to look at, is
// TooLarge whatever it holds; one that was looked at and is none of the schema's is Unreadable.
const (
	Unreadable int64 = 1 + iota
	TooLarge
)

// damage is a way to make an event malformed.
type damage uint8

const (
	cutInHalf    damage = iota // the body ends after half of it
	textForInt                 // milli_c is a string
	fieldMissing               // sensor is not there
	foreignByte                // a byte 0xff behind the opening brace
	padded                     // spaces behind the body make it 1 MiB
	damages
)

// poison spoils the JSON form of one event in every so many.
type poison struct {
	key   streamKey
	every uint64
	// number is the field of an integer that is made a string, missing one that is left out; neither
	// is the first or the last of an event.
	number, missing string
}

func (p *poison) malformed(n uint64) bool {
	return below(p.key.draw(n, malformedDraw), p.every) == 0
}

// reason is the reason a dead letter of event n has to give, 0 if the event is whole.
func (p *poison) reason(n uint64) int64 {
	if !p.malformed(n) {
		return 0
	}
	return p.why(n)
}

// why is the reason a damaged event's dead letter has to give.
func (p *poison) why(n uint64) int64 {
	if p.damage(n) == padded {
		return TooLarge
	}
	return Unreadable
}

func (p *poison) damage(n uint64) damage {
	return damage(below(p.key.draw(n, damageDraw), uint64(damages)))
}

// spoil damages event n, which is dst[from:] as JSONCodec wrote it, if it is one to be.
func (p *poison) spoil(dst []byte, from int, n uint64) ([]byte, bool) {
	if !p.malformed(n) {
		return dst, false
	}
	return p.ruin(dst, from, n), true
}

// ruin damages event n, which is dst[from:].
func (p *poison) ruin(dst []byte, from int, n uint64) []byte {
	switch p.damage(n) {
	case cutInHalf:
		return dst[:from+(len(dst)-from)/2]
	case textForInt:
		at, end := jsonField(dst, from, p.number)
		at += len(p.number) + len(`"":`)
		dst = slices.Insert(dst, end, '"')
		return slices.Insert(dst, at, '"')
	case fieldMissing:
		at, end := jsonField(dst, from, p.missing)
		return slices.Delete(dst, at, end+1) // with the comma behind it
	case foreignByte:
		return slices.Insert(dst, from+1, 0xff)
	case padded:
		size := len(dst) - from
		dst = slices.Grow(dst, paddedB-size)[:from+paddedB]
		for i := range dst[from+size:] {
			dst[from+size+i] = ' '
		}
		return dst
	}
	panic("BUG: damage of an unknown kind")
}

// jsonField finds a field that is neither the first nor the last, from its name to the end of its
// value, in an event as JSONCodec writes it.
func jsonField(event []byte, from int, name string) (at, end int) {
	at = bytes.Index(event[from:], []byte(`"`+name+`":`))
	if at < 0 {
		panic("BUG: spoil an event that has no " + name)
	}
	at += from
	return at, at + bytes.IndexByte(event[at:], ',')
}
