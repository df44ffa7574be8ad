package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/reports"
	"github.com/streambench/streambench/scenarios"
)

// schemas are the JSON Schemas there are, by name.
var schemas = map[string]func() ([]byte, error){
	"scenario": func() ([]byte, error) { return scenarios.Schema(), nil },
	"result":   reports.ResultSchema,
	"record":   reports.RecordSchema,
}

func schemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:       "schema [scenario|result|record]",
		Short:     "Write the JSON Schema of the scenario file, of result.json or of a record's line",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"scenario", "result", "record"},
		RunE: body(func(args []string) error {
			name := "scenario"
			if len(args) == 1 {
				name = args[0]
			}
			text, err := schemas[name]()
			if err != nil {
				return err
			}
			if a.json {
				return a.emit(json.RawMessage(text))
			}
			_, err = fmt.Fprintf(a.out, "%s", text)
			return err
		}),
	}
}
