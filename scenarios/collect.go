package scenarios

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// collector takes the results of a repetition: it hands them to the oracle's checker and records
// the latency of each from the due time of its trigger.
type collector struct {
	load    *adapters.Load
	query   workloads.Query
	checker workloads.Checker
	finder  *workloads.TriggerFinder
	column  int // that holds the window or the event a trigger follows from; -1: none
	series  *seriesSet
	firsts  *firsts // nil where results are never refined
	ingest  ingest
	row     []int64

	timeline   workloads.Timeline
	whole      whole
	ranges     *ranges
	stretches  *stretches  // nil where no fault is to be told by them
	afterwards *afterwards // nil where results are timed as they arrive, or not at all
	unrefined  uint64      // refinements whose event is not known

	gate gate
	// progress is kept where results tell how fast an input is drained; else it is nil.
	progress *progress

	letters letters // read once it is sealed

	mu       sync.Mutex // held while results are taken
	sealed   bool
	sealedNs int64 // when that was, since T0

	steadyFrom atomic.Int64
	taken      atomic.Uint64 // rows of every output
	results    atomic.Uint64 // answers alone
	processed  atomic.Uint64 // slots up to the newest trigger whose results are here
	backlog    atomic.Uint64 // largest since it was last asked for
}

func newCollector(
	w *workloads.Workload, l *adapters.Load, c workloads.Checker, s *seriesSet,
) *collector {
	column, _ := w.Query.Anchor()
	k := &collector{
		load: l, query: w.Query, checker: c, finder: workloads.NewTriggerFinder(w), column: column,
		series: s,
		firsts: newFirsts(w.Query), row: make([]int64, w.Query.Width()), timeline: w.Timeline,
		ingest: ingest{load: l, series: s}, ranges: newRanges(w.Query, 1),
	}
	if w.Query.TimedAfter() {
		k.afterwards = &afterwards{}
	}
	k.measureFrom(math.MaxInt64) // everything is warm-up until the runner knows better
	return k
}

// errSealed tells a system that its results come after the end of the drain.
var errSealed = errors.New("the repetition has ended: results are taken no more")

// Collect takes a batch of results received at a time since T0.
func (c *collector) Collect(rs *workloads.Results, receivedNs int64) error {
	receivedNs = c.gate.pass(receivedNs)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealed {
		return errSealed
	}
	if err := c.checker.Add(rs, receivedNs); err != nil {
		return err
	}
	c.taken.Add(uint64(rs.N))
	if rs.Stream == workloads.DeadLetters {
		c.letters.add(rs)
	}
	if rs.Stream != workloads.Answers {
		return nil // checked, and nobody waits for it
	}
	c.results.Add(uint64(rs.N))
	if c.stretches != nil {
		c.stretches.took(receivedNs, int64(rs.N))
	}
	if c.progress != nil {
		c.progress.took(receivedNs, rs.N)
	}
	if c.column < 0 || rs.N == 0 || rs.Stream != workloads.Answers {
		return nil // only answers are timed
	}
	if c.load.Paced() {
		c.time(rs, receivedNs)
		c.advance(c.ranges.processed(), receivedNs)
	} else if slot, ok := c.finder.Of(rs.Row(c.row, rs.N-1)); ok {
		c.advance(slot+1, receivedNs)
	}
	return nil
}

// time records the latency of results, those of one trigger in a row at once: the windows of a
// hundred thousand keys close together.
func (c *collector) time(rs *workloads.Results, receivedNs int64) {
	anchor := rs.Cols[c.column][:rs.N]
	for i, j := 0, 0; i < len(anchor); i = j {
		for j = i + 1; j < len(anchor) && anchor[j] == anchor[i]; {
			j++
		}
		slot, ok := c.finder.Of(rs.Row(c.row, i))
		if !ok || !c.load.Has(slot) {
			continue // completed by the end of the stream: checked, not timed
		}
		c.ranges.took(rs, row{slot, c.load.DueNs(slot), receivedNs}, i, j)
		n := int64(j - i)
		if c.firsts != nil {
			n = c.firsts.split(rs, i, j)
			c.caused(slot, receivedNs)
		}
		if n > 0 {
			c.result(slot, receivedNs, n)
		}
	}
	c.ingest.flush(receivedNs)
}

