package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// fileLimit looks at how many files a process may hold open.
func fileLimit() diagnosis {
	d := diagnosis{Check: "files", State: stateOK}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		d.State, d.Found = stateWarn, err.Error()
		return d
	}
	d.Found = fmt.Sprintf("%d may be open at once", limit.Cur)
	if limit.Cur < 256 {
		d.State, d.Fix = stateWarn, "ulimit -n 1024"
	}
	return d
}

// diskOf looks at the folder that run folders will stand in, or where it would be made.
func diskOf(dir string) diagnosis {
	at, err := filepath.Abs(dir)
	if err != nil {
		return disk(dir, 0, err)
	}
	for {
		if _, err = os.Stat(at); !errors.Is(err, os.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	if err != nil {
		return disk(dir, 0, err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(at, &fs); err != nil {
		return disk(dir, 0, err)
	}
	return disk(dir, fs.Bavail*uint64(fs.Bsize), unix.Access(at, unix.W_OK))
}
