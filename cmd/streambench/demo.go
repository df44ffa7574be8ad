package main

import "github.com/spf13/cobra"

// demoScenario is the shipped scenario that `demo` runs.
const demoScenario = "demo"

func demoCommand(a *app) *cobra.Command {
	var flags scenarioFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run three native workers at 1.5M events/s, kill one and write a report, in 30 s",
		Args:  cobra.NoArgs,
		RunE: body(func([]string) error {
			return a.run([]string{demoScenario}, runFlags{scenario: flags, untwinned: true})
		}),
	}
	flags.addSet(cmd)
	return cmd
}
