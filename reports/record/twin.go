package record

// FirstTwin is the number of the first repetition of a system that is a twin: that of repetition
// 1 of the plan, before which it runs. Those of the plan, of probes, of bounded inputs and of
// repaired dead letters are below.
const FirstTwin = 4001
