package cluster

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/streambench/streambench/adapters/native/checkpoint"
	"github.com/streambench/streambench/reports/record"
)

// coordinator gives out slots, starts checkpoints and declares them complete, and notices when a
// worker is lost. All it has to remember is on disk, so that another may go on in its place; while
// none is there, the workers go on.
//
//	forming --all are here--> fencing --the runner dropped the old attempt--> deploying
//	   ^                         ^                                               | all are ready
//	   \--nobody is left--- a worker was lost <------------------------------ running --> finished
type coordinator struct {
	*node
	job     *job
	store   *checkpoint.Store
	ledger  ledger
	members map[string]*member
	events  chan event
	early   []event // that came before the job
	phase   phase
	// successor says that another coordinator was here before.
	successor bool

	until      time.Time // when the phase has lasted too long
	ready      map[string]bool
	finished   map[string]bool
	complaints map[string]map[string]bool // who says that a worker is out of reach
	judgeAt    time.Time                  // when complaints are looked at
	suspects   map[string]time.Time       // not given slots until then

	pending  *pending
	nextAt   time.Time      // of the next checkpoint
	complete uint64         // newest complete checkpoint
	orphans  []int          // slots that are moved by this attempt
	shown    map[int]uint64 // by slot: newest checkpoint whose results its sink has written
	visible  uint64         // newest checkpoint all of whose results are visible
	issued   uint64         // number of the next checkpoint
	reserved uint64         // numbers below are reserved on disk
	ticked   time.Time
}

type phase int

const (
	forming phase = iota
	fencing
	deploying
	running
	ended
)

// member is a worker that is connected.
type member struct {
	name  string
	conn  *conn
	heard time.Time
	reg   register
}

// event is a frame from a worker or, with no member, from the runner. A worker's last has an error.
type event struct {
	from *member
	k    kind
	body []byte
	err  error
}

const (
	// formLimit is how long workers may take to report after a start.
	formLimit = 20 * time.Second
	// deployLimit is how long workers may take to restore and to reach each other.
	deployLimit = 30 * time.Second
	// suspectFor is how long a worker that was out of reach is given slots only if nobody else can
	// take them.
	suspectFor = 5 * time.Second
)

func newCoordinator(n *node) (*coordinator, error) {
	l, err := loadLedger(n.cfg.Shared)
	if err != nil {
		return nil, err
	}
	return &coordinator{
		node: n, ledger: l, members: map[string]*member{}, events: make(chan event, 4096),
		complaints: map[string]map[string]bool{}, suspects: map[string]time.Time{},
		shown: map[int]uint64{},
	}, nil
}

// control takes a frame of the runner.
func (c *coordinator) control(k kind, body []byte) error {
	c.events <- event{k: k, body: slices.Clone(body)}
	return nil
}

// connected takes a worker's connection.
func (c *coordinator) connected(h hello, conn *conn) {
	m := &member{name: h.From, conn: conn}
	for {
		k, body, err := conn.read()
		c.events <- event{from: m, k: k, body: slices.Clone(body), err: err}
		if err != nil {
			return
		}
	}
}

// run is the coordinator's only thread.
func (c *coordinator) run() error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	c.ticked = time.Now()
	for {
		var err error
		select {
		case e := <-c.events:
			err = c.handle(e)
		case now := <-tick.C:
			err = c.tick(now)
		}
		if err != nil {
			c.fail(err)
			return err
		}
	}
}

// fail tells the runner that the job is over.
func (c *coordinator) fail(err error) {
	c.toRunner(kindFailed, failure{Attempt: c.ledger.Attempt, Error: err.Error()})
	if conn := c.toolConn(); conn != nil {
		conn.flush(time.Second)
	}
}

func (c *coordinator) handle(e event) error {
	if e.from != nil {
		e.from.heard = time.Now()
		if c.job == nil {
			c.early = append(c.early, e)
			return nil
		}
		return c.member(e)
	}
	switch e.k {
	case kindStart:
		j, err := decode[job](e.body)
		if err != nil {
			return err
		}
		return c.start(&j)
	case kindFenced:
		f, err := decode[fenced](e.body)
		if err != nil || f.Attempt != c.ledger.Attempt || c.phase != fencing {
			return err
		}
		c.deploy(f.Seen)
	}
	return nil
}

