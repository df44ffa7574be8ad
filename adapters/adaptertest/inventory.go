package adaptertest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// inventory is what exists outside of this process's memory.
type inventory []string

// takeInventory lists children of this process, its containers and networks, and what the subject
// knows of.
func (b *bench) takeInventory(ctx context.Context) (inventory, error) {
	all := inventory(children(os.Getpid()))
	made, err := containers(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, made...)
	if b.subject.Inventory == nil {
		return all, nil
	}
	more, err := b.subject.Inventory(ctx)
	if err != nil {
		return nil, fmt.Errorf("take inventory: %w", err)
	}
	return append(all, more...), nil
}

// settle is how long what was closed may take to be gone.
const settle = 3 * time.Second

// nothingLeft looks until nothing is there that was not there before.
func (b *bench) nothingLeft(ctx context.Context) error {
	for until := time.Now().Add(settle); ; time.Sleep(100 * time.Millisecond) {
		now, err := b.takeInventory(ctx)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(now, func(s string) bool { return slices.Contains(b.before, s) })
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("left behind: %s", strings.Join(left, ", "))
		}
	}
}
