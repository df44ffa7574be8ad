package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/flink"
	kafka "github.com/streambench/streambench/adapters/kafka/image"
	"github.com/streambench/streambench/adapters/kafkastreams"
	"github.com/streambench/streambench/adapters/spark"
)

// images is the one table of container images: those of the adapters and of the brokers. Their
// files are embedded, so that an installed binary can build them.
var images = []docker.Image{
	kafka.Image(), flink.Image(), kafkastreams.Image(), spark.Image(),
}

func imagesCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "images",
		Short: "Build, list, save and load the container images of systems and brokers",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(imagesBuild(a), imagesList(a), imagesSave(a), imagesLoad(a))
	return cmd
}

func imagesBuild(a *app) *cobra.Command {
	var b builder
	cmd := &cobra.Command{
		Use:   "build [NAME]...",
		Short: "Build images that are not there yet, all of them where none is named",
		Long: "Builds images from the Dockerfiles and sources in this binary. An image that is there\n" +
			"is not built again unless its files have changed: its reference has their hash.\n" +
			"What the builds say is kept in files of the user's cache; -v shows it.",
		ValidArgs: imageNames(),
		RunE: body(func(names []string) error {
			return a.withEngine(names, func(ctx context.Context, i inventory) error {
				b.app, b.inventory = a, i
				return b.buildAll(ctx)
			})
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&b.options.Base, "base", "", "image of Debian 12 to base them on "+
		"(default debian:bookworm-slim, or the one that .ci/base makes)")
	flags.StringVar(&b.options.CA, "ca", "", "folder of further certificate authorities, *.crt, "+
		"that builds trust (default those of this host)")
	flags.BoolVar(&b.again, "again", false, "also those that are there")
	return cmd
}

func imagesList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show which images there are and which are missing",
		Args:  cobra.NoArgs,
		RunE: body(func([]string) error {
			return a.withEngine(nil, func(ctx context.Context, i inventory) error {
				return a.listImages(ctx, i)
			})
		}),
	}
}

func imagesSave(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "save FILE [NAME]...",
		Short: "Write images to a tar archive, for a host that cannot build them",
		Args:  cobra.MinimumNArgs(1),
		RunE: body(func(args []string) error {
			return a.withEngine(args[1:], func(ctx context.Context, i inventory) error {
				return a.saveImages(ctx, i, args[0])
			})
		}),
	}
}

func imagesLoad(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "load FILE",
		Short: "Read images from a tar archive",
		Args:  cobra.ExactArgs(1),
		RunE: body(func(args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return usage("name a file that `streambench images save` wrote", "load images: %w", err)
			}
			defer f.Close()
			return a.withEngine(nil, func(ctx context.Context, i inventory) error {
				return a.loadImages(ctx, i, f)
			})
		}),
	}
}

func imageNames() []string {
	names := make([]string, len(images))
	for i, image := range images {
		names[i] = image.Name
	}
	return names
}

// inventory is an engine and the images a command is about.
type inventory struct {
	engine *docker.Engine
	images []docker.Image
}

// withEngine reaches the engine; no names mean all images.
func (a *app) withEngine(names []string, do func(context.Context, inventory) error) error {
	chosen := images
	if len(names) > 0 {
		chosen = nil
	}
	for _, name := range names {
		i := slices.IndexFunc(images, func(i docker.Image) bool { return i.Name == name })
		if i < 0 {
			return usage("write some of "+strings.Join(imageNames(), ", "),
				"no image is called %q", name)
		}
		chosen = append(chosen, images[i])
	}
	ctx, stop := a.untilInterrupted()
	defer stop()
	engine, err := docker.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	err = do(ctx, inventory{engine, chosen})
	if ctx.Err() != nil {
		return fail(exitInterrupted, "", "interrupted")
	}
	return err
}

// imageState is a line of `images list`.
type imageState struct {
	Name     string  `json:"name"`
	Ref      string  `json:"ref"`
	Present  bool    `json:"present"`
	SizeB    uint64  `json:"sizeB,omitempty"`
	Base     string  `json:"base,omitempty"`
	TookS    float64 `json:"tookS,omitempty"`    // how long the build took
	ExpectS  float64 `json:"expectS,omitempty"`  // how long one takes where nothing is there yet
	BuildLog string  `json:"buildLog,omitempty"` // where what the build said is
}

