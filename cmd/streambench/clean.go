package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/scenarios"
)

func cleanCommand(a *app) *cobra.Command {
	var (
		dryRun bool
		keep   int
	)
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove old run folders and what broken runs left behind",
		Args:  cobra.NoArgs,
		RunE: body(func([]string) error {
			if keep < 0 {
				return usage("write --keep 0 or more", "--keep %d is negative", keep)
			}
			return a.clean(keep, dryRun)
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be removed")
	cmd.Flags().IntVar(&keep, "keep", 10, "how many of the newest runs to keep")
	return cmd
}

// cleaned is what `clean` removed, or would.
type cleaned struct {
	Removed []string `json:"removed"`
	Undone  []undone `json:"undone"`
	Swept   []string `json:"swept"` // containers, volumes, networks
	Kept    int      `json:"kept"`
	DryRun  bool     `json:"dryRun"`
}

func (a *app) clean(keep int, dryRun bool) error {
	// What killed runs left comes first: it may still write to what is removed below.
	reverted, err := cleanLeases(dryRun)
	if err != nil {
		return err
	}
	swept, err := sweepContainers(context.Background(), dryRun)
	if err != nil {
		return err
	}
	ids, err := runIDs(a.dir)
	if err != nil {
		return err
	}
	stale, err := leftovers(a.dir)
	if err != nil {
		return err
	}
	old := ids[min(keep, len(ids)):]
	result := cleaned{
		Removed: []string{}, Undone: reverted, Swept: swept,
		Kept: len(ids) - len(old), DryRun: dryRun,
	}
	paths := scenarios.StaleMarks(os.TempDir())
	for _, name := range append(old, stale...) {
		paths = append(paths, filepath.Join(a.dir, name))
	}
	for _, path := range paths {
		if isRun(path) && !finished(path) {
			a.note("left %s: a run that has not ended", path)
			result.Kept++
			continue
		}
		if !dryRun {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove %s: %w", path, err)
			}
		}
		result.Removed = append(result.Removed, path)
	}
	if err := dropDanglingLink(a.dir); err != nil {
		return fmt.Errorf("clean: %w", err)
	}
	if a.json {
		return a.emit(result)
	}
	a.sayUndone(result.Undone, dryRun)
	word := "removed"
	if dryRun {
		word = "would remove"
	}
	for _, what := range slices.Concat(result.Swept, result.Removed) {
		a.say("%s %s", word, what)
	}
	a.say("%s %d, kept %d runs", word, len(result.Removed), result.Kept)
	return nil
}
