package chaos

// VerbDoc is what `list faults` and `explain fault` say of a verb.
type VerbDoc struct {
	Verb    Verb
	Means   string // one sentence
	Witness string // how its effect is proved
	Heals   string // how it is undone
	Example string // a line of a scenario
}

// VerbTable is every verb in the order of the scenario's documentation.
var VerbTable = []VerbDoc{
	{
		Verb: VerbKill,
		Means: "Loud loss of a node: SIGKILL to every process of it at once; the kernel closes its " +
			"connections and the others notice.",
		Witness: "Every process of the node is gone.",
		Heals: "The node is started again under its name after restart, with its disk unless wipe " +
			"says otherwise; without restart it stays away until the end.",
		Example: "{at: 20s, kill: worker, restart: 10s}",
	},
	{
		Verb: VerbStop,
		Means: "Graceful end of a node: SIGTERM and, once grace (30s) is over, SIGKILL; never to be " +
			"compared with kill.",
		Witness: "Every process of the node is gone; the fault counts from SIGTERM.",
		Heals:   "As kill.",
		Example: "{at: 20s, stop: worker-1, grace: 10s, restart: 10s}",
	},
	{
		Verb: VerbLose,
		Means: "Silent loss of a node: it is cut off from all others and then killed, so that none of " +
			"them sees a connection end; only a time-out notices.",
		Witness: "Nothing crosses to or from the node, no end of a connection left it, and its " +
			"processes are gone; the fault counts from the cut.",
		Heals:   "The edges are mended and, after restart, a new node with an empty disk is started.",
		Example: "{at: 20s, lose: worker, restart: 10s}",
	},
	{
		Verb: VerbPause,
		Means: "A node stands still (SIGSTOP) while its connections live on; when it goes on it " +
			"is a zombie that believes what was true before.",
		Witness: "The node's processes are stopped and their processor time stands still.",
		Heals:   "SIGCONT after for.",
		Example: "{at: 20s, pause: worker, for: 10s}",
	},
	{
		Verb: VerbPartition,
		Means: "Nodes cannot reach each other while all of them live: between sides (|), one way (>), " +
			"bridge (two halves that see one node in common) or ring (each sees its neighbours).",
		Witness: "Nothing crosses a cut edge in its direction, and every other edge passes.",
		Heals:   "The edges are mended after for; no connection was ended.",
		Example: "{at: 20s, partition: [worker-1 | rest], for: 8s}",
	},
	{
		Verb: VerbLink,
		Means: "The connection between two nodes is slow: delay, jitter and rate keep the order of " +
			"bytes; loss drops packets and never a part of a stream.",
		Witness: "Round trip and rate of the edge are as asked for, within 10 %.",
		Heals:   "What is under way is delivered after for, then the edge is as before.",
		Example: "{at: 20s, link: {between: [worker-1, worker-2], delay: 100ms}, for: 15s}",
	},
	{
		Verb: VerbDisk,
		Means: "The disk of a node is slow (each sync and read waits), has a rate, is full, or lies: " +
			"sync returns before data is safe.",
		Witness: "A write and sync by the node itself takes as long as was asked for, fails for want " +
			"of space, or succeeds while the kernel counts nothing written (lie).",
		Heals:   "The disk is a good one again after for.",
		Example: "{at: 20s, disk: {node: worker-1, slow: 20ms}, for: 15s}",
	},
	{
		Verb:    VerbClock,
		Means:   "The clock of a node jumps (step) or runs at another speed (drift).",
		Witness: "The node's own time, compared with ours.",
		Heals:   "The clock is right again after for.",
		Example: "{at: 20s, clock: {node: worker-1, step: +5s}, for: 15s}",
	},
	{
		Verb: VerbPressure,
		Means: "A node is left with less processor (cpus: a quota of its control group, else by " +
			"stopping it for a part of every 100 ms) or memory (its control group's limit).",
		Witness: "Its processes were kept from running, or its memory stands at the limit.",
		Heals:   "The limits are taken away after for.",
		Example: "{at: 20s, pressure: {node: worker-1, cpus: 0.2}, for: 15s}",
	},
	{
		Verb: VerbPoison,
		Means: "Malformed events are part of the stream from at on, drawn when the run is planned, so " +
			"that the oracle knows them.",
		Witness: "They are in the dead-letter output.",
		Heals:   "Nothing: a system has to put them aside and go on.",
		Example: "{at: 20s, poison: 10}",
	},
	{
		Verb: VerbRandom,
		Means: "A schedule of count faults of the verbs given, drawn from a seed: the same seed, the " +
			"same schedule.",
		Witness: "That of each fault drawn.",
		Heals:   "As each fault drawn.",
		Example: "{random: {seed: 7, verbs: [kill, pause], count: 3}}",
	},
}
