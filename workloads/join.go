package workloads

// JoinKind is how long the two sides of a join wait for each other.
type JoinKind uint8

// The kinds of join.
const (
	// TableJoin keeps both sides for ever: every pair of equal keys is a result, once, when the
	// later of the two has come. Event time plays no part.
	TableJoin JoinKind = iota
	// WindowJoin pairs what lies in the same tumbling or hopping window (Query.Window), and answers
	// when that closes. An event of either side that comes after that is late, as for aggregates.
	WindowJoin
	// BestJoin keeps, for each event of the other side, the best of the events of this side that lie
	// within its validity (Since, Until), whichever came first: an upsert on every change.
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
	// WithUnique says that no two events of the other side have the same keys, whether they meet
	// WithWhere or not: what has found its other half needs to be kept no longer.
	WithUnique bool
	// Keys of this side and WithKeys of the other are equal pair by pair; the first pair decides who
	// owns an event.
	Keys, WithKeys []string
	// Since and Until are the fields of the other side between which the time of an event of this
	// side must lie, both inclusive: of a BestJoin.
	Since, Until string
	// Best orders the events of this side, best first: of a BestJoin. It tells any two apart.
	Best []Order
	// Distinct says that of the pairs of one identity and window only one is a result: of a
	// WindowJoin.
	Distinct bool
}

// Order is one criterion by which events are ordered.
type Order struct {
	Field   string // of the event, seq and ts among them
	Largest bool   // largest first; else least first
}

// Latest keeps the newest event of every key, by the largest event time and then the largest
// number: an upsert on every change. Its keys are Query.Key, which decides who owns an event, and
// these.
type Latest struct {
	Keys []string
}

// FieldOf is the field of an event that a field of a result shows, and the variant it is of: of a
// result field that is no aggregate and not the window's.
func (q Query) FieldOf(f ResultField) (variant int, name string) {
	variant, name = q.From, f.Name
	if f.Field != "" {
		name = f.Field
	}
	if f.With {
		variant = q.Join.With
	}
	return variant, name
}

// regroups reports whether the rows of a join are folded by Query.Key, a field of the other side.
func (q Query) regroups() bool { return q.Join != nil && len(q.Aggregates) > 0 }

// changes reports whether results come when a single event calls for them, and need not be the last
// of their identity: neither windows nor the event alone tell what and when.
func (q Query) changes() bool {
	return q.Process != nil || q.Latest != nil || q.Join != nil && q.Join.Kind != WindowJoin
}
