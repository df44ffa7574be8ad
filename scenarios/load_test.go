package scenarios

import (
	"archive/zip"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var updateGolden = flag.Bool("update", false, "rewrite golden files")

func read(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func mustLoad(t testing.TB, src string, sets ...string) *Scenario {
	t.Helper()
	s, problems := Load("test.yaml", []byte(src), sets)
	if len(problems) > 0 {
		t.Fatalf("load:\n%v", problems)
	}
	return s
}

func TestAJarCountsFromTheFolderOfItsFile(t *testing.T) {
	src := []byte("name: a\nworkload: ysb\nsystems: [{name: flink, jar: job.jar, main: A}]\n")
	s, problems := Load("testdata/x.yaml", src, nil)
	if len(problems) > 0 || s.Systems[0].Jar != "testdata/job.jar" {
		t.Errorf("%v, %+v", problems, s)
	}
	s, problems = Load("elsewhere/x.yaml", src, []string{"systems.0.jar=testdata/job.jar"})
	if len(problems) > 0 || s.Systems[0].Jar != "testdata/job.jar" {
		t.Errorf("%v, %+v", problems, s)
	}
}

func TestTheMainClassOfAJarIsWrittenDown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.jar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	m, err := z.Create("META-INF/MANIFEST.MF")
	if err == nil {
		_, err = m.Write([]byte("Manifest-Version: 1.0\r\nMain-Class: com.example.Own\r\n"))
	}
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	s := mustLoad(t, "name: a\nworkload: ysb\nsystems: [{name: spark, jar: '"+path+"'}]\n")
	if s.Systems[0].Main != "com.example.Own" || !bytes.Contains(s.Lock(), []byte("com.example.Own")) {
		t.Errorf("%+v", s.Systems[0])
	}
}

func TestASystemThatIsANameCanBeGivenMore(t *testing.T) {
	const src = "name: a\nworkload: ysb\nsystems: [native, flink]\n"
	s := mustLoad(t, src, "systems.1.workers=3", "systems.1.as=three")
	if got := s.Systems[1]; got.Name != "flink" || got.Workers != 3 || got.As != "three" {
		t.Errorf("%+v", got)
	}
}

func TestAnImageIsPutInThePlaceOfASystems(t *testing.T) {
	s := mustLoad(t, "name: a\nworkload: ysb\n"+
		"systems: [native, {name: flink, as: a}, {name: flink, as: b}, spark]\n")
	for _, c := range []struct{ set, says string }{
		{"flink", "write SYSTEM=REF"}, {"flink=", "write SYSTEM=REF"},
		{"native=x", "native is part of this program"},
		{"storm=x", "no system of a is called storm: write one of flink, a, b, spark"},
	} {
		if err := s.UseImage(c.set); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.set, err)
		}
	}
	if err := s.UseImage("b=mine:2"); err != nil {
		t.Error(err)
	}
	if got := []string{s.Systems[1].Image, s.Systems[2].Image}; !slices.Equal(got, []string{"", "mine:2"}) {
		t.Errorf("%q", got)
	}
	if err := s.UseImage("flink=mine:1"); err != nil || s.Systems[1].Image != "mine:1" ||
		s.Systems[2].Image != "mine:1" || s.Systems[3].Image != "" {
		t.Errorf("%v, %+v", err, s.Systems)
	}
}

func TestAllProblemsOfAFileAreShownAtOnce(t *testing.T) {
	_, problems := Load("bad.yaml", read(t, "bad.yaml"), []string{"load.rat=5", "load.seed=x"})
	if len(problems) < 12 {
		t.Errorf("%d problems, want at least 12", len(problems))
	}
	var got bytes.Buffer
	if err := problems.Render(&got, RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "bad.golden")
	if *updateGolden {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, "bad.golden"); !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
	}
}

func TestGitHubGetsAnErrorLineForEachProblem(t *testing.T) {
	_, problems := Load("a,b.yaml", []byte("name: x\nworkload: ysb\nfoo: 1\n"), []string{"load.x=1"})
	var got bytes.Buffer
	if err := problems.Render(&got, RenderOptions{GitHub: true, Color: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"::error ::--set load.x: unknown key \"x\" in load",
		"::error file=a%2Cb.yaml,line=3,col=1::unknown key \"foo\"",
		"\x1b[31m^^^\x1b[0m",
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no %q in\n%s", want, got.String())
		}
	}
}

// base is a sound scenario to spoil.
const base = `name: pay
workload: iot-telemetry
load: {rate: 250k/s, transport: embedded}
`

const two = `name: a
workload: ysb
systems: [native, {name: native, as: b}]
expect: none
`

