// Package java is what the jobs of all frameworks that run on a Java virtual machine share: the
// sources of the Maven module io.streambench:core, and the plan a job of that module is handed.
//
//	Job --Plan--> JSON --(arguments, POST /jobs)--> core: Events, Selection, Fold, Results, …
//	Files --build context--> mvn install: io.streambench:core:1
package java

import (
	"embed"
	"io/fs"
)

//go:embed core/pom.xml core/src/main
var embedded embed.FS

// Files are the sources of the module: pom.xml at the root, tests apart.
var Files = sub()

func sub() fs.FS {
	files, err := fs.Sub(embedded, "core")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return files
}
