package workloads

// Process is a keyed state machine: a pure function of a key's state and an event or a timer. It is
// data to adapters, which host it in their own process function, and the oracle folds the stream
// through the same functions key by key.
//
//	event --Keys--> key, key, … --Step(state)--> results, timer
//	                                  watermark --Fire(state)--> results, timer
//	                              end of stream --End(state)---> results
type Process struct {
	Name string
	// Reads are the fields Keys and Step look at; seq and ts are always there.
	Reads []string
	// Keys appends the keys an event belongs to, which may be none or several; nil means that the
	// event's only key is Query.Key. values are the fields of Reads in their order.
	Keys func(dst []int64, values []int64) []int64
	// Plain does what Keys does without its shortcuts; the oracle asks it in the place of Keys. Nil
	// if Keys takes none.
	Plain func(dst []int64, values []int64) []int64
	// Sorted says that the events of a key are folded in order of (ts, seq), each once the watermark
	// has passed it; else they are folded as they arrive, and what results say must not depend on
	// their order. Of one time, events come before a timer.
	Sorted bool
	// Parts names a field of additive results whose single values, and not only their sum, are the
	// same in whatever order events arrive; empty if there is none.
	Parts string
	// TimerMs is the most by which a timer lies behind the event that sets it; 0 without timers.
	TimerMs int64
	// StateWords is the size of a key's state in integers, all 0 at first.
	StateWords int
	// Step folds an event of key into its state. It appends the columns of any results, those of the
	// query's line, to out and returns the timer to set, milliseconds of event time; 0 leaves the
	// timer as it is, a negative number clears it.
	Step func(state []int64, e ProcessEvent, out []int64) (results []int64, timerMs int64)
	// Fire is called once the watermark has reached the key's timer, which is cleared by then; nil
	// if there are no timers. A timer it sets after the end of the stream is not fired.
	Fire func(state []int64, key, atMs int64, out []int64) (results []int64, timerMs int64)
	// End is called for every key when the stream has ended; nil if nothing is to be flushed.
	End func(state []int64, key int64, out []int64) []int64
}

// ProcessEvent is an event as a process sees it.
type ProcessEvent struct {
	Key, Seq, TS int64
	Values       []int64 // the fields of Process.Reads
}
