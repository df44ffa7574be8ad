package adaptertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/streambench/streambench/adapters"
)

// settings holds what the running system tells of itself against what it must be.
func (b *bench) settings(ctx context.Context) error {
	job, _, err := b.counted(simple)
	if err != nil {
		return err
	}
	return b.during(ctx, "read settings", job, func(ctx context.Context, r *running) error {
		inForce, err := r.system.Config(ctx)
		if err != nil {
			return fmt.Errorf("read settings: %w", err)
		}
		if len(inForce) == 0 {
			return errors.New("the system tells none of its settings")
		}
		if len(r.system.Nodes()) == 0 {
			return errors.New("the system has no nodes")
		}
		errs := []error{b.claim(job)}
		for _, name := range slices.Sorted(maps.Keys(b.subject.Reads)) {
			if got, ok := inForce[name]; !ok || got != b.subject.Reads[name] {
				errs = append(errs, fmt.Errorf("setting %s is %q, want %q", name, got,
					b.subject.Reads[name]))
			}
		}
		return errors.Join(errs...)
	})
}

// claim holds the guarantee that the adapter declares against that of its subject.
func (b *bench) claim(job adapters.Job) error {
	declared := job.Guarantee
	if c, ok := b.subject.Adapter.(adapters.Claimant); ok {
		declared = c.Claim(job)
	}
	if want := cmp.Or(b.subject.Claim, job.Guarantee); declared != want {
		return fmt.Errorf("the adapter declares its results %s, its subject %s", declared, want)
	}
	return nil
}

// refusedSettings deploys with settings that are not as they are written once the system runs: none
// of them may be passed over. Each is a deployment of its own, as a host has its settings from its
// start.
func (b *bench) refusedSettings(ctx context.Context) error {
	if len(b.subject.Refused) == 0 {
		return fmt.Errorf("%w: the subject names none", errSkipped)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(b.subject.Refused)) {
		errs = append(errs, b.refuses(ctx, name, b.subject.Refused[name]))
	}
	return errors.Join(errs...)
}

func (b *bench) refuses(ctx context.Context, name, value string) error {
	job, _, err := b.counted(simple)
	if err != nil {
		return err
	}
	job.Settings = maps.Clone(job.Settings)
	if job.Settings == nil {
		job.Settings = map[string]string{}
	}
	job.Settings[name] = value
	if err := b.subject.Adapter.Supports(job); err != nil {
		return namesSetting(err, name)
	}
	host := b.host
	defer func() { b.host = host }()
	b.host = unhosted{b.subject.Adapter}
	deployed := false
	err = b.during(ctx, "deploy with "+name+"="+value, job,
		func(context.Context, *running) error {
			deployed = true
			return nil
		})
	if deployed {
		return errors.Join(fmt.Errorf("%s=%s did not stop the deployment", name, value), err)
	}
	return namesSetting(err, name)
}

// namesSetting holds a refusal against what it has to say.
func namesSetting(err error, name string) error {
	if !strings.Contains(err.Error(), name) {
		return fmt.Errorf("refused without naming %s: %w", name, err)
	}
	return nil
}
