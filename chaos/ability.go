package chaos

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Ability is what this host can do of a verb, for nodes that are its processes.
type Ability struct {
	Verb Verb   `json:"verb"`
	How  string `json:"how,omitempty"` // by what; empty where it cannot be done
	// Not says what cannot be done of it, and why; empty where all can.
	Not string `json:"not,omitempty"`
}

// Abilities are those of this host, a verb each. Nothing is broken to find them out.
func Abilities() []Ability {
	if runtime.GOOS != "linux" {
		var none []Ability
		for _, d := range VerbTable {
			if d.Verb != VerbRandom {
				none = append(none, Ability{Verb: d.Verb, Not: "faults need Linux"})
			}
		}
		return none
	}
	edges, noLoss := "a relay", ""
	if err := CanNetns(); err == nil {
		edges += ", or namespaces (--plane netns)"
	} else {
		noLoss = "loss drops packets and needs namespaces: " + err.Error()
	}
	return []Ability{
		{VerbKill, "signals", ""}, {VerbStop, "signals", ""}, {VerbLose, edges, ""},
		{VerbPause, "signals", ""}, {VerbPartition, edges, ""}, {VerbLink, edges, noLoss},
		{VerbDisk, "the node's own hand", ""},
		{VerbClock, "", "a process of this host has the clock of all others"},
		pressureHere(), {VerbPoison, "the stream", ""},
	}
}

// pressureHere looks whether control groups can be made.
func pressureHere() Ability {
	a := Ability{Verb: VerbPressure, How: "a quota of a control group"}
	if !canConfine("cpu") {
		a.How = "stopping the node for a part of the time"
	}
	if !canConfine("memory") {
		a.Not = "memory needs a control group that this user may write to"
	}
	return a
}

// canConfine reports whether a control group can be made below the one of this process.
func canConfine(controller string) bool {
	c, err := findCgroup(os.Getpid(), controller)
	return err == nil && unix.Access(c.dir, unix.W_OK) == nil
}