// result records the latency of n results of one trigger.
func (c *collector) result(trigger uint64, receivedNs, n int64) {
	due := c.load.DueNs(trigger)
	stage := c.stage(due)
	stage.RecordN(c.series.t0Ns+receivedNs, receivedNs-due, n)
	if c.stretches != nil {
		c.stretches.late(receivedNs, receivedNs-due)
	}
	if stage == c.series.result {
		c.ingest.add(trigger, receivedNs, n)
	}
}

// stage is the series of results whose trigger is due at a time since T0.
func (c *collector) stage(dueNs int64) *record.Series {
	if dueNs < c.steadyFrom.Load() {
		return c.series.warmup
	}
	return c.series.result
}

// advance moves processed and reads the backlog: what is due and not processed.
func (c *collector) advance(newest uint64, receivedNs int64) {
	if newest <= c.processed.Load() {
		return
	}
	c.processed.Store(newest)
	if c.stretches != nil {
		c.stretches.moved(receivedNs, newest)
	}
	due := c.load.DueBy(receivedNs)
	if due <= newest {
		return
	}
	for {
		old := c.backlog.Load()
		if old >= due-newest || c.backlog.CompareAndSwap(old, due-newest) {
			return
		}
	}
}

// measureFrom says when steady begins, in time since T0.
func (c *collector) measureFrom(ns int64) { c.steadyFrom.Store(ns) }

// received is the number of results taken.
func (c *collector) received() uint64 { return c.results.Load() }

// rows is the number of rows taken of every output: results, late events, dead letters.
func (c *collector) rows() uint64 { return c.taken.Load() }

// seal refuses all further results: what comes after the drain is not part of the repetition.
func (c *collector) seal() {
	c.mu.Lock()
	if !c.sealed {
		c.sealed, c.sealedNs = true, c.load.NowNs()
	}
	c.mu.Unlock()
	c.gate.open(math.MaxInt64)
}

// seriesSet holds the latency series of a repetition.
type seriesSet struct {
	result, warmup, canary *record.Series
	// What is measured beside the latency of results; contributor only from the check on.
	ingest, refinement, contributor *record.Series
	driver                          []*record.Series // one a shard
	t0Ns                            int64            // T0 on the run's clock, once it is fixed
}

func openSeries(log *record.Histograms, of record.Repeat, shards int) (*seriesSet, error) {
	s := &seriesSet{}
	open := func(stage string) (*record.Series, error) {
		return log.Open(record.Tag{System: of.System, Rep: of.Rep, Stage: stage})
	}
	for _, o := range []struct {
		stage string
		into  **record.Series
	}{
		{record.StageResult, &s.result},
		{record.StageWarmup, &s.warmup},
		{record.StageCanary, &s.canary},
		{record.StageIngest, &s.ingest},
		{record.StageRefinement, &s.refinement},
	} {
		var err error
		if *o.into, err = open(o.stage); err != nil {
			return nil, err
		}
	}
	for range shards {
		d, err := open(record.StageDriver)
		if err != nil {
			return nil, err
		}
		s.driver = append(s.driver, d)
	}
	return s, nil
}

// openAfterwards opens what is recorded once all has been received: a series that was open before
// would have all of it in its last second. Where results were not timed as they arrived, those are
// their latencies too.
func (s *seriesSet) openAfterwards(
	log *record.Histograms, of record.Repeat, results bool,
) (err error) {
	open := func(stage string) (one *record.Series) {
		if err == nil {
			one, err = log.Open(record.Tag{System: of.System, Rep: of.Rep, Stage: stage})
		}
		return one
	}
	s.contributor = open(record.StageContributor)
	if results {
		s.result, s.warmup = open(record.StageResult), open(record.StageWarmup)
	}
	return err
}

// refused sums up the samples no series could take.
func (s *seriesSet) refused() (overflow, negative uint64) {
	for _, one := range append([]*record.Series{s.result, s.warmup, s.canary, s.ingest,
		s.refinement, s.contributor}, s.driver...) {
		if one == nil {
			continue
		}
		o, n := one.Refused()
		overflow += o
		negative += n
	}
	return overflow, negative
}

// lag is the recorder of one shard's driver lag.
type lag struct {
	set   *seriesSet
	shard int
}

// RecordN records lag at a time since T0.
func (l lag) RecordN(atNs, lagNs, n int64) {
	l.set.driver[l.shard].RecordN(l.set.t0Ns+atNs, lagNs, n)
}
