package docker

import (
	"io/fs"
	"testing/fstest"
)

// memory are files by their path.
type memory map[string][]byte

func (m memory) fs() fs.FS {
	all := fstest.MapFS{}
	for name, text := range m {
		all[name] = &fstest.MapFile{Data: text, Mode: 0o644}
	}
	return all
}
