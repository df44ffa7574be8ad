package main

import "github.com/spf13/cobra"

// demoScenario is the shipped scenario that `demo` runs.
const demoScenario = "iot-telemetry"

func demoCommand(a *app) *cobra.Command {
	var flags scenarioFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run iot-telemetry at 1.5M events/s on the native system and write a report",
		Args:  cobra.NoArgs,
		RunE: body(func([]string) error {
			return a.run([]string{demoScenario}, runFlags{scenario: flags})
		}),
	}
	flags.addSet(cmd)
	return cmd
}
