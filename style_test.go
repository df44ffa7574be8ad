// Package streambench_test holds the rules the whole repository keeps: the budgets of its code and
// the arrows between its packages.
package streambench_test

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The budgets. Generated files and test files are free of them.
const (
	maxFileLines  = 500
	maxFuncLines  = 70
	maxInterface  = 4
	maxParameters = 4
	maxColumns    = 100 // a tab counts as one
)

var bannedPackages = []string{"util", "utils", "common", "lib", "helpers", "types"}

// source is a parsed Go file of the repository.
type source struct {
	path  string
	text  []byte
	fset  *token.FileSet
	file  *ast.File
	tests bool
}

func (s source) at(p token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.fset.Position(p).Line, fmt.Sprintf(format, args...))
}

// sources parses every Go file that is not generated.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (d.Name() == "testdata" || d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			tests := strings.HasSuffix(path, "_test.go")
			all = append(all, source{path: path, text: text, fset: fset, file: file, tests: tests})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCodeKeepsItsBudgets(t *testing.T) {
	rules := []struct {
		name  string
		check func(source) []string
	}{
		{"a file is short", fileLength},
		{"a line fits the screen", lineLength},
		{"a function does one thing", functionLength},
		{"a function takes few parameters", parameters},
		{"an interface is small", interfaces},
		{"a package is named after what it holds", packageName},
		{"every exported name is documented", documentation},
	}
	files := sources(t)
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, s := range files {
				if s.tests {
					continue
				}
				for _, complaint := range rule.check(s) {
					t.Error(complaint)
				}
			}
		})
	}
}

func fileLength(s source) []string {
	if n := bytes.Count(s.text, []byte("\n")); n > maxFileLines {
		return []string{fmt.Sprintf("%s: %d lines, more than %d", s.path, n, maxFileLines)}
	}
	return nil
}

func lineLength(s source) []string {
	var bad []string
	lines := bufio.NewScanner(bytes.NewReader(s.text))
	for n := 1; lines.Scan(); n++ {
		if columns := utf8.RuneCount(lines.Bytes()); columns > maxColumns {
			bad = append(bad, fmt.Sprintf("%s:%d: %d columns", s.path, n, columns))
		}
	}
	return bad
}

func functionLength(s source) []string {
	var bad []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			return true
		}
		lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
		if lines > maxFuncLines {
			bad = append(bad, s.at(f.Pos(), "%s has %d lines, more than %d", f.Name, lines, maxFuncLines))
		}
		return true
	})
	return bad
}

func parameters(s source) []string {
	var bad []string
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Type.Params.NumFields() > maxParameters {
			bad = append(bad, s.at(f.Pos(), "%s takes %d parameters", f.Name, f.Type.Params.NumFields()))
		}
	}
	return bad
}

func interfaces(s source) []string {
	var bad []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxInterface {
			bad = append(bad, s.at(i.Pos(), "an interface of %d methods", i.Methods.NumFields()))
		}
		return true
	})
	return bad
}

func packageName(s source) []string {
	if slices.Contains(bannedPackages, s.file.Name.Name) {
		return []string{s.at(s.file.Package, "package %s says nothing about what it holds", s.file.Name)}
	}
	return nil
}

// documentation wants a comment that begins with the name, or for a group of constants or
// variables one comment over the group or on each.
func documentation(s source) []string {
	var bad []string
	complain := func(name *ast.Ident) { bad = append(bad, s.at(name.Pos(), "%s has no doc comment", name)) }
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && receiverExported(d) && !begins(d.Doc, d.Name.Name) {
				complain(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					doc := spec.Doc
					if doc == nil {
						doc = d.Doc
					}
					if spec.Name.IsExported() && !begins(doc, spec.Name.Name) {
						complain(spec.Name)
					}
				case *ast.ValueSpec:
					if spec.Names[0].IsExported() && spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
						complain(spec.Names[0])
					}
				}
			}
		}
	}
	return bad
}

func receiverExported(f *ast.FuncDecl) bool {
	return f.Recv == nil || ast.IsExported(receiverName(f))
}

func receiverName(f *ast.FuncDecl) string {
	expr := f.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

func begins(doc *ast.CommentGroup, name string) bool {
	text := doc.Text()
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	return strings.HasPrefix(text, name)
}
