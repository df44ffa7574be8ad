package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streambench/streambench/chaos"
	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/workloads"
)

// writePages writes the reference pages: one a kind that comes from code, and the commands.
func (a *app) writePages(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	var written []string
	write := func(name string, page []byte) error {
		path := filepath.Join(dir, name+".md")
		written = append(written, path)
		return record.WriteFile(path, page)
	}
	for _, k := range kinds {
		if k.name == "runs" {
			continue // of this host, not of the code
		}
		var page bytes.Buffer
		if err := a.writePage(&page, k); err != nil {
			return err
		}
		if err := write(k.name, page.Bytes()); err != nil {
			return err
		}
	}
	if err := write("commands", commandsPage()); err != nil {
		return err
	}
	if a.json {
		return a.emit(written)
	}
	for _, path := range written {
		a.say("wrote %s", path)
	}
	return nil
}

func (a *app) writePage(w io.Writer, k kind) error {
	items, err := k.items(a)
	if err != nil {
		return err
	}
	rows := make([][]string, len(items))
	for i, it := range items {
		rows[i] = it.cells
	}
	fmt.Fprintf(w, "# %s\n\n%s\nThis page is written by `streambench list %s --md`.\n\n",
		k.title, k.doc, k.name)
	markdownTable(w, k.header, rows)
	if k.page != nil {
		k.page(w)
	}
	return nil
}

func markdownTable(w io.Writer, header []string, rows [][]string) {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.ToLower(strings.Join(header, " | ")),
		strings.Repeat("---|", len(header)))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(c)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// workloadPage lists the parameters of each workload.
func workloadPage(w io.Writer) {
	for _, t := range workloads.Catalog {
		fmt.Fprintf(w, "\n## %s\n\n", t.Name)
		var rows [][]string
		for _, p := range t.Params {
			doc := p.Doc
			if len(p.Choices) > 0 {
				doc += ": " + strings.Join(p.Choices, " ")
			}
			if len(p.Queries) > 0 {
				doc += " (of query " + strings.Join(p.Queries, " ") + ")"
			}
			rows = append(rows, []string{p.Name, p.Default, doc})
		}
		markdownTable(w, []string{"parameter", "default", "what it is"}, rows)
	}
}

// faultPage says of each fault how its effect is proved, how it is healed, and how it is written.
func faultPage(w io.Writer) {
	fmt.Fprint(w, "\nA fault counts from the moment its witness, a process that is not the "+
		"injector, saw it take effect;\nwithout a witness the run is INVALID. What heals it is "+
		"written down before it is injected, and is\ncarried out by another process if this one "+
		"dies.\n")
	for _, v := range chaos.VerbTable {
		fmt.Fprintf(w, "\n## %s\n\n%s\n\n- witness: %s\n- heals: %s\n- write: `faults: [%s]`\n",
			v.Verb, v.Means, v.Witness, v.Heals, v.Example)
	}
}

// commandsPage lists the commands with their flags.
func commandsPage() []byte {
	var b bytes.Buffer
	root := newRoot(&app{})
	fmt.Fprint(&b, "# Commands\n\nThis page is written by `streambench list --md`. A run is named by "+
		"its path, its id, the unique beginning\nof one, `@latest`, or `@-2` for the second newest. "+
		"Any flag can be given by the environment:\n`STREAMBENCH_DIR=/data/runs` is `--dir "+
		"/data/runs`; the flag wins.\n\nFlags of every command:\n\n")
	flagTable(&b, root.PersistentFlags())
	for _, cmd := range root.Commands() {
		if cmd.Hidden || cmd.Name() == "help" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", cmd.Name(), cmd.Short)
		if !cmd.HasSubCommands() {
			commandUse(&b, cmd)
			continue
		}
		for _, sub := range cmd.Commands() {
			fmt.Fprintf(&b, "\n### %s %s\n\n%s.\n", cmd.Name(), sub.Name(), sub.Short)
			commandUse(&b, sub)
		}
	}
	return b.Bytes()
}

// commandUse writes how a command is called and its flags.
func commandUse(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "\n```\n%s\n```\n", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	if cmd.LocalNonPersistentFlags().HasFlags() {
		fmt.Fprintln(w)
		flagTable(w, cmd.LocalNonPersistentFlags())
	}
}

func flagTable(w io.Writer, flags *pflag.FlagSet) {
	var rows [][]string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		rows = append(rows, []string{name, f.DefValue, f.Usage})
	})
	markdownTable(w, []string{"flag", "default", "what it does"}, rows)
}