func (i inventory) states(ctx context.Context) ([]imageState, error) {
	all := []imageState{}
	for _, image := range i.images {
		s := imageState{
			Name: image.Name, Ref: image.Ref(), ExpectS: image.BuildTime.Seconds(),
		}
		about, err := i.engine.About(ctx, s.Ref)
		if err != nil {
			return nil, err
		}
		if about != nil {
			s.Present, s.SizeB = true, about.SizeB
			s.Base, s.TookS = about.Base, about.Took.Seconds()
		}
		all = append(all, s)
	}
	return all, nil
}

func (a *app) listImages(ctx context.Context, i inventory) error {
	all, err := i.states(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.emit(all)
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSTATE\tSIZE\tBUILD\tREFERENCE")
	for _, s := range all {
		state, size, build := "missing", "", "about "+seconds(s.ExpectS)
		if s.Present {
			state, size, build = "built", bytesText(s.SizeB), "took "+seconds(s.TookS)
		}
		if s.Present && s.TookS == 0 {
			build = "" // made elsewhere
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Name, state, size, build, s.Ref)
	}
	return table.Flush()
}

// seconds is a time for people, to the second.
func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

// builder builds images, one after the other.
type builder struct {
	*app
	inventory
	options docker.BuildOptions
	again   bool
}

func (b *builder) buildAll(ctx context.Context) error {
	before, err := b.states(ctx)
	if err != nil {
		return err
	}
	var logs []string
	for i, image := range b.images {
		logs = append(logs, "")
		if before[i].Present && !b.again {
			b.note("%s is there: %s", image.Name, before[i].Ref)
			continue
		}
		if logs[i], err = b.build(ctx, image); err != nil {
			return err
		}
	}
	after, err := b.states(ctx)
	if err != nil {
		return err
	}
	for i := range after {
		after[i].BuildLog = logs[i]
	}
	if b.json {
		return b.emit(after)
	}
	for i, s := range after {
		if logs[i] != "" {
			b.say("built %s in %s: %s", s.Name, seconds(s.TookS), s.Ref)
		}
	}
	return nil
}

// build returns where the log of the build is.
func (b *builder) build(ctx context.Context, image docker.Image) (string, error) {
	f, err := buildLog(image.Name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b.note("building %s, about %s where nothing is there yet; log: %s", image.Name,
		seconds(image.BuildTime.Seconds()), f.Name())
	o := b.options
	o.Log = io.MultiWriter(f, &steps{app: b.app, image: image.Name})
	if err := b.engine.Build(ctx, image, o); err != nil {
		return "", &failure{code: exitEnvironment, err: err,
			remedy: "all of what the build said is in " + f.Name()}
	}
	return f.Name(), nil
}

// buildLog opens the file that takes what a build says: in the user's cache, or where there is
// none, among the temporary files.
func buildLog(name string) (*os.File, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "streambench", "images")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("keep the log of a build: %w", err)
	}
	return os.Create(filepath.Join(dir, name+".log"))
}

// steps tells the steps of a build as its progress; all of it with -v.
type steps struct {
	*app
	image string
}

var stepLine = regexp.MustCompile(`^Step \d+/\d+ : .*`)

func (s *steps) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && (s.verbose || stepLine.MatchString(line)) {
			s.note("%s: %s", s.image, line[:min(len(line), 100)])
		}
	}
	return len(p), nil
}

func (a *app) saveImages(ctx context.Context, i inventory, path string) error {
	all, err := i.states(ctx)
	if err != nil {
		return err
	}
	var refs []string
	for _, s := range all {
		if !s.Present {
			return fail(exitEnvironment, "streambench images build "+s.Name,
				"save images: %s is not built", s.Name)
		}
		refs = append(refs, s.Ref)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("save images: %w", err)
	}
	err = errors.Join(i.engine.Save(ctx, refs, f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if a.json {
		return a.emit(all)
	}
	a.say("saved %s to %s", strings.Join(refs, ", "), path)
	return nil
}

func (a *app) loadImages(ctx context.Context, i inventory, from io.Reader) error {
	refs, err := i.engine.Load(ctx, from)
	if err != nil {
		return err
	}
	if a.json {
		return a.emit(refs)
	}
	for _, ref := range refs {
		known := slices.ContainsFunc(i.images, func(i docker.Image) bool { return i.Ref() == ref })
		if !known {
			a.note("%s is an image of another version of streambench", ref)
		}
		a.say("loaded %s", ref)
	}
	return nil
}
