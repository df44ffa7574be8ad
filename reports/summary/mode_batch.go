package summary

import (
	"fmt"

	"github.com/streambench/streambench/reports/record"
)

// judgeBatch judges a repetition whose input was answered twice. The oracle has found the streamed
// results right; so must it the bounded ones, and both must be the same lines.
func judgeBatch(c modeCase) modeFinding {
	f := modeFinding{remedy: "see the first line that differs, and both ledgers in the record"}
	if c.Mode == nil || c.Mode.Batch == nil || c.Mode.Batch.Ledger == nil {
		f.exit, f.text, f.remedy = exitInvalid, "the record tells of no bounded input", runAgain
		return f
	}
	b := c.Mode.Batch
	f.evidence = append(classes(b.Ledger), Evidence{"SHA-256 of the sorted lines, bounded",
		b.LinesSHA256, b.StreamSHA256 + ", streamed"})
	switch {
	case !b.Ledger.Conclusive:
		f.exit, f.text = exitInvalid, "the bounded input was not answered to its end: "+b.Ledger.Why
		f.remedy = "lengthen load.drain"
		return f
	case offended(b.Ledger) > 0:
		f.exit, f.text = exitGuarantee, "bounded, "+account(b.Ledger)
		return f
	case b.Differs != "" || b.LinesSHA256 != b.StreamSHA256 || b.Lines != b.StreamLines:
		f.exit = exitGuarantee
		f.text = fmt.Sprintf("bounded and streamed results differ: %s against %s; %s",
			Count(float64(b.Lines)), Count(float64(b.StreamLines)), b.Differs)
		return f
	}
	rate := float64(b.Events) / float64(b.Ns) * 1e9
	cpu := float64(b.CPUNs) / float64(b.Events) / 1e3
	f.figures = []ModeFigure{
		{"batch.rate", rate, record.PerSecond, "events of the bounded input a second" + how(b)},
		{"batch.cpu", cpu, record.MicrosEvent, "processor time an event of the bounded input"},
		{"stream.rate", c.figures["accepted"], record.PerSecond, "events a second, streamed"},
		{"stream.cpu", c.figures["cpu"], record.MicrosEvent, "processor time an event, streamed"},
	}
	f.text = fmt.Sprintf("bounded and streamed gave the same %s, byte for byte; "+
		"%s bounded, %s streamed",
		Format(float64(b.Lines), record.Results), Format(rate, record.PerSecond),
		Format(c.figures["accepted"], record.PerSecond))
	return f
}

// how says by which mode a bounded input was answered.
func how(b *record.Batch) string {
	if b.Bounded {
		return ": a bounded replay, as the system has no batch mode"
	}
	return ", by the system's batch mode"
}
