package scenarios

import (
	"context"
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

	lease   heldLease // of all that stands; nil until something does
	carrier adapters.Carrier
	host    adapters.Host
	of      string      // the system that host is of
	last    *repetition // that was served
}

// contained reports whether nodes of a repetition are containers, which outlive this process.
func (r *repetition) contained() bool {
	_, hosting := r.adapter.(adapters.Hosting)
	return hosting || r.job.Transport == adapters.Kafka && r.job.Broker.At == atContainer
}

// carried is the transport of a repetition, with the brokers that stand.
func (s *footing) carried(ctx context.Context, r *repetition) (adapters.Transport, error) {
	s.last = r
	carrying, ok := r.transport.(adapters.Carrying)
	if !ok || s.carrier != nil {
		return s.upOr(r.transport), nil
	}
	job, err := s.common(ctx, r)
	if err != nil {
		return nil, err
	}
	if job.LogDir != "" { // theirs, and not those of the system that comes first
		job.LogDir = filepath.Join(filepath.Dir(job.LogDir), "brokers")
		if err := os.MkdirAll(job.LogDir, 0o755); err != nil {
			return nil, fmt.Errorf("make folder for logs: %w", err)
		}
	}
	if s.carrier, err = carrying.Open(ctx, job); err != nil {
		s.carrier = nil
		return nil, err
	}
	return s.carrier, nil
}

func (s *footing) upOr(t adapters.Transport) adapters.Transport {
	if s.carrier != nil {
		return s.carrier
	}
	return t
}

// ready has the deployment of a repetition's system up, if it is one that can stay.
func (s *footing) ready(ctx context.Context, r *repetition) error {
	s.last = r
	hosting, ok := r.adapter.(adapters.Hosting)
	if !ok || s.host != nil {
		return nil
	}
	job, err := s.common(ctx, r)
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
func (s *footing) common(ctx context.Context, r *repetition) (job adapters.Job, err error) {
	if s.lease == nil {
		if s.lease, err = s.gear.lease(ctx, s.run); err != nil {
			s.lease = nil
			return job, hostError{fmt.Errorf("%w: set TMPDIR to a folder that only this user may write to",
				err)}
		}
	}
	job = r.job
	job.RunID, job.Lease = s.run, s.lease
	job.Load, job.Collector = nil, nil
	return job, nil
}

// turn ends the deployment that stands unless it is of the system whose turn it is.
func (s *footing) turn(system string) {
	if s != nil && s.host != nil && s.of != system {
		s.endHost()
	}
}

// failed ends what a repetition that failed may have left in disorder.
func (s *footing) failed() {
	if s == nil {
		return
	}
	s.endHost()
	s.endCarrier()
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

func (s *footing) tell(err error) { s.last.fail(context.Background(), record.PhaseClose, err) }

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
	if s.lease.Lost() {
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
		ctx, cancel = context.WithTimeoutCause(ctx, longestStart,
			fmt.Errorf("not ready within %s: %w", longestStart, adapters.ErrNotReady))
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
	dir, err := filepath.Abs(filepath.Join(r.dir, logsFolder, name))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("make folder for logs: %w", err)
	}
	r.job.LogDir = dir
	return nil
}

// logsFolder is the folder of a run that holds the logs of nodes in containers, by system.
const logsFolder = "logs"
