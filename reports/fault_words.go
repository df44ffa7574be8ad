package reports

import (
	"fmt"
	"strings"

	"github.com/streambench/streambench/reports/record"
	"github.com/streambench/streambench/reports/summary"
)

// acts say what a fault did to its nodes, by its verb. A verb that is not here is told by its text.
var acts = map[string]string{
	"kill":  "was killed, loudly: its connections closed",
	"stop":  "was told to stop",
	"lose":  "was lost, silently: cut off, then killed",
	"pause": "was frozen: its kernel went on acknowledging, so nobody was told",
}

// FaultSentence says what a fault did, or that it did nothing, in one sentence without its time.
func FaultSentence(f *record.Fault) string {
	nodes := and(f.Nodes)
	act, named := acts[f.Verb]
	done := f.Text + " took effect"
	if named && nodes != "" {
		done = nodes + " " + plural(act, len(f.Nodes))
	} else if nodes != "" && !strings.Contains(f.Text, nodes) {
		done += " on " + nodes
	}
	switch word, _ := faultState(f); word {
	case "n/a":
		return f.Text + " is n/a: " + f.Unsupported
	case "not injected":
		return f.Text + " could not be injected: " + f.Error
	case "not witnessed":
		return f.Text + " was carried out, and nobody saw it take effect" + unseen(f)
	}
	if proof := strings.Join(f.Witness.Evidence, "; "); proof != "" {
		done += " (" + proof + ")"
	}
	return done
}

func unseen(f *record.Fault) string {
	if f.Witness == nil || f.Witness.Missing == "" {
		return ""
	}
	return ": " + f.Witness.Missing
}

// FaultState says in a few words whether a fault took effect and who says so.
func FaultState(f *record.Fault) string {
	switch word, took := faultState(f); {
	case took && len(f.Witness.Evidence) > 0:
		return word + ": " + f.Witness.Evidence[0]
	case took:
		return word
	case word == "n/a":
		return word + ": " + f.Unsupported
	case word == "not injected":
		return word + ": " + f.Error
	default:
		return word + unseen(f)
	}
}

// HealSentence says how a fault ended, in one sentence without its time.
func HealSentence(f *record.Fault) string {
	nodes := and(f.Nodes)
	if nodes == "" {
		nodes = "the node"
	}
	switch f.Verb {
	case "kill", "stop":
		return nodes + " " + plural("was started again", len(f.Nodes))
	case "lose":
		return nodes + " " + plural("was started again, as new", len(f.Nodes))
	case "pause":
		return nodes + " " + plural("was let go on: it does not know that it was away", len(f.Nodes))
	}
	return f.Text + " was healed"
}

// MilestoneSentence says what a system told of itself, in one sentence without its time.
func MilestoneSentence(m *record.Milestone) string {
	node, ranges := m.Node, keyRanges(m.Slots)
	if node == "" {
		node = "a node"
	}
	checkpoint := "the checkpoint"
	if m.Checkpoint > 0 {
		checkpoint = fmt.Sprintf("checkpoint %d", m.Checkpoint)
	}
	from := ""
	if m.Checkpoint > 0 {
		from = " from " + checkpoint
	}
	var text string
	switch milestoneName(m) {
	case record.MilestoneDeployed:
		text = "every node works"
	case record.MilestoneStarted:
		text = checkpoint + " was begun"
	case record.MilestonePrecommit:
		text = node + " has its part of " + checkpoint + " on disk"
	case record.MilestoneCompleted:
		text = checkpoint + " was complete" + size(m)
	case record.MilestoneCommit:
		text = "the results up to " + checkpoint + " became visible"
	case record.MilestoneAbandoned:
		text = checkpoint + " was given up"
	case record.MilestoneDetected:
		text = "the control plane noticed that " + node + " does not answer"
	case record.MilestoneReassigned:
		text = orElse(ranges, "the work") + was(m.Slots) + " given to others" + attempt(m)
	case record.MilestoneRestoring:
		text = node + " began to restore " + orElse(ranges, "its state") + from
	case record.MilestoneRestored:
		text = node + " had the state of " + orElse(ranges, "its work") + " again" + from + size(m)
	case record.MilestoneResumed:
		text = "all nodes worked again" + attempt(m)
	case record.MilestoneRejoined:
		text = node + " was back"
	case record.MilestoneFenced:
		text = node + " was refused: it is of an older attempt"
	case record.MilestoneTakeover:
		text = "a new coordinator went on where the last one had stopped"
	case record.MilestoneTorn:
		text = checkpoint + " cannot be used, so the one before it is"
	default:
		text = m.Name + " of " + node
	}
	if m.Text != "" && m.Text != m.Name && !strings.HasPrefix(m.Text, "checkpoint.") {
		text += ": " + m.Text
	}
	return text
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func was(slots []int) string {
	if len(slots) > 1 {
		return " were"
	}
	return " was"
}

func attempt(m *record.Milestone) string {
	if m.Attempt == 0 {
		return ""
	}
	return fmt.Sprintf(", attempt %d", m.Attempt)
}

// size is how much state was moved and how long that took, where a milestone says so.
func size(m *record.Milestone) string {
	var parts []string
	if m.Bytes > 0 {
		parts = append(parts, summary.Format(float64(m.Bytes), record.Bytes))
	}
	if m.TookNs > 0 {
		parts = append(parts, "in "+summary.Format(float64(m.TookNs), record.Nanoseconds))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, " ") + ")"
}

// keyRanges names slots as key ranges: key range 3, key ranges 0 to 3 and 7.
func keyRanges(slots []int) string {
	if len(slots) == 0 {
		return ""
	}
	var runs []string
	for i := 0; i < len(slots); {
		j := i
		for j+1 < len(slots) && slots[j+1] == slots[j]+1 {
			j++
		}
		switch j - i {
		case 0:
			runs = append(runs, fmt.Sprint(slots[i]))
		case 1:
			runs = append(runs, fmt.Sprint(slots[i]), fmt.Sprint(slots[j]))
		default:
			runs = append(runs, fmt.Sprintf("%d to %d", slots[i], slots[j]))
		}
		i = j + 1
	}
	if len(slots) == 1 {
		return "key range " + runs[0]
	}
	return "key ranges " + and(runs)
}

// and joins names as in a sentence: a, b and c.
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// plural turns what one node was into what several were.
func plural(act string, n int) string {
	if n < 2 {
		return act
	}
	return strings.NewReplacer("was ", "were ", "its kernel", "their kernels", "its ", "their ",
		"it does", "they do", "it was", "they were").Replace(act)
}
