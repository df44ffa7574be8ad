package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/streambench/streambench/chaos"
)

// undone is what was undone of a run whose tool was killed, or would be.
type undone struct {
	Run   string   `json:"run"`
	Undos []string `json:"undos"`
}

// cleanLeases undoes what runs left on this host whose tool and whose reaper were killed. One that
// cannot be undone keeps no other from it.
func cleanLeases(dryRun bool) (all []undone, err error) {
	all = []undone{}
	left, err := chaos.Leftovers()
	failed := []error{err}
	for _, l := range left {
		if !dryRun {
			if l, err = l.Clean(context.Background()); err != nil {
				failed = append(failed, err)
				continue
			}
		}
		all = append(all, undone{Run: l.Run, Undos: l.Undos})
	}
	if err := errors.Join(failed...); err != nil {
		return all, &failure{
			code: exitEnvironment, err: fmt.Errorf("undo what killed runs left: %w", err),
			remedy: "see to it by hand and remove the lease",
		}
	}
	return all, nil
}

// sayUndone tells what was undone, a line an undo.
func (a *app) sayUndone(all []undone, dryRun bool) {
	word := "undid"
	if dryRun {
		word = "would undo"
	}
	for _, u := range all {
		for _, what := range u.Undos {
			a.say("%s of run %s: %s", word, u.Run, what)
		}
	}
}
