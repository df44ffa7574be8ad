package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/invopop/jsonschema"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// result writes a run's result as indented JSON, its keys in a fixed order.
func result(w io.Writer, run *Run) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(run.Result); err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return nil
}

// ResultSchema is the JSON schema of result.json, made from the Go structs that write it.
func ResultSchema() ([]byte, error) { return schemaOf(summary.Schema, &summary.Result{}) }

// RecordSchema is the JSON schema of one line of record.jsonl.
func RecordSchema() ([]byte, error) { return schemaOf(record.Schema, &record.Entry{}) }

func schemaOf[T any](title string, of *T) ([]byte, error) {
	s := (&jsonschema.Reflector{Anonymous: true}).Reflect(of)
	s.Title = title
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema %s: %w", title, err)
	}
	return append(data, '\n'), nil
}
