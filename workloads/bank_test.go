package workloads

import (
	"context"
	"testing"
)

// The plan of the frauds and the fold that finds them agree with an implementation written apart,
// in what is no alert, too.
func TestTheFraudsAreThosePlanned(t *testing.T) {
	w := build(t, fraudName, 10_000, nil)
	p, err := planQuery(w)
	if err != nil {
		t.Fatal(err)
	}
	set := newResultSet(w.Query)
	o := newOracle(p, 0, func(e *outcome) error { set.add(e.Row); return nil })
	f := &fraudFold{o: o, small: map[int64]payment{}}
	w.oracle = func(*oracle) folder { return f }
	if err := o.run(context.Background(), 4_096_000); err != nil {
		t.Fatal(err)
	}
	if set.count != 626 || set.digest() != "26f30634765a57a0" {
		t.Errorf("%d alerts, digest %s", set.count, set.digest())
	}
	if f.smalls != 1000 || f.larges != 897 || f.expired != 374 {
		t.Errorf("%d small, %d large payments, %d flags expired; want 1000, 897, 374", f.smalls,
			f.larges, f.expired)
	}
}

func TestTheBankHoldsWhatWasPaidIn(t *testing.T) {
	w := build(t, cqrsName, 10_000, map[string]string{"keys": "1000"})
	p, err := planQuery(w)
	if err != nil {
		t.Fatal(err)
	}
	set, balances := newResultSet(w.Query), int64(0)
	o := newOracle(p, 0, func(e *outcome) error {
		set.add(e.Row)
		balances += e.Row[2]
		return nil
	})
	f := newCQRSFold(o).(*cqrsFold)
	w.oracle = func(*oracle) folder { return f }
	if err := o.run(context.Background(), 100_000); err != nil {
		t.Fatal(err)
	}
	if set.count != 1000 || set.digest() != "2e8d13b0ea85a654" {
		t.Errorf("%d accounts, digest %s", set.count, set.digest())
	}
	if f.rejected != 20_387 || balances != 32_695_124 {
		t.Errorf("%d rejected, balances of %d", f.rejected, balances)
	}
}
