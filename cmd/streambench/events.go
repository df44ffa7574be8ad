package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/workloads"
)

// streamFlags name a stream: what they leave open the workload's own defaults fill.
type streamFlags struct {
	params    map[string]string
	seed      uint64
	rate      string
	eventRate string
	from      uint64
	count     uint64
}

func (f *streamFlags) add(cmd *cobra.Command, count uint64) {
	flags := cmd.Flags()
	flags.StringToStringVar(&f.params, "params", nil, "parameters of the workload: k=v,…")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the stream")
	flags.StringVar(&f.rate, "rate", "", "offered rate, as in 250k/s (default the workload's own)")
	flags.StringVar(&f.eventRate, "event-rate", "",
		"events per second of event time (default the rate)")
	flags.Uint64Var(&f.count, "count", count, "number of events")
}

// workload makes the workload that a name and the flags mean.
func (f *streamFlags) workload(name string) (*workloads.Workload, error) {
	template, ok := workloads.Find(name)
	if !ok {
		return nil, usage("streambench list workloads shows what there is",
			"workload %q: no such workload", name)
	}
	const remedy = "streambench explain workload NAME shows parameters and their defaults"
	values, wrong := template.Resolve(f.params)
	rate, err := f.eventTimeRate(template.Rate)
	if wrong = append(wrong, err); errors.Join(wrong...) != nil {
		return nil, classed(exitScenario, strings.Replace(remedy, "NAME", name, 1),
			errors.Join(wrong...))
	}
	w, err := template.New(workloads.Settings{Seed: f.seed, EventRate: rate, Values: values})
	return w, classed(exitScenario, strings.Replace(remedy, "NAME", name, 1), err)
}

// eventTimeRate is the rate that contents and order depend on: --event-rate, else --rate.
func (f *streamFlags) eventTimeRate(own uint64) (uint64, error) {
	for _, given := range []struct{ flag, text string }{
		{"event-rate", f.eventRate}, {"rate", f.rate},
	} {
		if given.text == "" {
			continue
		}
		number, ok := strings.CutSuffix(given.text, "/s")
		p := workloads.Param{Name: given.flag, Kind: workloads.CountParam, Min: 1}
		v, err := p.Parse(number)
		if !ok || err != nil {
			return 0, fmt.Errorf("--%s %q is not a rate: write 250k/s or 1.5M/s",
				given.flag, given.text)
		}
		return uint64(v.Int), nil
	}
	return own, nil
}

func eventsCommand(a *app) *cobra.Command {
	var flags streamFlags
	cmd := &cobra.Command{
		Use:               "events WORKLOAD",
		Short:             "Write the very events a run would offer, as JSON lines",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeWorkloads,
		RunE: body(func(args []string) error {
			w, err := flags.workload(args[0])
			if err != nil {
				return err
			}
			return a.writeEvents(w, flags)
		}),
	}
	flags.add(cmd, 10)
	cmd.Flags().Uint64Var(&flags.from, "from", 0, "first slot of the schedule")
	return cmd
}

// writeEvents writes events in the order of the schedule, one JSON object a line; with --json they
// are the items of one array.
func (a *app) writeEvents(w *workloads.Workload, flags streamFlags) error {
	const rows = 1024
	out := bufio.NewWriter(a.out)
	gen, codec := w.Events(), workloads.JSONCodec(w.Schema)
	batch := workloads.NewBatch(w.Schema, rows)
	between, after := "", "\n"
	if a.json {
		a.emitted = true
		between, after = ",\n", ""
		fmt.Fprint(out, "[")
	}
	var line []byte
	for done := uint64(0); done < flags.count; done += uint64(batch.N) {
		n := int(min(rows, flags.count-done))
		gen.Fill(batch, workloads.Slots{First: flags.from + done, Step: 1, N: n})
		for i := range batch.N {
			if done+uint64(i) > 0 {
				fmt.Fprint(out, between)
			}
			line = codec.Append(line[:0], batch, i)
			out.Write(line)
			fmt.Fprint(out, after)
		}
	}
	if a.json {
		fmt.Fprintln(out, "]")
	}
	return out.Flush()
}

func expectCommand(a *app) *cobra.Command {
	var flags streamFlags
	cmd := &cobra.Command{
		Use:   "expect WORKLOAD",
		Short: "Compute the right answer: count and digest of the results of a stream",
		Long: "Computes what a system has to answer to the first --count events of a stream: the\n" +
			"number of results and their digest, the sum of fnv1a64 over the result lines.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeWorkloads,
		RunE: body(func(args []string) error {
			w, err := flags.workload(args[0])
			if err != nil {
				return err
			}
			return a.expect(w, flags)
		}),
	}
	flags.add(cmd, 1_000_000)
	return cmd
}

// expectation is the answer of `expect`.
type expectation struct {
	Count     uint64            `json:"count"`
	Digest    string            `json:"digest"`
	Workload  string            `json:"workload"`
	Params    map[string]string `json:"params"`
	Seed      uint64            `json:"seed"`
	EventRate uint64            `json:"eventRate"`
	Events    uint64            `json:"events"`
}

func (a *app) expect(w *workloads.Workload, flags streamFlags) error {
	groups := max(w.Timeline.Groups, 1)
	events := (flags.count + groups - 1) / groups * groups
	ctx, stop := a.untilInterrupted()
	defer stop()
	n, digest, err := w.Answer(ctx, events)
	if errors.Is(err, context.Canceled) {
		return fail(exitInterrupted, "ask for fewer events: --count", "expect: interrupted")
	}
	if err != nil {
		return classed(exitScenario, "streambench list workloads shows what there is", err)
	}
	e := expectation{
		Count: n, Digest: digest, Workload: w.Name, Params: paramTexts(w), Seed: w.Settings.Seed,
		EventRate: w.Settings.EventRate, Events: events,
	}
	if a.json {
		return a.emit(e)
	}
	a.say("%s: %d results, digest %s, of %d events", w.Name, n, digest, events)
	return nil
}

// paramTexts are the parameters of a workload as they would be written.
func paramTexts(w *workloads.Workload) map[string]string {
	texts := map[string]string{}
	if t, ok := workloads.Find(w.Name); ok {
		for _, p := range t.Params {
			if v, set := w.Settings.Values[p.Name]; set {
				texts[p.Name] = v.String(p.Kind)
			}
		}
	}
	return texts
}