// start begins the job, or goes on with it.
func (c *coordinator) start(j *job) (err error) {
	c.job = j
	disk, err := checkpoint.Folder(j.Store)
	if err != nil {
		return err
	}
	c.store = checkpoint.NewStore(disk)
	c.until = time.Now().Add(formLimit)
	if c.ledger.Attempt > 0 {
		if err := c.takeOver(); err != nil {
			return err
		}
	}
	early := c.early
	c.early = nil
	for _, e := range early {
		if err := c.member(e); err != nil {
			return err
		}
	}
	return nil
}

// takeOver goes on where the coordinator before stopped. What it had declared complete is committed
// again, since it may have died before it could say so.
func (c *coordinator) takeOver() error {
	c.successor = true
	c.until = time.Now().Add(max(2*c.job.Settings.Timeout, time.Second))
	c.tell(record.Milestone{Name: record.MilestoneTakeover, Node: c.cfg.Name,
		Attempt: c.ledger.Attempt})
	if err := c.latest(); err != nil {
		return err
	}
	if c.ledger.Finished {
		c.phase = ended
		c.reveal(math.MaxUint64)
		return nil
	}
	if c.complete > 0 {
		c.reveal(c.complete)
	}
	return nil
}

// latest finds the newest checkpoint that is whole.
func (c *coordinator) latest() error {
	newest, torn, err := c.store.Latest()
	if err != nil {
		return fmt.Errorf("look for checkpoints: %w", err)
	}
	for _, t := range torn {
		c.tell(record.Milestone{Name: record.MilestoneTorn, Checkpoint: t.ID, Text: t.Why.Error()})
	}
	c.complete = 0
	if newest != nil {
		c.complete = newest.ID
	}
	return nil
}

// member takes a frame of a worker.
func (c *coordinator) member(e event) error {
	m := e.from
	if e.err != nil {
		if c.members[m.name] == m {
			return c.lost(m, "its connection was closed")
		}
		return nil
	}
	if e.k != kindRegister && c.members[m.name] != m {
		return nil // of a connection that was given up
	}
	switch e.k {
	case kindRegister:
		r, err := decode[register](e.body)
		if err != nil {
			return err
		}
		m.reg = r
		return c.enter(m)
	case kindReady:
		return c.isReady(m, e.body)
	case kindPart:
		return c.part(e.body)
	case kindFinished:
		return c.isFinished(m, e.body)
	case kindUnreachable:
		return c.complain(m, e.body)
	case kindBroken:
		return c.broken(m, e.body)
	case kindShown:
		return c.isShown(e.body)
	}
	return nil
}

// enter takes a worker in, for the first time or again.
func (c *coordinator) enter(m *member) error {
	if old := c.members[m.name]; old != nil {
		if err := c.lost(old, "it came back as a new process"); err != nil {
			return err
		}
	}
	if c.ledger.Attempt == 0 && m.reg.Attempt > 0 {
		return fmt.Errorf("take over: %s works on attempt %d, and the state the coordinator before "+
			"kept is gone", m.name, m.reg.Attempt)
	}
	c.members[m.name] = m
	if m.reg.LastID >= c.ledger.NextID {
		c.ledger.NextID = m.reg.LastID + 1
	}
	if c.phase == forming {
		return c.form()
	}
	if c.phase == ended {
		return c.adopt()
	}
	c.tell(record.Milestone{Name: record.MilestoneRejoined, Node: m.name,
		Attempt: c.ledger.Attempt, Text: "it has no slots until another worker is lost"})
	m.conn.send(kindAssign, assign{Attempt: c.ledger.Attempt, Owners: c.ledger.Owners})
	return nil
}