const faulted = `name: pay
workload: iot-telemetry
load: {rate: 250k/s, transport: kafka}
resources: {workers: 3, brokers: 1}
faults:
  - `

func TestEachMistakeIsToldWithItsPlaceAndItsRemedy(t *testing.T) {
	for _, c := range []struct{ what, src, at, want string }{
		{"an empty file", "", "1:1", "the scenario is empty: write at least name and workload"},
		{"a comment alone", "# nothing\n", "1:1", "the scenario is empty"},
		{"a list", "- a\n", "1:1", "the scenario is a list: write a map"},
		{"two documents", base + "---\nname: x\n", "5:1", "a second document"},
		{"a broken bracket", "name: [a\nworkload: ysb\n", "2:1", "not YAML"},
		{"a tab for indentation", "name: a\nload:\n\trate: 1\n", "3:1", "not YAML"},
		{"an anchor", base + "slo: &a {lost: 0}\n", "4:6", "anchors, aliases and tags are not read"},
		{"no name", "workload: ysb\n", "1:1", "the scenario has no name: write name"},
		{"a name that is a path", "name: ../x\nworkload: ysb\n", "1:7", `name is "../x"`},
		{"a name that is a number", "name: 12\nworkload: ysb\n", "1:7", `write "12" with its quotes`},
		{"no workload", "name: a\n", "1:1", "the scenario has no workload"},
		{"a duplicate key", base + "name: b\n", "4:1", `key "name" is there twice`},
		{"a key without a value", base + "slo:\n", "4:1", "slo has no value"},
		{"an unknown parameter", base + "params: {kyes: 5}\n", "4:10", `did you mean "keys"?`},
		{"a parameter without its unit", base + "params: {window: 10}\n", "4:18", "has no unit"},
		{"a parameter of the wrong kind", base + "params: {keys: [1]}\n", "4:16", "keys is a list"},
		{"groups that repeat events", base + "params: {groups: 953}\n", "4:18", "multiple of 953"},
		{"events of a form that cannot be damaged", "name: x\nworkload: poison\nload: {rate: 1k/s, " +
			"steady: 9s, format: binary}\n", "3:40", "damages the text of events"},
		{"a window that cannot close", base + "params: {window: 2m}\n", "3:14", "cannot close in steady"},
		{"an unknown mode", base + "mode: backpresure\n", "4:7", `did you mean "backpressure"?`},
		{"a mode without a name", base + "mode: {at: 2s}\n", "4:8", "mode has no name"},
		{"a stall that outlasts steady", base + "mode: backpressure\n", "4:7", "lasts until 90s"},
		{"a stall of 0", base + "mode: {name: backpressure, at: 0s, for: 1ms}\n", "4:41",
			"mode.for is 1ms"},
		{"a stall at rate max", "name: a\nworkload: ysb\nload: {rate: max, steady: 5m}\n" +
			"mode: backpressure\n", "4:7", "a stall is timed in steady"},
		{"a stall of another mode", base + "mode: {name: replay, for: 3s}\n", "4:22",
			"mode replay stalls no sink"},
		{"a replay that begins after steady", base + "mode: {name: replay, at: 70s}\n", "4:8",
			"the replay begins at 70s"},
		{"a replay of events that may be too late", base + "params: {disorder: 3s, bound: 1s}\n" +
			"mode: replay\n", "5:7", "how fast the input is read"},
		{"a replay of results that are refined", "name: a\nworkload: orders\nload: {rate: 20k/s}\n" +
			"mode: replay\n", "4:7", "refines its results"},
		{"a replay at rate max", "name: a\nworkload: ysb\nload: {rate: max, steady: 5m}\n" +
			"mode: replay\n", "4:7", "catches up with a schedule"},
		{"a time of a mode that has none", base + "mode: {name: batch-equals-stream, at: 2s}\n",
			"4:35", "has no time in steady"},
		{"a bounded input of unknown length", "name: a\nworkload: ysb\nload: {rate: 1k/s, " +
			"warmup: auto}\nmode: batch-equals-stream\n", "4:7", "how long that is nobody knows"},
		{"lines that depend on when they came", "name: a\nworkload: orders\nload: {rate: 20k/s}\n" +
			"mode: batch-equals-stream\n", "4:7", "refines its results"},
		{"no systems", base + "systems: []\n", "4:10", "names no system"},
		{"an unknown system", base + "systems: [flnk]\n", "4:11", `did you mean "flink"?`},
		{"a system twice", base + "systems: [native, native]\n", "4:19", "is there twice"},
		{"an image of native", base + "systems: [{name: native, image: x}]\n", "4:26", "has no image"},
		{"main without jar", base + "systems: [{name: flink, main: A}]\n", "4:25", "add jar"},
		{"a jar of native", base + "systems: [{name: native, jar: x.jar}]\n", "4:26", "has no jar"},
		{"a jar that is not there", base + "systems: [{name: flink, jar: sums.jar}]\n", "4:30",
			`no file is at "sums.jar": name a file`},
		{"a jar that is none", base + "systems: [{name: flink, jar: load_test.go, main: A}]\n", "4:30",
			`"load_test.go" cannot be read: zip: not a valid zip file`},
		{"a jar without a main class", base + "systems: [{name: spark, jar: testdata/job.jar}]\n",
			"4:30", "names no Main-Class: add main: com.example.Job"},
		{"a jar for a deployment", base + "systems: [{name: flink, at: 'http://a:1', jar: a.jar}]\n",
			"4:43", "leave at out"},
		{"an image for a deployment", base + "systems: [{name: flink, at: 'http://a:1', image: a}]\n",
			"4:43", "is there already"},
		{"a deployment of a library", base + "systems: [{name: kafkastreams, at: 'http://a:1'}]\n",
			"4:32", "Kafka Streams is a library"},
		{"another scheme", base + "systems: [{name: flink, at: 'spark://a:1'}]\n", "4:29",
			"write http://HOST:PORT"},
		{"events that stay in the process", "name: a\nworkload: ysb\nsystems: [native, flink]\n" +
			"load: {transport: embedded}\n", "4:19", "write transport: kafka"},
		{"one system and no oracle", base + "expect: none\n", "4:9", "compares systems with each other"},
		{"a search without an oracle", two + "load: {rate: {search: sustainable}}\n", "4:9",
			"by the oracle's verdicts"},
		{"rate max without an oracle", two + "load: {rate: max}\n", "4:9", "write load.events"},
		{"a limit of the oracle's without one", two + "slo: {lost: 0}\n", "5:7", "counted by the oracle"},
		{"parts of an answer without an oracle", "name: a\nworkload: nexmark\nparams: {query: q12}\n" +
			"expect: none\nsystems: [native, {name: native, as: b}]\n", "4:9", "the oracle adds them up"},
		{"a mode without an oracle", two + "mode: batch-equals-stream\n", "5:1", "needs the oracle"},
		{"a bare rate", "name: a\nworkload: ysb\nload: {rate: 5000}\n", "3:14", "write 5000/s"},
		{"a rate beyond reason", "name: a\nworkload: ysb\nload: {rate: 1000M/s}\n", "3:14",
			"write at most 100M/s"},
		{"a rate of 0", "name: a\nworkload: ysb\nload: {rate: 0/s}\n", "3:14", "at least 1/s"},
		{"a rate map of neither kind", "name: a\nworkload: ysb\nload: {rate: {x: 1}}\n", "3:15",
			"neither search nor of-capacity"},
		{"a piece without a time", "name: a\nworkload: ysb\nload: {rate: [{rate: 1k/s}]}\n", "3:16",
			"piece 1 of load.rate has no time"},
		{"a profile without pieces", "name: a\nworkload: ysb\nload: {rate: []}\n", "3:14", "no pieces"},
		{"an endless steady", "name: a\nworkload: ysb\nload: {steady: 25h}\n", "3:16", "at most 24h"},
		{"a bare time", "name: a\nworkload: ysb\nload: {steady: 60}\n", "3:16", "has no unit"},
		{"a negative time", "name: a\nworkload: ysb\nload: {steady: -60s}\n", "3:16", "is negative"},
		{"events and steady", "name: a\nworkload: ysb\nload: {events: 1M, steady: 9s}\n", "3:20",
			"both events and steady"},
		{"events and warmup", "name: a\nworkload: ysb\nload: {events: 1M, warmup: 9s}\n", "3:20",
			"discards nothing"},
		{"no events", "name: a\nworkload: ysb\nload: {events: 0}\n", "3:16", "load.events is 0"},
		{"a broker that is not there", base + "resources: {brokers: 3}\n", "4:13", "brokers without"},
		{"partitions that are not there", "name: a\nworkload: ysb\nload: {partitions: 8}\n", "3:8",
			"an embedded transport has no partitions"},
		{"nothing to gather for", "name: a\nworkload: ysb\nload: {linger: 5ms}\n", "3:8",
			"an embedded transport has no sends"},
		{"gathered for long", "name: a\nworkload: ysb\nload: {transport: kafka, linger: 5s}\n", "3:34",
			"write at most 1s"},
		{"a broker of a log", "name: a\nworkload: ysb\nload: {transport: log, broker: embedded}\n", "3:24",
			"a log transport has no broker"},
		{"too many logs", "name: a\nworkload: ysb\nload: {transport: log, partitions: 257}\n", "3:36",
			"write at most 256"},
		{"too many partitions", "name: a\nworkload: ysb\nload: {transport: kafka, partitions: 2000000}\n",
			"3:38", "write 1 to 1000000"},
		{"too many workers", base + "resources: {workers: 65}\n", "4:22", "write 1 to 64"},
		{"half a worker", base + "resources: {workers: 1.5}\n", "4:22", "write a whole number"},
		{"half a slot", base + "resources: {worker: {cpus: 0.5}}\n", "4:28", "whole number of cpus"},
		{"memory without its unit", base + "resources: {worker: {memory: 512}}\n", "4:30", "no unit"},
		{"a limit without its unit", base + "slo: {latency.p99: 50}\n", "4:20", "has no unit"},
		{"a misspelt metric", base + "slo: {latncy.p99: 50ms}\n", "4:7", `did you mean "latency.p99"?`},
		{"a limit on recovery without a fault", base + "slo: {recovery: 10s}\n", "4:7", "needs a fault"},
		{"an upper bound on throughput", base + "slo: {accepted: 1k/s}\n", "4:17", `write ">= 1k/s"`},
		{"latency at rate max", "name: a\nworkload: ysb\nload: {rate: max}\nslo: {latency.p50: 1s}\n",
			"4:7", "not reported at rate max"},
		{"a fault after the end", faulted + "{at: 95s, kill: worker}\n", "6:10", "is after steady ends (60s)"},
		{"a fault healed after the end", faulted + "{at: 55s, pause: worker, for: 9s}\n", "6:10",
			"is healed at 64s"},
		{"a fault without a baseline", faulted + "{at: 5s, kill: worker}\n", "6:10", "leaves no baseline"},
		{"a fault without a time", faulted + "{kill: worker}\n", "6:6", "fault 1 has 0 times"},
		{"a fault with two times", faulted + "{at: 20s, during: restore, kill: worker}\n", "6:6", "2 times"},
		{"a fault without a verb", faulted + "{at: 20s}\n", "6:6", "fault 1 does nothing"},
		{"a fault with two verbs", faulted + "{at: 20s, kill: worker, lose: worker}\n", "6:29", "two verbs"},
		{"a fault never healed", faulted + "{at: 20s, pause: worker}\n", "6:15", "fault 1 is never healed: pause has no end"},
		{"a key of another verb", faulted + "{at: 20s, kill: worker, for: 5s}\n", "6:29", "kill has no for"},
		{"a worker too many", faulted + "{at: 20s, kill: worker-5}\n", "6:21",
			"no worker-5: native has 3 workers: write worker-1 to worker-3"},
		{"a broker too many", faulted + "{at: 20s, kill: broker-2}\n", "6:21", "no broker-2"},
		{"an unknown node", faulted + "{at: 20s, kill: wroker}\n", "6:21", `no node is called "wroker"`},
		{"a partition behind the last", faulted + "{at: 20s, kill: leader-of input/8}\n", "6:21",
			"no partition 8 of 8: write 0 to 7"},
		{"one side", faulted + "{at: 20s, partition: [worker-1], for: 5s}\n", "6:26", "has one side"},
		{"an empty side", faulted + "{at: 20s, partition: [\"worker-1 |\"], for: 5s}\n", "6:26", "empty side"},
		{"a node on both sides", faulted + "{at: 20s, partition: [rest | rest], for: 5s}\n", "6:26", "twice"},
		{"a ring of three", faulted + "{at: 20s, partition: {ring: true}, for: 5s}\n", "6:27", "4 workers"},
		{"rest alone", faulted + "{at: 20s, kill: rest}\n", "6:21", "side of a partition"},
		{"a link of one", faulted + "{at: 20s, link: {between: [worker], delay: 1s}, for: 5s}\n", "6:22",
			"link has 1 of its two ends"},
		{"a loss without its unit", faulted + "{at: 20s, link: {loss: 2}, for: 5s}\n", "6:28", "write 2%"},
		{"a share without its unit", "name: a\nworkload: ysb\nload: {rate: {of-capacity: 0.7}}\n", "3:28",
			"write 70%"},
		{"a port that is none", "name: a\nworkload: ysb\nload: {transport: kafka, broker: \"a:1,b:65536\"}\n",
			"3:34", "ports of 1 to 65535"},
		{"a setting that is a word, as a map", "name: a\nworkload: ysb\nload: {transport: kafka, " +
			"broker: {at: \"a:1\", sasl: {user: b}}}\n", "3:53", "write one of none, plain, scram"},
		{"a setting that is a word, as yes or no", "name: a\nworkload: ysb\nload: {transport: kafka, " +
			"broker: {at: \"a:1\", tls: true}}\n", "3:51", "write one of none, system, insecure"},
		{"a disk broken twice", faulted + "{at: 20s, disk: {node: worker, full: true, lie: true}, for: 5s}\n",
			"6:22", "broken in 2 ways"},
		{"an unknown milestone", faulted + "{when: lunch, kill: worker}\n", "6:12", "no milestone is called"},
		{"a fault longer than the cap", faulted + "{at: 20s, pause: worker, for: 9s}\nsafety: {max-duration: 5s}\n",
			"6:35", "safety.max-duration is 5s"},
		{"more nodes than the cap", faulted + "{at: 20s, kill: majority}\nsafety: {max-nodes: 1}\n", "6:21",
			"majority are 2 nodes"},
		{"faults in a run of events", strings.Replace(faulted, "rate: 250k/s", "events: 1M", 1) +
			"{at: 20s, kill: worker}\n", "5:1", "events leaves it out"},
		{"a broker's fault without brokers", strings.Replace(faulted, "kafka", "embedded", 1) +
			"{at: 20s, kill: broker}\n", "6:21", "the transport is embedded"},
		{"a coordinator gone for good", faulted + "{at: 20s, kill: coordinator}\n", "6:21",
			"takes the coordinator away for good"},
		{"no worker left", strings.Replace(faulted, "workers: 3", "workers: 1", 1) +
			"{at: 20s, kill: worker}\n", "6:21", "leaves native no worker: it cannot be healed"},
		{"no worker left after three", faulted + "{at: 20s, kill: worker}\n  - {at: 30s, lose: worker-1}\n" +
			"  - {when: detected, stop: worker}\nsafety: {max-nodes: 3}\n", "8:28", "fault 3 leaves native no worker"},
		{"two at once", faulted + "{at: 20s, kill: worker-1}\n  - {at: 30s, pause: worker-2, for: 5s}\n", "7:10",
			"2 nodes are broken at once at 30s, safety.max-nodes is 1"},
		{"a restart after steady", faulted + "{at: 55s, kill: worker, restart: 10s}\n", "6:10",
			"fault 1 is healed at 65s, after steady ends (60s)"},
		{"a restart longer than the cap", faulted + "{at: 20s, kill: worker, restart: 9s}\n" +
			"safety: {max-duration: 5s}\n", "6:38", "fault 1 lasts 9s, safety.max-duration is 5s"},
		{"a fault at a milestone that outlasts steady", faulted + "{when: detected, pause: worker, for: 50s}\n",
			"6:6", "cannot be healed before the end"},
		{"a partition of a stranger", faulted + "{at: 20s, partition: [worker-9 | rest], for: 5s}\n", "6:26",
			"no worker-9: native has 3 workers"},
		{"a bridge between two", strings.Replace(faulted, "workers: 3", "workers: 2", 1) +
			"{at: 20s, partition: {bridge: worker-1}, for: 5s}\n", "6:27", "a bridge needs 3 workers"},
		{"a link to itself", faulted + "{at: 20s, link: {between: [worker-1, worker-1], delay: 1s}, for: 5s}\n",
			"6:22", "worker-1 has no link to itself"},
		{"a random schedule without room", faulted + "{random: {seed: 1, count: 20}}\n", "6:15",
			"lengthen load.steady to 70s or draw fewer"},
		{"poison in a form without text", faulted + "{at: 20s, poison: 10}\n", "6:6",
			"damages the text of events, load.format is binary"},
		{"poison behind the end", strings.Replace(faulted, "transport: kafka", "transport: kafka, format: json", 1) +
			"{at: 59s, poison: 10000}\n", "6:6", "end after steady"},
		{"poison at a milestone", strings.Replace(faulted, "transport: kafka", "transport: kafka, format: json", 1) +
			"{when: detected, poison: 10}\n", "6:6", "drawn before it is offered"},
		{"a recovery from poison", strings.Replace(faulted, "transport: kafka", "transport: kafka, format: json", 1) +
			"{at: 20s, poison: 10}\nslo: {recovery: 10s}\n", "7:7", "needs a fault"},
		{"a mode and faults", faulted + "{at: 20s, kill: worker}\nmode: {name: backpressure, at: 2s, for: 3s}\n",
			"7:8", "mode backpressure and faults"},
		{"an unknown setting of native", base + "systems: [{name: native, config: {heartbeet: 1s}}]\n", "4:35",
			`native has no setting "heartbeet": did you mean "heartbeat"?`},
		{"a setting that is no time", base + "systems: [{name: native, config: {heartbeat: fast}}]\n", "4:46",
			`heartbeat is "fast": write 5ms to 1h`},
		{"a time-out below the heartbeat", base + "systems: [{name: native, config: {heartbeat: 1s, " +
			"heartbeat.timeout: 500ms}}]\n", "4:69", "a worker that is silent for 500ms is lost"},
		{"equal anchors", base + "decide: {criteria: [{name: a, metric: lost, bad: 1, good: 1, swing: 100}]}\n",
			"4:59", "bad and good are equal"},
		{"anchors the wrong way", base + "decide: {criteria: [{name: a, metric: lost, bad: 0, good: 1, swing: 100}]}\n",
			"4:59", "is better lower"},
		{"no anchor", base + "decide: {criteria: [{name: a, metric: lost, swing: 100}]}\n", "4:22",
			"lacks an anchor"},
		{"an anchor without its unit",
			base + "decide: {criteria: [{name: a, metric: latency.p99, bad: 5, good: 1s, swing: 100}]}\n",
			"4:57", `"latency.p99" has no unit`},
		{"a swing beyond 100", base + "decide: {criteria: [{name: a, metric: lost, bad: 1, good: 0, swing: 101}]}\n",
			"4:69", "write 0 to 100"},
		{"no swing of 100", base + "decide: {criteria: [{name: a, metric: lost, bad: 1, good: 0, swing: 50}]}\n",
			"4:10", "the largest swing is 50"},
		{"an unknown scale", base + "decide: {criteria: [{name: a, scale: log}]}\n", "4:38", `scale is "log"`},
		{"a judgement of a stranger",
			base + "decide: {criteria: [{name: a, judged: {Z: [1, 2, 3]}, bad: 0, good: 9, swing: 100, by: me}]}\n",
			"4:40", `no system of this scenario is called "Z"`},
		{"a mandate on a strange metric", base + "decide: {mandates: [{name: a, metric: lots, max: 0}]}\n",
			"4:39", "no metric is called \"lots\""},
		{"a mandate that demands nothing", base + "decide: {mandates: [{name: a, metric: lost}]}\n",
			"4:22", "demands nothing"},
		{"a sample that is no fraction", base + "trace: {sample: 5%}\n", "4:17", "write 1/20000"},
		{"a repeat of 0", base + "repeat: 0\n", "4:9", "write 1 to 100"},
		{"a terminal code", base + "\"\\e[31m\": 1\n", "4:1", "unknown key"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s, problems := Load("f", []byte(c.src), nil)
			if s != nil {
				t.Error("a scenario came with the problems")
			}
			hit := slices.ContainsFunc(problems, func(p Problem) bool {
				return fmt.Sprintf("%d:%d", p.Line, p.Col) == c.at && strings.Contains(p.String(), c.want)
			})
			if !hit {
				t.Errorf("no %q at %s in\n%v", c.want, c.at, problems)
			}
		})
	}
}

