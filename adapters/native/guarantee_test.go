package native

import (
	"testing"
	"time"

	"github.com/streambench/streambench/workloads"
)

// killedTwice kills two workers one after the other, each when results have come since the last
// checkpoint, and starts them again.
func killedTwice(c *crew) {
	for range 2 {
		c.results(20_000)
		c.restart(c.kill())
	}
	c.results(5000)
}

// The same faults cost what a guarantee allows and nothing else: who sees nothing lost at most once,
// and nothing twice at least once, would not see it under exactly-once either.
func TestGuaranteesAreTold(t *testing.T) {
	for guarantee, check := range map[string]func(l workloads.Ledger) bool{
		"at-most-once": func(l workloads.Ledger) bool {
			return l.Lost > 0 && l.Duplicated+l.Spread.Twice.N+l.Spread.Other.N == 0
		},
		"at-least-once": func(l workloads.Ledger) bool {
			return l.Duplicated > 0 && l.Lost+l.Wrong == 0
		},
		"exactly-once": func(l workloads.Ledger) bool {
			return l.Duplicated+l.Lost+l.Wrong == 0
		},
	} {
		t.Run(guarantee, func(t *testing.T) {
			o := exactlyOnceCrew(t)
			o.guarantee, o.interval = guarantee, time.Second
			c := o.start(t)
			killedTwice(c)
			c.job.Load.LimitHere(1)
			l := c.end()
			t.Logf("%s: %d of %d matched, %d lost, %d duplicated, %d wrong, %d phantom", guarantee,
				l.Matched, l.Expected, l.Lost, l.Duplicated, l.Wrong, l.Phantom)
			if !check(l) || l.Matched == 0 || l.Phantom+l.Unexplained > 0 {
				t.Errorf("ledger %+v", l)
			}
		})
	}
}
