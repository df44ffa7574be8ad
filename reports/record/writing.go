package record

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// hold marks a record as being written. The kernel drops the mark with the process, so a tool that
// was killed leaves none. Where a file system knows no locks there is no mark, and State tells so.
func hold(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// State says whether a process writes the record of a run folder.
type State int

// States of a record.
const (
	Untold  State = iota // there is no record, or the file system knows no locks
	Written              // a process writes it
	Left                 // none does: the run ended, or was killed
)

// StateOf looks at the record of a run folder. It does not read it.
func StateOf(folder string) State {
	f, err := os.Open(filepath.Join(folder, RecordFile))
	if err != nil {
		return Untold
	}
	defer f.Close()
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case err == nil:
		return Left
	case errors.Is(err, syscall.EWOULDBLOCK):
		return Written
	}
	return Untold
}
