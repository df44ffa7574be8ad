package record

import (
	"path/filepath"
	"testing"
)

func TestARecordIsWrittenUntilItsWriterIsGone(t *testing.T) {
	dir := t.TempDir()
	if got := StateOf(dir); got != Untold {
		t.Errorf("a folder without a record is in state %d", got)
	}
	w, err := CreateWriter(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := StateOf(dir); got != Written {
		t.Errorf("a record with a writer is in state %d", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := StateOf(dir); got != Left {
		t.Errorf("a record whose writer is gone is in state %d", got)
	}
}
