package workloads

// keyTable numbers the keys of the open windows, so that an event looks its key up once however
// many windows it falls in. A number is used again once no window holds its key. Small keys have a
// slice beside the map for the others: with many of them most of the oracle's time is waiting for
// memory, and a map waits more than once a key.
type keyTable struct {
	small []int32 // number + 1 of a key below smallKeys
	index map[int64]int32
	key   []int64
	uses  []int32 // groups that hold the key; -1 of a free number
	idle  []int32 // numbers that were seen without a use: they are freed between two batches
	free  []int32
}

const smallKeys = 1 << 21

// number finds or makes the number of a key.
func (k *keyTable) number(key int64) int32 {
	if uint64(key) < uint64(len(k.small)) {
		if i := k.small[key]; i > 0 {
			return i - 1
		}
	} else if i, ok := k.index[key]; ok {
		return i
	}
	return k.add(key)
}

func (k *keyTable) add(key int64) int32 {
	i := int32(len(k.key))
	if n := len(k.free); n > 0 {
		i, k.free = k.free[n-1], k.free[:n-1]
		k.key[i], k.uses[i] = key, 0
	} else {
		k.key, k.uses = append(k.key, key), append(k.uses, 0)
	}
	k.idle = append(k.idle, i)
	if uint64(key) >= smallKeys {
		k.index[key] = i
		return i
	}
	if n := int(key) + 1 - len(k.small); n > 0 {
		k.small = append(k.small, make([]int32, n)...)
	}
	k.small[key] = i + 1
	return i
}

func (k *keyTable) release(i int32) {
	if k.uses[i]--; k.uses[i] == 0 {
		k.idle = append(k.idle, i)
	}
}

// sweep frees the numbers no window holds. The rows of a batch may refer to any number, so it is
// not done while one is folded.
func (k *keyTable) sweep() {
	for _, i := range k.idle {
		if k.uses[i] != 0 {
			continue
		}
		k.uses[i] = -1
		if key := k.key[i]; uint64(key) < smallKeys {
			k.small[key] = 0
		} else {
			delete(k.index, key)
		}
		k.free = append(k.free, i)
	}
	k.idle = k.idle[:0]
}

// groups are accumulators by number of key. One that has counted nothing is not there.
type groups struct {
	members []int32 // in the order they were first seen
	words   []int64 // plan.state a number
	sets    [][]map[int64]struct{}
}

// of finds or makes the accumulator of a key.
func (g *groups) of(p *plan, keys *keyTable, i int32) ([]int64, []map[int64]struct{}) {
	at := int(i) * p.state
	if at >= len(g.words) || g.words[at+wordCount] == 0 {
		g.start(p, keys, i)
	}
	return g.at(p, i)
}

// start makes the accumulator of a key that has none.
func (g *groups) start(p *plan, keys *keyTable, i int32) {
	at := int(i) * p.state
	for at >= len(g.words) {
		g.words = append(g.words, p.fresh...)
	}
	copy(g.words[at:], p.fresh)
	g.members = append(g.members, i)
	keys.uses[i]++
	if p.sets > 0 {
		for int(i) >= len(g.sets) {
			g.sets = append(g.sets, nil)
		}
		g.sets[i] = p.startSets()
	}
}

func (g *groups) at(p *plan, i int32) ([]int64, []map[int64]struct{}) {
	acc := g.words[int(i)*p.state : int(i+1)*p.state]
	if p.sets == 0 {
		return acc, nil
	}
	return acc, g.sets[i]
}

// touch reads the accumulators of keys so that they are in the cache when the rows are folded; like
// the look-up of the keys it waits for several at a time.
func (g *groups) touch(p *plan, numbers []int32) (sum int64) {
	for _, i := range numbers {
		if at := int(i) * p.state; at < len(g.words) {
			sum += g.words[at]
		}
	}
	return sum
}

func (g *groups) has(p *plan, i int32) bool {
	at := int(i) * p.state
	return at < len(g.words) && g.words[at+wordCount] > 0
}

func (g *groups) reset(p *plan, keys *keyTable) {
	for _, i := range g.members {
		keys.release(i)
		g.words[int(i)*p.state+wordCount] = 0
	}
	clear(g.sets)
	g.members = g.members[:0]
}
