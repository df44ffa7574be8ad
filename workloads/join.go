package workloads

// JoinKind is how long the two sides of a join wait for each other.
type JoinKind uint8

// The kinds of join.
const (
	// TableJoin keeps both sides for ever: every pair of equal keys is a result, once, when the
	// later of the two has come.
	TableJoin JoinKind = iota
	// WindowJoin pairs what lies in the same tumbling or hopping window (Query.Window), and answers
	// when that closes.
	WindowJoin
	// BestJoin keeps, for each event of the other side, the best of the events of this side that lie
	// within its validity (Since, Until): an upsert on every change.
	BestJoin
)

// Join pairs events of the variant Query.From, which meet Query.Where, with those of another
// variant, by equal keys.
//
//	From: bid      --Keys[i]----\
//	                             equal --> result: fields of either side
//	With: auction  --WithKeys[i]/
type Join struct {
	Kind JoinKind
	// With is the variant of the other side and WithWhere what its events have to meet.
	With      int
	WithWhere []Predicate
	// Keys of this side and WithKeys of the other are equal pair by pair; the first pair decides who
	// owns an event.
	Keys, WithKeys []string
	// Since and Until are the fields of the other side between which an event of this side must lie,
	// both inclusive: of a BestJoin.
	Since, Until string
	// Best orders the events of this side, best first: of a BestJoin.
	Best []Order
	// Distinct says that of the pairs of one identity and window only one is a result.
	Distinct bool
}

// Order is one criterion by which events are ordered.
type Order struct {
	Field   string // of the event, seq and ts among them
	Largest bool   // largest first; else least first
}

// Latest keeps the newest event of every key, by the largest event time and then the largest
// number: an upsert on every change. Its keys are Query.Key and these.
type Latest struct {
	Keys []string
}
