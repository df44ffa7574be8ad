package streambench_test

import (
	"go/ast"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestExportedNamesAreUsedOutsideTheirPackage keeps packages from offering what nobody asked for.
// A name is needed if another package or a test uses it, or if an exported declaration of its own
// package is written with it. A group of constants is one thing.
func TestExportedNamesAreUsedOutsideTheirPackage(t *testing.T) {
	files := sources(t)
	used := map[string]bool{} // folder.Name
	for _, s := range files {
		collectSelections(s, used)
		if s.tests {
			collectNames(s, used)
		} else {
			collectSignatures(s, used)
		}
	}
	for _, s := range files {
		if s.tests || s.file.Name.Name == "main" {
			continue
		}
		folder := filepath.ToSlash(filepath.Dir(s.path))
		for _, group := range exportedGroups(s.file) {
			needed := false
			for _, name := range group {
				needed = needed || used[folder+"."+name.Name]
			}
			if !needed {
				t.Error(s.at(group[0].Pos(), "nobody outside uses %s: unexport it", group[0]))
			}
		}
	}
}

func collectSelections(s source, used map[string]bool) {
	folders := map[string]string{}
	for _, i := range s.file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		own, ok := strings.CutPrefix(path, module+"/")
		if err != nil || !ok {
			continue
		}
		name := own[strings.LastIndexByte(own, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		folders[name] = own
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && folders[x.Name] != "" {
				used[folders[x.Name]+"."+sel.Sel.Name] = true
			}
		}
		return true
	})
}

// collectNames marks what a test inside a package names.
func collectNames(s source, used map[string]bool) {
	folder := filepath.ToSlash(filepath.Dir(s.path))
	ast.Inspect(s.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.IsExported() {
			used[folder+"."+id.Name] = true
		}
		return true
	})
}

// collectSignatures marks the names that exported functions, methods and types are written with:
// who may call the function may need the name of what it returns.
func collectSignatures(s source, used map[string]bool) {
	folder := filepath.ToSlash(filepath.Dir(s.path))
	mark := func(n ast.Node, self string) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.IsExported() && id.Name != self {
				used[folder+"."+id.Name] = true
			}
			return true
		})
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() {
				mark(d.Type, "")
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						mark(spec.Type, spec.Name.Name)
					}
				case *ast.ValueSpec:
					if !spec.Names[0].IsExported() {
						continue
					}
					if spec.Type != nil {
						mark(spec.Type, "")
					}
					for _, value := range spec.Values {
						if lit, ok := value.(*ast.CompositeLit); ok {
							mark(lit.Type, "")
						}
					}
				}
			}
		}
	}
}

// exportedGroups are the exported package-level names, constants by their declaration.
func exportedGroups(file *ast.File) [][]*ast.Ident {
	var groups [][]*ast.Ident
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				groups = append(groups, []*ast.Ident{d.Name})
			}
		case *ast.GenDecl:
			var values []*ast.Ident
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						groups = append(groups, []*ast.Ident{spec.Name})
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						if name.IsExported() {
							values = append(values, name)
						}
					}
				}
			}
			if len(values) > 0 {
				groups = append(groups, values)
			}
		}
	}
	return groups
}
