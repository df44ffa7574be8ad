package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/reports"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

func formatNames() []string {
	names := make([]string, len(reports.Formats))
	for i, f := range reports.Formats {
		names[i] = f.Name
	}
	return names
}

func reportCommand(a *app) *cobra.Command {
	var wanted []string
	cmd := &cobra.Command{
		Use:   "report RUN…",
		Short: "Render the reports of runs again from their records, without running anything",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("write a path, an id, @latest or @-2; streambench list shows the runs",
					"report: no run was named")
			}
			return nil
		},
		ValidArgsFunction: a.completeRuns,
		RunE:              body(func(args []string) error { return a.report(args, wanted) }),
	}
	cmd.Flags().StringSliceVarP(&wanted, "format", "f", formatNames(), "what to render")
	completeFlag(cmd, "format",
		cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// report writes the renderings that are wanted of each run.
func (a *app) report(refs, wanted []string) error {
	for _, name := range wanted {
		if !slices.Contains(formatNames(), name) {
			return usage("write some of "+strings.Join(formatNames(), ","),
				"--format %q: no such format", name)
		}
	}
	written := []string{}
	for _, ref := range refs {
		folder, err := a.findRun(ref)
		if err != nil {
			return err
		}
		run, err := loadRun(folder)
		if err != nil {
			return err
		}
		for _, f := range reports.Formats {
			if !slices.Contains(wanted, f.Name) {
				continue
			}
			path, err := f.WriteTo(folder, run)
			if err != nil {
				return err
			}
			written = append(written, path)
		}
	}
	if a.json {
		return a.emit(written)
	}
	for _, path := range written {
		a.say("wrote %s", path)
	}
	return nil
}

// loadRun reads a run from its folder. A folder that was named and holds no run that can be read
// is a mistake in what was named.
func loadRun(folder string) (*reports.Run, error) {
	if record.StateOf(folder) == record.Written {
		return nil, usage("wait for its end; its lines of progress stand where it was started",
			"run %s is still on: there is no result yet", filepath.Base(folder))
	}
	run, err := reports.Load(folder)
	if err != nil {
		return nil, fail(exitUsage, "name another run; streambench list runs shows what there is",
			"read run %s: %w", folder, err)
	}
	return run, nil
}

// render writes all renderings of a run that has just ended.
func render(folder string) (summary.Result, error) {
	r, err := reports.Render(folder)
	return r, classed(exitEnvironment, "mend that, then: streambench report "+folder, err)
}
