package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"reflect"
	"strings"

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
	s := (&jsonschema.Reflector{Anonymous: true, Namer: distinct()}).Reflect(of)
	s.Title = title
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema %s: %w", title, err)
	}
	return append(data, '\n'), nil
}

// distinct names types in a schema. Where two packages have a type of one name, the second that is
// come upon has its package in front: summary.Spread is SummarySpread beside record.Spread.
func distinct() func(reflect.Type) string {
	taken := map[string]reflect.Type{}
	return func(t reflect.Type) string {
		name := t.Name()
		if name == "" { // of a list, a table or a pointer, which stand where they are used
			return ""
		}
		if other, ok := taken[name]; ok && other != t {
			name = path.Base(t.PkgPath()) + name
			name = strings.ToUpper(name[:1]) + name[1:]
		}
		taken[name] = t
		return name
	}
}