func TestOneMistakeGivesOneMessage(t *testing.T) {
	for _, src := range []string{
		base + "slo: {latency.p99: 50}\n",
		faulted + "{at: 95s, kill: worker}\n",
		"name: a\nworkload: ysb\nload: {steady: 9}\nfaults: [{at: 70s, kill: worker}]\n",
		"name: a\nworkload: yssb\nparams: {window: 1s}\n",
		base + "systems: [flnk]\n",
	} {
		if _, problems := Load("f", []byte(src), nil); len(problems) != 1 {
			t.Errorf("%s\ngave %d messages:\n%v", src, len(problems), problems)
		}
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	s := mustLoad(t, "name: a\nworkload: iot-telemetry\n")
	if s.Load.Rate.PerSecond != 1_500_000 || s.Load.EventRate != 1_500_000 || s.Load.Seed != 1 ||
		s.Load.Transport != "embedded" || s.Load.Steady.Seconds() != 60 || s.Repeat.N != 1 ||
		s.Params["keys"] != "100k" || s.Systems[0].Name != native || s.Guarantee != "exactly-once" {
		t.Errorf("defaults: %+v", s)
	}
	two := mustLoad(t, "name: a\nworkload: iot-telemetry\nsystems: [native, flink]\n")
	if two.Load.Transport != "kafka" || two.Load.Broker.At != "container" || two.Load.Partitions != 8 {
		t.Errorf("load beside a framework: %+v", two.Load)
	}
	alone := mustLoad(t, "name: a\nworkload: ysb\nload: {transport: kafka}\n")
	if alone.Load.Broker.At != "embedded" {
		t.Errorf("broker of native alone: %+v", alone.Load.Broker)
	}
	log := mustLoad(t, "name: a\nworkload: ysb\nload: {transport: log}\n")
	if log.Load.Broker.At != "" || log.Load.Partitions != 8 || log.Resources.Brokers != 0 ||
		log.Resources.Driver.CPUs != 1 {
		t.Errorf("load over a log: %+v, %+v", log.Load, log.Resources)
	}
	six := mustLoad(t, "name: a\nworkload: ysb\nload: {transport: kafka, broker: \"[::1]:9092,b:1\"}\n")
	if six.Load.Broker.At != "[::1]:9092,b:1" {
		t.Errorf("broker of an IPv6 address: %+v", six.Load.Broker)
	}
	zero := mustLoad(t, "name: a\nworkload: ysb\nload: {seed: 0, events: 1M}\n")
	if zero.Load.Seed != 0 || zero.Load.Steady != 0 || zero.Load.Warmup != (Warmup{}) {
		t.Errorf("seed 0 and a run of events: %+v", zero.Load)
	}
	profile := mustLoad(t, "name: a\nworkload: ysb\nload: {rate: [{for: 5s, rate: 1k/s}, {for: 5s, rate: 3k/s}]}\n")
	if profile.Load.EventRate != 3000 {
		t.Errorf("event rate of a profile is %d, want its highest piece", profile.Load.EventRate)
	}
}

func TestDecisionTakesItsAnchorsFromLimits(t *testing.T) {
	s := mustLoad(t, base+"slo: {latency.p99: 50ms}\n"+
		"decide: {criteria: [{name: p99, metric: latency.p99, swing: 100}]}\n")
	c := s.Decide.Criteria[0]
	if c.Good.Value != 50e6 || c.Bad.Value != 500e6 || c.Bad.Text != "500ms" || c.Scale != "ratio" {
		t.Errorf("criterion %+v", c)
	}
	other := mustLoad(t, base+"slo: {latency.p99: 60ms}\n"+
		"decide: {criteria: [{name: p99, metric: latency.p99, swing: 100}]}\n")
	if s.AnchorsHash() == other.AnchorsHash() || s.AnchorsHash() == "" {
		t.Error("the hash of the anchors does not follow the anchors")
	}
}

func TestFlagsChangeValues(t *testing.T) {
	s := mustLoad(t, base+"faults: [{at: 20s, kill: worker, restart: 5s}]\n", "load.rate=1.5M/s",
		"resources.worker.cpus=2", "faults.0.at=30s", "slo.latency.p99=5ms", "params.keys=10",
		"faults.1={at: 40s, pause: worker, for: 1s}", "systems=[native]")
	if s.Load.Rate.PerSecond != 1_500_000 || s.Resources.Worker.CPUs != 2 || s.SLO[0].Value != 5e6 ||
		s.Faults[0].At.Seconds() != 30 || s.Params["keys"] != "10" || len(s.Faults) != 2 {
		t.Errorf("changed: %+v", s)
	}
	search := mustLoad(t, base, "load.rate={search: sustainable}", "load.rate.latency.p99=1s")
	if search.Load.Rate.Search.Limits[0].Value != 1e9 {
		t.Errorf("search %+v", search.Load.Rate.Search)
	}
}

func TestFlagsNameThemselvesInMessages(t *testing.T) {
	for set, want := range map[string]string{
		"load.rat=5":        `--set load.rat: unknown key "rat" in load: did you mean "rate"?`,
		"load.steady=5":     `--set load.steady: load.steady has no unit: write 50ms, 50us or 1.5s`,
		"load.steady":       `--set load.steady: not a path and a value: write --set load.rate=1.5M/s`,
		"name.x=5":          `--set name.x: "pay" has no key "x", it is a text`,
		"systems.3=flink":   `--set systems.3: `,
		"load.rate=[":       `--set load.rate: not YAML`,
		"load.rate=":        `--set load.rate: load.rate has no value`,
		"params.window=10m": `cannot close in steady`,
		"=5":                `--set : not a path and a value`,
	} {
		_, problems := Load("f", []byte(base), []string{set})
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("--set %s: no %q in\n%v", set, want, problems)
		}
	}
}

