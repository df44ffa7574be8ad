package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// scenarioName is what a scenario may be called: it names a file and run folders.
var scenarioName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// template is the shipped scenario that a new one is made from where nothing else is said.
const template = "iot-telemetry"

// schemaFile is where the header line of a scenario says that editors find its schema.
var schemaFile = filepath.Join(".streambench", "schema.json")

func initCommand(a *app) *cobra.Command {
	var (
		from  string
		force bool
	)
	cmd := &cobra.Command{
		Use:   "init NAME",
		Short: "Write a commented scenario NAME.yaml, and its schema for editors",
		Args:  cobra.ExactArgs(1),
		RunE:  body(func(args []string) error { return a.init(args[0], from, force) }),
	}
	cmd.Flags().StringVar(&from, "from", template, "shipped scenario to start from")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file")
	completeFlag(cmd, "from",
		cobra.FixedCompletions(shippedNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) init(name, from string, force bool) error {
	name = strings.TrimSuffix(name, ".yaml")
	if !scenarioName.MatchString(name) {
		return usage("write letters, digits, dots and dashes, at most 64",
			"init %q: not a name for a scenario", name)
	}
	template, ok := scenarios.FindShipped(from)
	if !ok {
		return usage("streambench list scenarios shows them", "--from %q: no such scenario", from)
	}
	path := name + ".yaml"
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) && !force {
		return usage("choose another name, or overwrite it with --force", "%s is there already", path)
	}
	if err := os.MkdirAll(filepath.Dir(schemaFile), 0o755); err != nil {
		return fmt.Errorf("write schema: %w", err)
	}
	if err := record.WriteFile(schemaFile, scenarios.Schema()); err != nil {
		return fmt.Errorf("write schema: %w", err)
	}
	if err := record.WriteFile(path, template.Template(name)); err != nil {
		return fmt.Errorf("write scenario: %w", err)
	}
	if a.json {
		return a.emit(map[string]string{"scenario": path, "schema": schemaFile})
	}
	a.say("wrote %s (from %s) and %s", path, from, schemaFile)
	a.say("next: streambench check %s, then streambench run %s", path, path)
	return nil
}
