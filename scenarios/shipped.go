package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// header is the first line of a scenario, by which editors find its schema.
const header = "# yaml-language-server: $schema=./.streambench/schema.json"

// Example is a scenario that comes with the tool, or a template of one.
type Example struct {
	Name   string
	Doc    string // the first sentence of its comment
	Source []byte
}

// Shipped lists the scenarios that come with the tool, by name.
func Shipped() []Example {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(fmt.Sprintf("BUG: list shipped scenarios: %v", err))
	}
	var out []Example
	for _, e := range entries {
		src, err := files.ReadFile(e.Name())
		if err != nil {
			panic(fmt.Sprintf("BUG: read shipped scenario %s: %v", e.Name(), err))
		}
		out = append(out, Example{strings.TrimSuffix(e.Name(), path.Ext(e.Name())), docOf(src), src})
	}
	return out
}

// FindShipped finds a shipped scenario by name.
func FindShipped(name string) (Example, bool) {
	for _, e := range Shipped() {
		if e.Name == name {
			return e, true
		}
	}
	return Example{}, false
}

// Template is the source of a new scenario of a name, made from a shipped one: its own comments,
// with the name replaced.
func (e Example) Template(name string) []byte {
	return []byte(strings.Replace(string(e.Source), "\nname: "+e.Name+"\n", "\nname: "+name+"\n", 1))
}

// docOf is the comment behind the header line, up to the end of its first sentence.
func docOf(src []byte) string {
	var words []string
	for _, line := range strings.Split(strings.TrimPrefix(string(src), header+"\n"), "\n") {
		text, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		words = append(words, strings.TrimSpace(text))
	}
	doc := strings.Join(words, " ")
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}
