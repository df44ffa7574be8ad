package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/reports/record"
)

// longestStart bounds how long containers may take to be ready: brokers, or a system.
const longestStart = 5 * time.Minute

// footing is what stays up between repetitions: the brokers that carry them all, and the deployment
// of the system whose turn it is. A deployment ends before the next one starts, as one that idles
// beside it would disturb what is measured. nil stands for nothing: every repetition then has a
// deployment to itself.
//
//	brokers    |---------------------------------------------------|
//	system 1      |--estimate--rate 1--rate 2--|
//	system 2                                      |--estimate--rate 1--rate 2--|
type footing struct {
	gear *gear
	run  string
	dir  string // of the run

	lease   heldLease // of all that stands; nil until something does
	carrier adapters.Carrier
	host    adapters.Host
	of      string      // the system that host is of
	last    *repetition // that was served; nil before the first
}

// contained reports whether nodes of a repetition are containers, which outlive this process.
func (r *repetition) contained() bool {
	_, hosting := r.adapter.(adapters.Hosting)
	return hosting || inContainers(r.job)
}

// inContainers reports whether the brokers of a job are.
func inContainers(job adapters.Job) bool {
	return job.Transport == adapters.Kafka && job.Broker.At == atContainer
}

// carried is a transport with the brokers that stand, if it is one whose brokers can.
func (s *footing) carried(
	ctx context.Context, t adapters.Transport, job adapters.Job,
) (adapters.Transport, error) {
	carrying, ok := t.(adapters.Carrying)
	switch {
	case !ok:
		return t, nil
	case s.carrier != nil:
		return s.carrier, nil
	}
	job, err := s.common(ctx, job)
	if err != nil {
		return nil, err
	}
	if inContainers(job) {
		if job.LogDir, err = makeLogs(s.dir, "brokers"); err != nil {
			return nil, err
		}
	}
	if s.carrier, err = carrying.Open(ctx, job); err != nil {
		s.carrier = nil
		return nil, err
	}
	return s.carrier, nil
}

// ready has the deployment of a repetition's system up, if it is one that can stay.
func (s *footing) ready(ctx context.Context, r *repetition) error {
	s.last = r
	hosting, ok := r.adapter.(adapters.Hosting)
	// A job of the user's own may be all there is in a process: it gets one to itself.
	if !ok || s.host != nil || r.job.Own.Jar != "" {
		return nil
	}
	job, err := s.common(ctx, r.job)
	if err != nil {
		return err
	}
	if s.host, err = hosting.Open(ctx, job); err != nil {
		s.host = nil
		return err
	}
	s.of = r.plan.Base()
	return nil
}

// common is a job as far as it is that of all to come.
func (s *footing) common(ctx context.Context, job adapters.Job) (adapters.Job, error) {
	if s.lease == nil {
		l, err := s.gear.lease(ctx, s.run)
		if err != nil {
			return job, hostError{fmt.Errorf("%w: set TMPDIR to a folder that only this user may write to",
				err)}
		}
		s.lease = l
	}
	job.RunID, job.Lease, job.Load, job.Collector = s.run, s.lease, nil, nil
	return job, nil
}

// turn ends the deployment that stands unless it is of the system whose turn it is.
func (s *footing) turn(system string) {
	if s != nil && s.host != nil && s.of != system {
		s.endHost()
	}
}

// failed ends what a repetition that failed may have left in disorder: the deployment, and the
// brokers too if it was they who failed.
func (s *footing) failed(why error) {
	if s == nil {
		return
	}
	s.endHost()
	var brokers transportError
	if errors.As(why, &brokers) {
		s.endCarrier()
	}
}

// endHost closes the deployment. What it could not remove is the fault of the repetition before.
func (s *footing) endHost() {
	if s.host == nil {
		return
	}
	if err := s.host.Close(); err != nil {
		s.tell(fmt.Errorf("close %s: %w", s.of, err))
	}
	s.host = nil
}

func (s *footing) endCarrier() {
	if s.carrier == nil {
		return
	}
	if err := s.carrier.Close(); err != nil {
		s.tell(fmt.Errorf("close brokers: %w", err))
	}
	s.carrier = nil
}

func (s *footing) tell(err error) {
	if s.last != nil {
		s.last.fail(context.Background(), record.PhaseClose, err)
	}
}

// close ends all that stands, the lease last.
func (s *footing) close() {
	if s == nil {
		return
	}
	s.endHost()
	s.endCarrier()
	if s.lease == nil {
		return
	}
	if s.lease.Lost() && s.last != nil {
		s.last.warn(record.CodeLeaseLost, "this process stood still for so long that it was taken for "+
			"dead: what it had started was removed while it measured")
	}
	if err := s.lease.Close(); err != nil && !s.lease.Lost() {
		s.tell(err)
	}
	s.lease = nil
}

// launch deploys the system of a repetition: on what stands, or by itself.
func (r *repetition) launch(ctx context.Context) (adapters.System, error) {
	if r.contained() {
		var cancel context.CancelFunc
		ctx, cancel = within(ctx, longestStart)
		defer cancel()
	}
	if r.footing == nil {
		s, err := r.adapter.Deploy(ctx, r.job)
		return s, timely(ctx, err)
	}
	if err := r.footing.ready(ctx, r); err != nil {
		return nil, timely(ctx, err)
	}
	if r.footing.host == nil {
		s, err := r.adapter.Deploy(ctx, r.job)
		return s, timely(ctx, err)
	}
	s, err := r.footing.host.Deploy(ctx, r.job)
	return s, timely(ctx, err)
}

// keepLogs gives the nodes of a repetition a folder in that of the run for their logs, of which one
// is shared by all that a deployment serves.
func (r *repetition) keepLogs() error {
	if !r.contained() {
		return nil
	}
	name := fileName(r.plan.Base())
	if r.footing == nil {
		name = fmt.Sprintf("%s-%d", fileName(r.plan.System), r.plan.Rep)
	}
	var err error
	r.job.LogDir, err = makeLogs(r.dir, name)
	return err
}

// makeLogs makes a folder for logs in that of a run.
func makeLogs(run, name string) (dir string, err error) {
	dir, err = filepath.Abs(filepath.Join(run, logsFolder, name))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("make folder for logs: %w", err)
	}
	return dir, nil
}

// logsFolder is the folder of a run that holds the logs of nodes in containers, by system.
const logsFolder = "logs"