func TestLockReadsBackToAnEqualScenario(t *testing.T) {
	sources := map[string][]byte{"full": read(t, "full.yaml")}
	for _, e := range Shipped() {
		sources[e.Name] = e.Source
	}
	for name, src := range sources {
		s := mustLoad(t, string(src))
		again, problems := Load(name+".lock", s.Lock(), nil)
		if len(problems) > 0 {
			t.Errorf("%s: lock:\n%s\n%v", name, s.Lock(), problems)
			continue
		}
		if !reflect.DeepEqual(s, again) {
			t.Errorf("%s: lock reads back to\n%s\nnot\n%s", name, again.Lock(), s.Lock())
		}
		if s.LockHash() != again.LockHash() || len(s.LockHash()) != 64 {
			t.Errorf("%s: hashes %s and %s", name, s.LockHash(), again.LockHash())
		}
	}
}

func TestLockKeepsEveryTextAsItIs(t *testing.T) {
	s := mustLoad(t, "name: a\nworkload: ysb\ndecide: {}\nsystems: [{name: flink, config: {a: b}}]\n")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringOfN(rapid.RuneFrom([]rune(" a:-#'\"\\\n\t{}[],&*!|>%@`1.0é~?\r<_x")), 1, 8, -1),
			rapid.SampledFrom([]string{"null", "1e3", "0x1F", "1_000", ".inf", "yes", "<<", "---", "=", "~"}),
		).Draw(t, "text")
		s.Decide.Question, s.Systems[0].Config = text, Config{text: text}
		again, problems := Load("lock", s.Lock(), nil)
		if len(problems) > 0 || !reflect.DeepEqual(s, again) {
			t.Fatalf("%q: lock\n%s\ndoes not read back: %v", text, s.Lock(), problems)
		}
	})
}

