package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/reports"
)

func openCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "open [RUN]",
		Short:             "Show the report of a run in the browser, the newest if none is named",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: body(func(args []string) error {
			ref := "@latest"
			if len(args) == 1 {
				ref = args[0]
			}
			return a.open(ref)
		}),
	}
}

// open starts a browser only where somebody sits before a terminal; elsewhere the path is enough.
func (a *app) open(ref string) error {
	folder, err := a.findRun(ref)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, reports.PageFile)
	if _, err := os.Stat(path); err != nil {
		return usage("streambench report "+ref+" writes it again", "open: %s has no report", folder)
	}
	if a.json {
		return a.emit(map[string]string{"report": path})
	}
	a.say("%s", path)
	if columns(a.out) == 0 {
		return nil
	}
	viewer := "xdg-open"
	if runtime.GOOS == "darwin" {
		viewer = "open"
	}
	if err := exec.Command(viewer, path).Start(); err != nil {
		a.note("%v", fmt.Errorf("start %s: %w; open the file yourself", viewer, err))
	}
	return nil
}
