package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/scenarios"
)

// driversFlags are those of a run whose load others offer.
type driversFlags struct{ dir, start string }

func (f *driversFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "drivers", "", "folder in which the records of drivers of other "+
		"processes will be: they offer the load (streambench driver)")
	cmd.Flags().StringVar(&f.start, "start", "",
		"with --drivers: when the load begins, as in 2026-11-26T19:30:00Z")
}

// parse is what the flags say; the null ceiling of this host's driver says nothing about others.
func (f driversFlags) parse() (*scenarios.Drivers, scenarios.Null, error) {
	if f.dir == "" {
		if f.start != "" {
			return nil, scenarios.Null{}, usage("add --drivers DIR or leave it out",
				"--start without --drivers")
		}
		return nil, nullCeiling(), nil
	}
	start, err := parseStart(f.start)
	return &scenarios.Drivers{Dir: f.dir, Start: start}, scenarios.Null{}, err
}

// parseStart reads a time that is still to come, in whole seconds, as it names a folder.
func parseStart(text string) (time.Time, error) {
	const remedy = "write a time to come that all drivers and the run are given, in whole seconds: " +
		"--start 2026-11-26T19:30:00Z"
	start, err := time.Parse(time.RFC3339, text)
	switch {
	case text == "":
		return start, usage(remedy, "--start is missing")
	case err != nil || start.Nanosecond() != 0:
		return start, usage(remedy, "--start %q is no such time", text)
	case time.Until(start) <= 0:
		return start, usage(remedy, "--start %s is past", text)
	}
	return start.UTC(), nil
}

// driverFlags are the flags of `driver`.
type driverFlags struct {
	scenario         scenarioFlags
	shard, start, at string
	out              string
}

func driverCommand(a *app) *cobra.Command {
	var flags driverFlags
	cmd := &cobra.Command{
		Use:   "driver FILE|NAME",
		Short: "Offer one shard of a scenario's load to a run of another process",
		Long: "Offers the events i of a load with i = m modulo n (--shard m/n) at their due times,\n" +
			"from --start on, to the brokers of a run that was started with --drivers and the same\n" +
			"--start, on this host or another. It leaves a record, driver-m-of-n.json, for which\n" +
			"the run waits.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE:              body(func(args []string) error { return a.drive(args, flags) }),
	}
	flags.scenario.addSet(cmd)
	cmd.Flags().StringVar(&flags.scenario.seed, "seed", "",
		"seed of the stream, in place of the scenario's")
	cmd.Flags().StringVar(&flags.shard, "shard", "0/1", "m/n: which shard of how many, from 0 on")
	cmd.Flags().StringVar(&flags.start, "start", "",
		"when the load begins, as in 2026-11-26T19:30:00Z: what the run was given")
	cmd.Flags().StringVar(&flags.at, "at", "",
		"HOST:PORT,… of the brokers, in place of the scenario's load.broker")
	cmd.Flags().StringVar(&flags.out, "out", ".", "folder that takes the record")
	return cmd
}

// drive offers a shard.
func (a *app) drive(args []string, flags driverFlags) error {
	shard, shards, err := parseShard(flags.shard)
	if err != nil {
		return err
	}
	start, err := parseStart(flags.start)
	if err != nil {
		return err
	}
	if flags.at != "" {
		flags.scenario.sets = append(flags.scenario.sets, "load.transport=kafka",
			"load.broker="+strconv.Quote(flags.at))
	}
	s, err := a.load(args, flags.scenario)
	if err != nil {
		return err
	}
	ctx, stop := a.untilInterrupted()
	defer stop()
	a.note("driver %d/%d: waiting for the run of %s", shard, shards, start.Format(time.RFC3339))
	of, path, err := scenarios.Drive(ctx, scenarios.DriveRequest{
		Scenario: s, Transports: findTransport, Shard: shard, Shards: shards, Start: start,
		Version: versionOf().Version, Dir: flags.out,
	})
	if err != nil {
		return notDriven(err, path)
	}
	if a.json {
		return a.emit(of)
	}
	a.say("driver %d/%d sent %d events of %s; the slowest was acknowledged %s after it was due", shard,
		shards, of.Sent, of.Run, time.Duration(of.WorstNs).Round(time.Microsecond))
	a.say("record   %s", path)
	return nil
}

// notDriven is why a shard was not offered to its end.
func notDriven(err error, path string) error {
	remedy := ""
	if path != "" {
		remedy = "what was sent until then is told in " + path
	}
	if errors.Is(err, context.Canceled) {
		return &failure{code: exitInterrupted, err: errors.New("driver: interrupted"), remedy: remedy}
	}
	return &failure{code: exitEnvironment, err: err, remedy: remedy}
}

// maxShards bounds the drivers of a load.
const maxShards = 1024

// parseShard reads m/n.
func parseShard(text string) (shard, shards int, err error) {
	m, n, ok := strings.Cut(text, "/")
	if ok {
		if shard, err = strconv.Atoi(m); err == nil {
			shards, err = strconv.Atoi(n)
		}
	}
	if !ok || err != nil || shards < 1 || shards > maxShards || shard < 0 || shard >= shards {
		return 0, 0, usage(fmt.Sprintf("write m/n with m from 0 to n-1, n at most %d: --shard 2/8",
			maxShards), "--shard %q is none", text)
	}
	return shard, shards, nil
}