func TestLockDoesNotDependOnHowDefaultsWereWritten(t *testing.T) {
	short := mustLoad(t, "name: a\nworkload: ysb\n")
	long := mustLoad(t, "workload: ysb\nname: a\nsystems: [{name: native}]\nload: {seed: 1, warmup: 10000ms}\n")
	if short.LockHash() != long.LockHash() {
		t.Errorf("locks differ:\n%s\n%s", short.Lock(), long.Lock())
	}
}

func TestHostileFilesAreRefusedAtOnce(t *testing.T) {
	for what, c := range map[string]struct{ src, want string }{
		"brackets without end":  {strings.Repeat("[", 200_000), "nested more than 32 deep"},
		"brackets line by line": {strings.Repeat("a: [\n", 100_000), "nested more than 32 deep"},
		"deep indentation":      {deep(600), "nested more than 32 deep"},
		"deep maps":             {deep(40), "nested more than 32 deep"},
		"two megabytes":         {strings.Repeat("# x\n", 1<<19), "at most 1 MiB"},
		"a binary file":         {"name: a\n\xff\xfe\x00", "not UTF-8 text"},
		"a long list":           {base + "systems: [" + strings.Repeat("x,", 2000) + "x]\n", "more than 1000"},
	} {
		_, problems := Load("f", []byte(c.src), nil)
		if !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: no %q in %.300v", what, c.want, problems)
		}
	}
}

