package workloads

import "fmt"

// cqrsFold folds the accounts one by one, in the order of their versions, and keeps the books of
// the whole bank beside them. It shares nothing with the process that systems host.
type cqrsFold struct {
	o        *oracle
	b        *Batch
	accounts map[int64]*cqrsView
	order    []int64 // of the accounts, as they were opened
	// credited is what was opened with and deposited, debited what was withdrawn and not rejected.
	credited, debited, rejected int64
}

// cqrsView is the view of an account and the slot of the event that changed it last.
type cqrsView struct {
	version, balance, rejected int64
	slot                       uint64
}

func newCQRSFold(o *oracle) folder {
	return &cqrsFold{o: o, accounts: map[int64]*cqrsView{}}
}

func (f *cqrsFold) bind(b *Batch, picked []int32) []int32 {
	f.b = b
	return picked
}

func (f *cqrsFold) event(row int, slot uint64) {
	f.o.late.OnTime++
	cols := f.b.Cols
	account, version := cols[cqrsAccount][row], cols[cqrsVersion][row]
	v := f.accounts[account]
	if v == nil {
		v = &cqrsView{}
		f.accounts[account] = v
		f.order = append(f.order, account)
	}
	if version <= v.version { // one that cannot be read leaves a gap
		panic(fmt.Sprintf("BUG: version %d of account %d follows %d", version, account, v.version))
	}
	v.version, v.slot = version, slot
	amount := cols[cqrsAmount][row]
	switch f.o.p.w.Schema.Variants[0].Fields[cqrsType].Dict[cols[cqrsType][row]] {
	case "opened", "deposited":
		v.balance += amount
		f.credited += amount
	case "withdrawn":
		if v.balance < amount {
			v.rejected++
			f.rejected++
			return
		}
		v.balance -= amount
		f.debited += amount
	}
}

func (f *cqrsFold) advance() {}

// flush emits the views, whose sum has to be what the bank holds.
func (f *cqrsFold) flush() {
	sum := int64(0)
	for _, account := range f.order {
		sum += f.accounts[account].balance
	}
	if sum != f.credited-f.debited {
		panic(fmt.Sprintf("BUG: balances of %d, where %d were paid in and %d out", sum, f.credited,
			f.debited))
	}
	for _, account := range f.order {
		v := f.accounts[account]
		f.o.result(&outcome{Expected: Expected{
			Row: []int64{account, v.version, v.balance, v.rejected}, Trigger: v.slot, Timed: true,
		}})
	}
}
