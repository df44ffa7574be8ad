package workloads

// part is what the single value of a result adds to the account of Process.Parts: sums of these
// tell one set of values from any other.
func (p *plan) part(row []int64) uint64 {
	if p.partsAt < 0 {
		return 0
	}
	return mix64(uint64(row[p.partsAt]) + phi)
}

// bindProcess resolves what a process reads.
func (p *plan) bindProcess() error {
	p.partsAt = -1
	proc := p.q.Process
	if proc == nil {
		return nil
	}
	for _, name := range proc.Reads {
		r, err := p.reader(name)
		if err != nil {
			return err
		}
		p.reads = append(p.reads, r)
	}
	if proc.Parts != "" {
		p.partsAt = p.q.columnOf(proc.Parts)
	}
	return nil
}

// refuseChanges refuses what a query that answers changes cannot be combined with.
func (q Query) refuseChanges() string {
	one := 0
	for _, there := range []bool{q.Process != nil, q.Join != nil, q.Latest != nil} {
		if there {
			one++
		}
	}
	switch {
	case one > 1:
		return "a process, a join and the newest events stand in place of each other"
	case q.Process != nil:
		return q.refuseProcess()
	case q.Late != nil || q.Rank != nil || q.Retracts || q.LatenessMs != 0:
		return "a join, or the newest event of a key, has no rank, lateness or retractions"
	case q.Join != nil:
		return q.refuseJoin()
	}
	return q.refuseLatest()
}

// refuseProcess refuses what a process cannot be combined with.
func (q Query) refuseProcess() string {
	proc := q.Process
	switch {
	case q.Window.Kind != NoWindow || len(q.Aggregates) > 0 || q.Rank != nil || q.Late != nil:
		return "a process stands in place of window, aggregates, rank and late output"
	case proc.Step == nil:
		return "a process needs a step"
	case (proc.Keys == nil) == (q.Key == ""):
		return "a process needs either a key or a function that gives keys"
	case proc.Plain != nil && proc.Keys == nil:
		return "a plain version needs the one it is of"
	case proc.Parts != "" && (q.Output.Kind != Additive || q.columnOf(proc.Parts) < 0):
		return "parts need additive results that have the field"
	}
	return ""
}
