package workloads

// latestFold keeps the newest event of every key: the one of the largest time, then of the largest
// number.
type latestFold struct {
	o     *oracle
	b     *Batch
	key   bound
	keys  []bound
	out   []bound
	index map[joinKey]int32 // the row of a key
	rows  []int64           // time, number and slot of an event, then its result
	width int
}

// Columns of a row of latestFold before those of its result.
const (
	latestTime = iota
	latestSeq
	latestSlot
	latestResult
)

func newLatestFold(o *oracle) *latestFold {
	return &latestFold{o: o, index: map[joinKey]int32{}, width: latestResult + len(o.p.out)}
}

func (f *latestFold) bind(b *Batch, picked []int32) []int32 {
	f.b = b
	f.key, f.keys = f.o.p.key.bind(b), bindAll(f.keys, f.o.p.newest, b)
	f.out = bindOutputs(f.out, f.o.p, b)
	return picked
}

func (f *latestFold) event(row int, slot uint64) {
	f.o.late.OnTime++
	key := joinKey{f.key.at(row)}
	for i := range f.keys {
		key[1+i] = f.keys[i].at(row)
	}
	at, there := f.index[key]
	if !there {
		at = int32(len(f.rows) / f.width)
		f.index[key] = at
		f.rows = append(f.rows, make([]int64, f.width)...)
	}
	kept := f.rows[int(at)*f.width : (int(at)+1)*f.width]
	ts, seq := f.b.TS[row], f.b.Seq[row]
	if there && (ts < kept[latestTime] || ts == kept[latestTime] && seq < kept[latestSeq]) {
		return
	}
	kept[latestTime], kept[latestSeq], kept[latestSlot] = ts, seq, int64(slot)
	for i := range f.out {
		kept[latestResult+i] = f.out[i].at(row)
	}
}

func (f *latestFold) advance() {}

func (f *latestFold) flush() {
	var next outcome
	for rows := f.rows; len(rows) > 0; rows = rows[f.width:] {
		next.Row = rows[latestResult:f.width]
		next.EndMs, next.Trigger, next.Timed = rows[latestTime], uint64(rows[latestSlot]), true
		f.o.result(&next)
	}
}
