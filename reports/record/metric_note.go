package record

import "strings"

// notes say how a figure is made where its one line leaves that open. The key is a metric's name,
// or that of a family of latencies.
var notes = map[string]string{
	"latency": "It counts from the due time of the result's trigger, the event that makes the " +
		"result possible, so waiting in front of a slow system is part of it (no coordinated " +
		"omission) and the length of a window is not. Percentiles are read from merged " +
		"histograms of 3 digits; where the noise of the host reaches a figure, that floor is " +
		"printed beside it. A result that never came counts at its age when " +
		"the run ended.",
	"refinement": "A first result counts in latency; what late events make of it later counts here. " +
		"The event that was taken in follows from the count and the sum of event numbers that " +
		"results carry; a result that took in several at once is not timed, and how many those are " +
		"stands beside the figure. Not measured of sessions that are retracted.",
	"contributor": "What Karimov et al. measure: it holds the watermark's bound and what is left of " +
		"the window after its last event. The oracle alone knows that event, so the figure is made " +
		"after the run, of results that are right. Measured of tumbling and hopping windows that " +
		"aggregate and are answered once; of a query that answers each event it is the latency.",
	"ingest": "It leaves out what the driver took, and what an event waited for room. The embedded " +
		"transport has taken an event when the system's source has, that of kafka when the events " +
		"offered with it are acknowledged; a result that came before its acknowledgement counts as 0.",
	"lag": "What the system keeps waiting is no lag of the driver's. Above 10% of the result " +
		"latency's p99, and 1 ms, and the host's own noise, the repetition is INVALID.",
	"offered": "Event i is due at T0 + i / rate; the schedule never shifts.",
	"accepted": "Embedded: taken by the system's source; through a broker: acknowledged. Above 70% " +
		"of the null ceiling, what driver, transport and collector reach without a system, it is " +
		"stamped DRIVER-LIMITED.",
	"sustainable": "Found by load.rate: {search: sustainable}: the rate rises until one fails, then " +
		"the gap is halved. A rate passes if, for a whole steady phase, the Theil-Sen slope of the " +
		"backlog has a 95% interval that includes or lies below 0, the latency limit holds and the " +
		"oracle passes; an INVALID probe is tried again and never read as a fail. The answer is a " +
		"bracket, the highest rate that passed and the lowest that failed with the reason, confirmed " +
		"by repeats.",
	"backlog": "Events due less those up to the newest trigger whose results have arrived. It is " +
		"read when results arrive, so its resolution is their spacing. After the run the oracle, " +
		"which knows every result, adds the backlog of the least advanced keys: a worker that falls " +
		"behind alone is seen in that, and the search judges by it.",
	"blocked": "It is the system's: part of latency and backlog, never of the driver's lag.",
	"calm.latency": "The latency figures of a run with faults leave them in; these leave out the " +
		"results received, in whole seconds, between a fault and the return to the band. A fault whose " +
		"return was not seen takes all that follows. Not measured without a fault: latency is that " +
		"then.",
	"latency.area": "The sum of (latency - baseline) over all results above the baseline. Of a run " +
		"with faults: of those received from t0 to t6, the worst fault; the baseline is the median of " +
		"the one-second medians of up to 30 s before it. Without: over steady, the baseline from its " +
		"first 10 s. A stall of length D at rate r and a share u of the capacity costs " +
		"r * D^2 / (2 * (1 - u)): all that wait count, not the unlucky one alone.",
	"recovery": "From the instant a witness saw the fault take effect (t0) to the start of the " +
		"first 10 s in which rate (95% of the offered) and p99 are in the band of the 30 s before " +
		"(t6). Its phases add up to it. A fault after which no such 10 s were seen has none: the " +
		"figure is then not there, and a limit on it unknown. Of a repetition the worst fault counts.",
	"outage": "Of each key range affected, until its first result that needed an event due after " +
		"the fault (t4): the longest. It is exact to the time between two results of a range, which is " +
		"printed beside it.",
	"recovery.tax": "Redistribution alone: from when the control plane first named the victim (t1) " +
		"to when the last of its key ranges had its state back (t3), by the system's own milestones. " +
		"Where it does not tell of both, there is no such figure.",
	"dip.area": "The integral of max(0, offered - answered) from t0 to t6, taken from how the " +
		"backlog rises in slices of 100 ms or, where results come further apart, of so much. Divided " +
		"by the offered rate it is an outage of equal cost.",
	"replayed": "What the system counted or, where it counts nothing, offered rate x (t0 - last " +
		"durable commit), which stands where its barriers were sent. It depends on where between two " +
		"commits the fault falls.",
	"cost-a-day": "Premium x 86 400 s + the dip area of one fault a day in seconds of the offered " +
		"rate. The premium is the share of the sustainable rate that protection takes: without a rate " +
		"known with and without it, it is not measured.",
	"checkpoint.duration": "The median over the checkpoints that were completed in steady, from " +
		"their barriers to durable.",
	"cpu": "Driver, brokers and system together, over steady. What the tool spends on its oracle, " +
		"its canary and its screen is not the price of an event.",
	"memory": "The sum of the peaks by role; roles that live in one process share its figure.",
}

// Note says how the figure is made, in sentences; empty where its Doc says all.
func (m Metric) Note() string {
	if note, ok := notes[m.Name]; ok {
		return note
	}
	if i := strings.LastIndex(m.Name, ".p"); i > 0 {
		return notes[m.Name[:i]]
	}
	for _, end := range []string{".max", ".mean"} {
		if family, ok := strings.CutSuffix(m.Name, end); ok {
			return notes[family]
		}
	}
	return ""
}
