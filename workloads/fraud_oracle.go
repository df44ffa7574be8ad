package workloads

// fraudFold finds the alerts by a scan of the stream in the order of its slots, which is that of
// event times: an account remembers the last small payment until it is answered or a minute old.
// It shares nothing with the process that systems host.
type fraudFold struct {
	o       *oracle
	account []int64
	amount  []int64
	ts, seq []int64
	small   map[int64]payment // by account
	row     [3]int64
	next    outcome
	// What the plan of the stream has put into it.
	smalls, larges, expired uint64
}

// payment is a small payment.
type payment struct{ seq, ts int64 }

func (f *fraudFold) bind(b *Batch, picked []int32) []int32 {
	f.account, f.amount, f.ts, f.seq = b.Cols[fraudAccount], b.Cols[fraudAmount], b.TS, b.Seq
	return picked
}

func (f *fraudFold) event(row int, slot uint64) {
	f.o.late.OnTime++
	switch amount := f.amount[row]; {
	case amount < 100:
		f.paidLittle(row)
	case amount > 50_000:
		f.paidMuch(row, slot)
	}
}

func (f *fraudFold) paidLittle(row int) {
	f.smalls++
	account := f.account[row]
	if old, ok := f.small[account]; ok && f.ts[row]-old.ts >= 60_000 {
		f.expired++ // before this payment sets it again
	}
	f.small[account] = payment{f.seq[row], f.ts[row]}
}

func (f *fraudFold) paidMuch(row int, slot uint64) {
	f.larges++
	account := f.account[row]
	old, ok := f.small[account]
	if !ok {
		return
	}
	delete(f.small, account)
	if f.ts[row]-old.ts >= 60_000 {
		f.expired++
		return
	}
	f.row = [3]int64{old.seq, f.seq[row], account}
	f.next.Row, f.next.EndMs, f.next.Trigger, f.next.Timed = f.row[:], f.ts[row], slot, true
	f.o.result(&f.next)
}

func (f *fraudFold) advance() {}

// flush clears the flags that are left: the end of the stream reaches their timers.
func (f *fraudFold) flush() { f.expired += uint64(len(f.small)) }
