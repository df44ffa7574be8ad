package main

import (
	"os"
	"path/filepath"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/flink"
	"github.com/streambench/streambench/adapters/kafka"
	"github.com/streambench/streambench/adapters/kafkastreams"
	"github.com/streambench/streambench/adapters/log"
	"github.com/streambench/streambench/adapters/native"
	"github.com/streambench/streambench/adapters/null"
	"github.com/streambench/streambench/adapters/spark"
	"github.com/streambench/streambench/scenarios"
)

// systemEntry is a system that a scenario may name.
type systemEntry struct {
	Name string
	Doc  string
	// Adapter deploys it; nil where this version only knows the name, and then Needs says what
	// running it takes.
	Adapter adapters.Adapter
	Needs   string
}

// systems is the one table of systems: an adapter is one folder and one line here.
var systems = []systemEntry{
	{Name: "native", Doc: "the columnar engine of streambench, in one process",
		Adapter: native.Adapter{}},
	{Name: "flink", Doc: "Apache Flink (DataStream)", Adapter: flink.Adapter{}},
	{Name: "kafkastreams", Doc: "Kafka Streams", Adapter: kafkastreams.Adapter{}},
	{Name: "spark", Doc: "Apache Spark (Structured Streaming)", Adapter: spark.Adapter{}},
	{Name: "storm", Doc: "Apache Storm", Needs: containers},
	{Name: "beam", Doc: "Apache Beam", Needs: containers},
	{Name: "pekko", Doc: "Apache Pekko Streams", Needs: containers},
	{Name: "samza", Doc: "Apache Samza", Needs: containers},
	{Name: "pulsar", Doc: "Apache Pulsar Functions", Needs: containers},
}

const containers = "an adapter that deploys it in containers, and a broker"

// findAdapter finds the adapter of a system by its name.
func findAdapter(name string) (adapters.Adapter, bool) {
	for _, s := range systems {
		if s.Name == name && s.Adapter != nil {
			return s.Adapter, true
		}
	}
	return nil, false
}

// transportEntry is a way events and results can travel.
type transportEntry struct {
	Name      string
	Transport adapters.Transport
}

// transports is the one table of transports. The embedded one is part of a system and not here.
var transports = []transportEntry{
	{Name: adapters.Kafka, Transport: kafka.Transport{}},
	{Name: adapters.Log, Transport: log.Transport{}},
}

// findTransport finds a transport by its name.
func findTransport(name string) (adapters.Transport, bool) {
	for _, t := range transports {
		if t.Name == name {
			return t.Transport, true
		}
	}
	return nil, false
}

// nullCeiling is the pass-through and where its ceilings are kept: in the user's cache, or nowhere
// where there is none.
func nullCeiling() scenarios.Null {
	b := versionOf()
	n := scenarios.Null{
		Adapter: null.Adapter{}, Transports: findTransport, Version: b.Version, Commit: b.Commit,
	}
	if dir, err := os.UserCacheDir(); err == nil {
		n.Dir = filepath.Join(dir, "streambench", "ceilings")
	}
	return n
}
