package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/streambench/streambench/chaos"
)

// killedRun is a program that leaves what a run leaves whose tool and whose reaper were killed: a
// lease, a node and a folder.
func killedRun() {
	if err := leave("killed-1"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func leave(run string) error {
	folder := filepath.Join(os.TempDir(), "streambench-state-"+run)
	if err := os.MkdirAll(filepath.Join(folder, "checkpoints"), 0o755); err != nil {
		return err
	}
	node := exec.Command("sleep", "120")
	node.Env = []string{"STREAMBENCH_RUN=" + run}
	if err := node.Start(); err != nil {
		return err
	}
	self, err := chaos.ProcessOf(os.Getpid())
	if err != nil {
		return err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`{"run":%q,"tool":{"pid":%d,"start":%d},"boot":%q,"undos":[
		{"id":1,"op":"kill"},{"id":2,"op":"remove","path":%q}]}`,
		run, self.PID, self.Start, strings.TrimSpace(string(boot)), folder)
	leases := filepath.Join(os.TempDir(), fmt.Sprintf("streambench-leases-%d", os.Getuid()))
	if err := os.Mkdir(leases, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	fmt.Println(node.Process.Pid)
	return os.WriteFile(filepath.Join(leases, run+".json"), []byte(text), 0o600)
}