// form deploys once everybody is here, or goes on where all that was deployed still works.
func (c *coordinator) form() error {
	if c.ledger.Attempt == 0 {
		for _, name := range slices.Concat(c.job.Workers, c.job.Spares) {
			if c.members[name] == nil {
				return nil
			}
		}
		c.ledger.Owners = nil
		for s := range c.job.slots() {
			c.ledger.Owners = append(c.ledger.Owners, c.job.Workers[s/c.job.CPUs])
		}
		return c.redeploy()
	}
	for _, name := range c.ledger.Owners {
		m := c.members[name]
		if m == nil || m.reg.Attempt != c.ledger.Attempt {
			if len(c.live()) > 0 && m != nil {
				return c.redeploy() // it works on something else: nothing to wait for
			}
			return nil
		}
	}
	c.phase = running
	c.finished = map[string]bool{}
	for name, m := range c.members {
		if m.reg.Done && slices.Contains(c.ledger.Owners, name) {
			c.finished[name] = true
		}
	}
	c.tell(record.Milestone{Name: record.MilestoneResumed, Attempt: c.ledger.Attempt,
		Text: "all workers had gone on without a coordinator"})
	return c.allFinished()
}

// tick looks at all that waits.
func (c *coordinator) tick(now time.Time) error {
	if c.job == nil {
		c.ticked = now
		return nil
	}
	s := c.job.Settings
	stalled := now.Sub(c.ticked) > s.Timeout/2
	if now.Sub(c.ticked) < s.Heartbeat/2 && !stalled {
		return c.due(now)
	}
	c.ticked = now
	for _, m := range c.sorted() {
		if stalled {
			m.heard = now // this process was held up: what they said meanwhile is still to be read
		}
		m.conn.offer(message(kindBeat, struct{}{}))
		if now.Sub(m.heard) > s.Timeout {
			if err := c.lost(m, fmt.Sprintf("nothing was heard of it for %s", s.Timeout)); err != nil {
				return err
			}
		}
	}
	return c.due(now)
}

// due does what is due by the clock.
func (c *coordinator) due(now time.Time) error {
	if !c.judgeAt.IsZero() && now.After(c.judgeAt) {
		if err := c.judge(); err != nil {
			return err
		}
	}
	switch c.phase {
	case forming:
		if now.After(c.until) {
			return c.notFormed()
		}
	case fencing, deploying:
		if now.After(c.until) {
			return c.notReady()
		}
	case running:
		return c.checkpoints(now)
	}
	return nil
}

// notFormed goes on with those who are here; a job that never worked cannot.
func (c *coordinator) notFormed() error {
	var missing []string
	for _, name := range slices.Concat(c.job.Workers, c.job.Spares) {
		if c.members[name] == nil {
			missing = append(missing, name)
		}
	}
	switch {
	case c.ledger.Attempt == 0:
		return fmt.Errorf("wait for workers: %v did not report within %s", missing, formLimit)
	case len(c.live()) == 0:
		c.until = time.Now().Add(formLimit) // the runner decides how long is too long
		return nil
	}
	for _, name := range missing {
		if slices.Contains(c.ledger.Owners, name) {
			c.tell(record.Milestone{Name: record.MilestoneDetected, Node: name,
				Attempt: c.ledger.Attempt, Text: "it did not report to the new coordinator"})
		}
	}
	return c.redeploy()
}

// notReady gives up workers that neither restored nor said why.
func (c *coordinator) notReady() error {
	if c.phase == fencing {
		return fmt.Errorf("wait for the runner to drop attempt %d: %s are over",
			c.ledger.Attempt-1, deployLimit)
	}
	for _, m := range c.sorted() {
		if slices.Contains(c.ledger.Owners, m.name) && !c.ready[m.name] {
			return c.lost(m, fmt.Sprintf("it was not ready within %s", deployLimit))
		}
	}
	return nil
}

// sorted are the members by name, so that what happens does not depend on the order of a map.
func (c *coordinator) sorted() []*member {
	var all []*member
	for _, m := range c.members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *member) int { return compareNames(a.name, b.name) })
	return all
}

// compareNames orders worker-2 before worker-10.
func compareNames(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
