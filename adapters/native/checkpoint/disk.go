package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Disk is the folder a store keeps its files in. What it reads with has fs.ReadDir of "." and
// fs.ReadFile; all names lie in the folder itself. Any goroutine may call it.
type Disk interface {
	fs.FS
	// Create makes an empty file, over one of that name.
	Create(name string) (File, error)
	// Rename gives a file another name, over one that has it, and returns when that is durable.
	Rename(from, to string) error
	Remove(name string) error
}

// File is a file being written, by one goroutine. It is durable once Sync has returned nil.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// folder is a real one.
type folder struct {
	fs.FS
	path string
}

// Folder is the disk that a folder of the file system is, which is made if it does not exist.
func Folder(path string) (Disk, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make folder of checkpoints: %w", err)
	}
	return &folder{FS: os.DirFS(path), path: path}, nil
}

func (d *folder) Create(name string) (File, error) {
	f, err := os.Create(filepath.Join(d.path, name))
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d *folder) Remove(name string) error { return os.Remove(filepath.Join(d.path, name)) }

// Rename syncs the folder too: a name is an entry of the folder, and not of the file.
func (d *folder) Rename(from, to string) error {
	if err := os.Rename(filepath.Join(d.path, from), filepath.Join(d.path, to)); err != nil {
		return err
	}
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
