package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/streambench/streambench/chaos"
)

// Labels of everything made here.
const (
	labelRun   = "streambench"       // the run id
	labelOwner = "streambench.owner" // the tool that made it: PID:START@BOOT
	labelHome  = "streambench.home"  // where its PID counts: the host and the namespace
)

// longestSweep bounds how long the removal of one thing of a dead tool may take: others may use a
// network of its.
const longestSweep = 10 * time.Second

// owner names this process so that another that is given its number is told apart.
func owner() string {
	p, err := chaos.ProcessOf(os.Getpid())
	if err != nil {
		p = chaos.Process{PID: os.Getpid()} // not on Linux
	}
	return fmt.Sprintf("%d:%d@%s", p.PID, p.Start, lineOf("/proc/sys/kernel/random/boot_id"))
}

// home tells hosts that share an engine apart, and containers on one host.
func home() string {
	host := lineOf("/etc/machine-id")
	if host == "" {
		host, _ = os.Hostname() // without both all are taken for this one
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return host
	}
	return host + "/" + namespace
}

// lineOf is a file without the space around it, "" where there is none.
func lineOf(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// dead reports whether labels are those of a tool of this host that is gone.
func dead(labels map[string]string) bool {
	id, boot, ok := strings.Cut(labels[labelOwner], "@")
	number, start, both := strings.Cut(id, ":")
	pid, err := strconv.Atoi(number)
	began, err2 := strconv.ParseUint(start, 10, 64)
	if !ok || !both || errors.Join(err, err2) != nil || labels[labelHome] != home() {
		return false // of others: they sweep it themselves
	}
	if boot != lineOf("/proc/sys/kernel/random/boot_id") {
		return true
	}
	if began == 0 {
		return !numberTaken(pid)
	}
	return !chaos.Process{PID: pid, Start: began}.Alive()
}

// numberTaken is all that hosts other than Linux tell.
func numberTaken(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

// Sweep removes the containers, volumes and networks of tools of this host that are gone, and says
// what it removed, or would.
func (e *Engine) Sweep(ctx context.Context, dry bool) (removed []string, err error) {
	var failed []error
	try := func(what string, labels map[string]string, remove func(context.Context) error) {
		if !dead(labels) {
			return
		}
		if !dry {
			ctx, cancel := context.WithTimeout(ctx, longestSweep)
			defer cancel()
			if err := remove(ctx); err != nil && !errdefs.IsNotFound(err) {
				failed = append(failed, fmt.Errorf("remove %s: %w", what, err))
				return
			}
		}
		removed = append(removed, what)
	}
	ours := client.Filters{}.Add("label", labelOwner)
	containers, err := e.cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	for _, c := range containers.Items {
		name := strings.TrimPrefix(firstOf(c.Names...), "/")
		try("container "+name, c.Labels, func(ctx context.Context) error {
			return e.removeContainer(ctx, c.ID)
		})
	}
	volumes, err := e.cli.VolumeList(ctx, client.VolumeListOptions{Filters: ours})
	if err != nil {
		return removed, fmt.Errorf("list volumes: %w", err)
	}
	for _, v := range volumes.Items {
		try("volume "+v.Name, v.Labels, func(ctx context.Context) error {
			_, err := e.cli.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{Force: true})
			return err
		})
	}
	networks, err := e.cli.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return removed, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks.Items {
		try("network "+n.Name, n.Labels, func(ctx context.Context) error {
			return e.removeNetwork(ctx, n.ID)
		})
	}
	return removed, errors.Join(failed...)
}
