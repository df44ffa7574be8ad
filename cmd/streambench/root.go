package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot makes the command tree. Every subcommand is one line here and one file.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "streambench",
		Short: "Choose a stream-processing framework by measurement",
		Long: "streambench runs a declared scenario on a system under test, checks every result\n" +
			"against an exact oracle and turns the record of it into reports.\n\n" +
			"First minutes: doctor, demo, init, check, run, open.",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "write the result as one JSON value to standard output")
	flags.StringVar(&a.color, "color", "auto", "colour the output: auto, always or never")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no progress")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "more progress: every tick of a run")
	flags.StringVar(&a.dir, "dir", "runs", "folder that holds the run folders")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return a.settle(cmd.Flags())
	}
	root.AddCommand(
		doctorCommand(a), demoCommand(a), initCommand(a), checkCommand(a), runCommand(a),
		reportCommand(a), openCommand(a), listCommand(a), eventsCommand(a), expectCommand(a),
		schemaCommand(a), explainCommand(a), cleanCommand(a), imagesCommand(a), driverCommand(a),
		versionCommand(a),
	)
	completeFlag(root, "color", cobra.FixedCompletions([]string{"auto", "always", "never"},
		cobra.ShellCompDirectiveNoFileComp))
	return root
}

// settle fills the flags that were not given from the environment, and checks the global ones.
// A flag wins over the environment, and that over the file: the scenario only knows what is left.
func (a *app) settle(flags *pflag.FlagSet) error {
	var bad error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "STREAMBENCH_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if f.Changed || !ok || bad != nil {
			return
		}
		if err := setAll(flags, f, value); err != nil {
			bad = fail(exitUsage, "set it to a value of --"+f.Name+", or unset it",
				"environment %s: %q is not a value of --%s", name, value, f.Name)
		}
	})
	if bad != nil {
		return bad
	}
	switch a.color {
	case "auto", "always", "never":
		return nil
	}
	return fail(exitUsage, "write --color auto, always or never",
		"--color %q is not known", a.color)
}

// setAll sets a flag; one that may be given again takes each line of the value.
func setAll(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	if f.Value.Type() != "stringArray" {
		return flags.Set(f.Name, value)
	}
	for line := range strings.Lines(value) {
		if err := flags.Set(f.Name, strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// usage is a failure of the command line itself.
func usage(remedy, format string, args ...any) error {
	return fail(exitUsage, remedy, format, args...)
}
