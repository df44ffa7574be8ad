package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/scenarios"
)

// maxScenarioB is how much of a file is read: the decoder refuses anything near it.
const maxScenarioB = 4 << 20

// scenarioFlags change a scenario on the command line.
type scenarioFlags struct {
	on     []string
	sets   []string
	quick  bool
	seed   string
	repeat string
	faults string
	from   string
	images []string
}

func (f *scenarioFlags) addSet(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.sets, "set", nil,
		"change a value: load.rate=1M/s (again for more; in the environment one a line)")
	cmd.Flags().BoolVar(&f.quick, "quick", false,
		"the quick form of the scenario: what it says below quick, one deployment a system, estimates")
}

func (f *scenarioFlags) addRun(cmd *cobra.Command) {
	f.addSet(cmd)
	cmd.Flags().StringSliceVar(&f.on, "on", nil, "systems to run on, in place of the scenario's")
	cmd.Flags().StringArrayVar(&f.images, "image", nil,
		"run an image in the place of the one built here: flink=REF (again for more)")
	cmd.Flags().StringVar(&f.seed, "seed", "", "seed of the stream, in place of the scenario's")
	cmd.Flags().StringVar(&f.repeat, "repeat", "", "kept blocks: a number, or auto")
	cmd.Flags().StringVar(&f.faults, "faults", "",
		"random:SEED draws the faults, in place of the scenario's; random:SEED:COUNT that many; none")
}

// changes are all changes as --set writes them; a flag of its own wins over --set.
func (f *scenarioFlags) changes() ([]string, error) {
	sets := f.sets
	if f.faults != "" {
		drawn, err := drawnFaults(f.faults)
		if err != nil {
			return nil, err
		}
		sets = append(sets, drawn)
	}
	if len(f.on) > 0 {
		sets = append(sets, "systems=["+strings.Join(f.on, ", ")+"]")
	}
	if f.seed != "" {
		sets = append(sets, "load.seed="+f.seed)
	}
	if f.repeat != "" {
		sets = append(sets, "repeat="+f.repeat)
	}
	return sets, nil
}

// useImages puts images in the place of those of systems.
func (f *scenarioFlags) useImages(s *scenarios.Scenario) error {
	for _, image := range f.images {
		if err := s.UseImage(image); err != nil {
			message, remedy, _ := strings.Cut(err.Error(), ": ")
			return usage(remedy, "--image %s: %s", image, message)
		}
	}
	return nil
}

// drawnFaults is the change that puts a random schedule in the place of a scenario's faults.
func drawnFaults(text string) (string, error) {
	if text == "none" {
		return "faults=[]", nil
	}
	bad := func() (string, error) {
		return "", usage("write random:SEED, as in --faults random:7, random:SEED:COUNT or none",
			"--faults %q is no schedule", text)
	}
	rest, ok := strings.CutPrefix(text, "random:")
	if !ok {
		return bad()
	}
	seed, count, counted := strings.Cut(rest, ":")
	if !counted {
		count = "3"
	}
	for _, number := range []string{seed, count} {
		if _, err := strconv.ParseUint(number, 10, 64); err != nil {
			return bad()
		}
	}
	return fmt.Sprintf("faults=[{random: {seed: %s, count: %s}}]", seed, count), nil
}

// load reads the scenario that is meant: a file, a shipped scenario by its name, "-" for standard
// input, or the lock of a run. Every problem is shown at once.
func (a *app) load(args []string, flags scenarioFlags) (*scenarios.Scenario, error) {
	name, src, err := a.source(args, flags.from)
	if err != nil {
		return nil, err
	}
	sets, err := flags.changes()
	if err != nil {
		return nil, err
	}
	read := scenarios.Load
	if flags.quick {
		read = scenarios.LoadQuick
	}
	s, problems := read(name, src, sets)
	if len(problems) == 0 {
		return s, flags.useImages(s)
	}
	o := scenarios.RenderOptions{
		Color: a.paint(a.errs, red, "x") != "x", GitHub: os.Getenv("GITHUB_ACTIONS") == "true",
	}
	if err := problems.Render(a.errs, o); err != nil {
		return nil, fmt.Errorf("write problems: %w", err)
	}
	return nil, &failure{code: exitScenario, err: problems, told: true, detail: problemRows(problems)}
}

func (a *app) source(args []string, from string) (name string, src []byte, err error) {
	switch {
	case from != "" && len(args) > 0:
		return "", nil, usage("leave one of them out", "--from RUN and a scenario were both given")
	case from != "":
		folder, err := a.findRun(from)
		if err != nil {
			return "", nil, err
		}
		return readScenario(filepath.Join(folder, record.LockFile))
	case len(args) == 0:
		return "", nil, usage("streambench list scenarios shows those that come with streambench",
			"no scenario was given: write a FILE or a NAME")
	case args[0] == "-":
		src, err = io.ReadAll(io.LimitReader(a.in, maxScenarioB))
		return "standard input", src, err
	}
	if _, err := os.Stat(args[0]); err == nil {
		return readScenario(args[0])
	}
	if e, ok := scenarios.FindShipped(args[0]); ok {
		return e.Name, e.Source, nil
	}
	return "", nil, usage("streambench list scenarios shows the names; streambench init "+
		"NAME writes a file", "scenario %q: no such file, and none of that name is shipped", args[0])
}

func readScenario(path string) (string, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, usage("name a file that can be read", "read scenario: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxScenarioB))
	if err != nil {
		return "", nil, usage("name a file that can be read", "read scenario: %w", err)
	}
	return path, src, nil
}

// problemRow is a problem as JSON shows it.
type problemRow struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Col     int    `json:"col,omitempty"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

func problemRows(problems scenarios.Problems) []problemRow {
	rows := make([]problemRow, len(problems))
	for i, p := range problems {
		rows[i] = problemRow{p.File, p.Line, p.Col, p.Message, p.Remedy}
	}
	return rows
}

// runnable refuses a sound scenario that this version cannot run, with everything it lacks.
func (a *app) runnable(s *scenarios.Scenario) error {
	gaps := s.NotYet()
	if len(gaps) == 0 {
		err := scenarios.Ready(scenarios.RunRequest{
			Scenario: s, Systems: findAdapter, Transports: findTransport, Dir: a.dir,
		})
		remedy := ""
		if errors.Is(err, errors.ErrUnsupported) && strings.Contains(err.Error(), s.Workload) {
			remedy = "streambench explain workload " + s.Workload + " shows its parameters"
		}
		return classed(exitEnvironment, remedy, err)
	}
	errs := make([]error, len(gaps))
	for i, g := range gaps {
		errs[i] = errors.New(g)
	}
	return &failure{
		code: exitEnvironment, detail: gaps,
		err:    fmt.Errorf("%s is sound, but this version cannot run it:\n  %w", s.Name, joined(errs)),
		remedy: "streambench list systems shows what runs",
	}
}

// joined joins errors by lines that are indented, as what follows a headline is.
func joined(errs []error) error {
	text := make([]string, len(errs))
	for i, err := range errs {
		text[i] = err.Error()
	}
	return errors.New(strings.Join(text, "\n  "))
}