func deep(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// FuzzLoad holds that Load never panics, that every problem lies inside its file, and that a sound
// scenario has a plan and a lock that reads back to itself.
func FuzzLoad(f *testing.F) {
	for _, e := range Shipped() {
		f.Add(e.Source, "load.rate=1M/s")
	}
	f.Add(read(f, "full.yaml"), "faults.0.at=30s")
	f.Add(read(f, "bad.yaml"), "slo.lost=x")
	f.Add([]byte("a: [{b\n"), "=")
	f.Add([]byte("name: \"\u00e9\"\n\u00e9: \t1\n"), "a.b.c=[1, {x: y}]")
	f.Fuzz(func(t *testing.T, src []byte, set string) {
		s, problems := Load("f", src, []string{set})
		if (s == nil) != (len(problems) > 0) {
			t.Fatalf("scenario %v with problems %v", s, problems)
		}
		lines := strings.Split(strings.ToValidUTF8(string(src), "?"), "\n")
		for _, p := range problems {
			if strings.HasPrefix(p.File, "--set") && p.Line == 0 {
				continue
			}
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Width < 1 ||
				p.Col > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Fatalf("%v lies outside the file", p)
			}
		}
		if err := problems.Render(new(bytes.Buffer), RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		if s == nil {
			return
		}
		NewPlan(s)
		s.NotYet()
		again, problems := Load("lock", s.Lock(), nil)
		if len(problems) > 0 || !reflect.DeepEqual(s, again) {
			t.Fatalf("lock\n%s\ndoes not read back: %v", s.Lock(), problems)
		}
	})
}
