package workloads

// KeyGroups is the number of key ranges a key belongs to one of. State moves by whole groups, so it
// bounds how many slots a job can have.
const KeyGroups = 128

// KeyGroupOf is the range a key belongs to.
func KeyGroupOf(key int64) int {
	k := uint64(key)
	return int(below((k^k>>32)*0xbf58476d1ce4e5b9, KeyGroups))
}

// SlotOf is the slot that owns a key where there are so many, at most KeyGroups of them.
func SlotOf(key int64, slots int) int { return KeyGroupOf(key) * slots / KeyGroups }
