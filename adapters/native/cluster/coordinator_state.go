package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ledger is what a coordinator keeps on disk, so that another can go on where it stopped.
type ledger struct {
	Attempt uint64   `json:"attempt"` // 0: nothing was deployed yet
	Owners  []string `json:"owners"`  // by slot
	From    uint64   `json:"from"`    // checkpoint the attempt went on from
	// NextID is above every checkpoint that was ever asked for.
	NextID   uint64 `json:"nextID"`
	Finished bool   `json:"finished"`
}

const ledgerFile = "coordinator.json"

// idsAhead is how many numbers of checkpoints are reserved at once, so that not every checkpoint
// costs a write.
const idsAhead = 1000

// loadLedger reads what the coordinator before left; the zero ledger if there was none.
func loadLedger(dir string) (l ledger, err error) {
	body, err := os.ReadFile(filepath.Join(dir, ledgerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return ledger{NextID: 1}, nil
	}
	if err == nil {
		err = json.Unmarshal(body, &l)
	}
	if err != nil {
		return l, fmt.Errorf("read state of the coordinator: %w", err)
	}
	return l, nil
}

// save makes the ledger durable: written aside, synced, renamed.
func (l *ledger) save(dir string) (err error) {
	body, err := json.Marshal(l)
	if err != nil {
		panic("BUG: encode state of the coordinator: " + err.Error())
	}
	path := filepath.Join(dir, ledgerFile)
	f, err := os.Create(path + ".new")
	if err != nil {
		return fmt.Errorf("write state of the coordinator: %w", err)
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("write state of the coordinator: %w", err)
	}
	return nil
}

// dies ends the first coordinator of a job where a test has planted that.
func (c *coordinator) dies(plant string) {
	if c.job.Plant == plant && !c.successor {
		os.Exit(1)
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
