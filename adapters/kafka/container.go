package kafka

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/streambench/streambench/adapters"
	"github.com/streambench/streambench/adapters/docker"
	"github.com/streambench/streambench/adapters/kafka/image"
	"github.com/streambench/streambench/chaos"
)

// AtContainer is what Broker.At says where the transport is to start brokers in containers.
const AtContainer = "container"

// Ports of a broker in its container.
const (
	insidePort     = 9092
	controllerPort = 9093
	hostPort       = 19092
)

const (
	// longestReady bounds how long brokers may take to be ready: three of them want the same
	// processors at once.
	longestReady = 4 * time.Minute
	// lookEvery is how often somebody looks whether the brokers still run.
	lookEvery = time.Second
	// usualMemoryB is the memory of a broker that was given no limit.
	usualMemoryB = 1 << 30
)

// What is wrong with brokers in containers.
var (
	errImage   = errors.New("the image is not there")
	errDiffers = errors.New("setting")
)

// containers are brokers in containers of one network, each broker and controller at once.
//
//	this host --127.0.0.1:PORT--> HOST of kafka-1 … kafka-N
//	systems in containers --kafka-1:9092--> INTERNAL
type containers struct {
	engine     *docker.Engine
	deployment *docker.Deployment
	image      string
	clusterID  string
	of         adapters.Broker
	brokers    []*docker.Container
	declared   []map[string]string // settings of each

	dead    chan struct{} // closed when a broker has died
	death   error         // why; read after dead
	quit    func()
	watches sync.WaitGroup
	once    sync.Once
	closing error
}

// startContainers starts the brokers of a job, or of several, and warms them up.
func startContainers(ctx context.Context, job adapters.Job, l limits) (*containers, error) {
	k := &containers{
		of: job.Broker, clusterID: clusterID(job.RunID), dead: make(chan struct{}), quit: func() {},
	}
	k.of.Nodes = max(1, k.of.Nodes)
	k.of.MemoryB = cmp.Or(k.of.MemoryB, usualMemoryB)
	if err := k.start(ctx, job, l); err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

// clusterID is 16 bytes that follow from the run: a broker of another is not taken for ours.
func clusterID(run string) string {
	sum := sha256.Sum256([]byte(run))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func (k *containers) start(ctx context.Context, job adapters.Job, l limits) (err error) {
	if k.engine, err = docker.Connect(ctx); err != nil {
		return err
	}
	k.image = image.Image().Ref()
	there, err := k.engine.Has(ctx, k.image)
	if err != nil {
		return Unready("start brokers", err)
	}
	if !there {
		return Unready("start brokers", fmt.Errorf("%w: %s", errImage, k.image))
	}
	k.deployment, err = k.engine.NewDeployment(ctx, docker.DeploymentConfig{
		RunID: job.RunID, LogDir: job.LogDir, Lease: job.Lease,
	})
	if err != nil {
		return err
	}
	if err := k.startNodes(ctx); err != nil {
		return err
	}
	admin, err := connect(ctx, k.of, k.endpoints(), l)
	if err != nil {
		return k.orDeath(ctx, err)
	}
	defer admin.Close()
	if err := k.awaitAll(ctx, kadm.NewClient(admin)); err != nil {
		return k.orDeath(ctx, err)
	}
	if _, err := k.settings(ctx, kadm.NewClient(admin)); err != nil {
		return err
	}
	if err := k.warmUp(ctx, admin); err != nil {
		return k.orDeath(ctx, err)
	}
	k.watch(job.Broken && k.of.Nodes > 1)
	return nil
}

// startNodes starts all at once: none is ready before most of them are.
func (k *containers) startNodes(ctx context.Context) error {
	k.brokers = make([]*docker.Container, k.of.Nodes)
	k.declared = make([]map[string]string, k.of.Nodes)
	errs := make([]error, k.of.Nodes)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var starts sync.WaitGroup
	for i := range k.brokers {
		starts.Go(func() {
			if k.brokers[i], errs[i] = k.deployment.Start(ctx, k.spec(i)); errs[i] != nil {
				cancel() // the others wait for it in vain
			}
		})
	}
	starts.Wait()
	for _, err := range errs {
		if err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
			return untended("start brokers", err)
		}
	}
	return errors.Join(errs...)
}

// untended words an error of the engine, or of a container with its last words: it says itself what
// to do, or nobody knows.
func untended(what string, err error) error { return &unreadyError{what + ": " + err.Error(), err} }

// nodeName is the name of broker i, and its alias on the network.
func nodeName(i int) string { return "kafka-" + strconv.Itoa(i+1) }

// spec is broker i.
func (k *containers) spec(i int) docker.Spec {
	return docker.Spec{
		Name: nodeName(i), Image: k.image, Role: chaos.Broker,
		CPUs: k.of.CPUs, MemoryB: k.of.MemoryB, Publish: []int{hostPort},
		Env: map[string]string{
			"CLUSTER_ID": k.clusterID, "JAVA_OPTS": javaOptions(k.of.CPUs, k.of.MemoryB),
		},
		EnvOf: func(c *docker.Container) map[string]string {
			own := nodeProperties(i, k.of.Nodes, c.Endpoint(hostPort))
			k.declared[i] = image.Properties()
			lines := make([]string, 0, len(own))
			for key, value := range own {
				k.declared[i][key] = value
				lines = append(lines, key+"="+value)
			}
			slices.Sort(lines)
			return map[string]string{"NODE_PROPERTIES": strings.Join(lines, "\n")}
		},
		Ready: docker.ReadyLog("Kafka Server started"), Within: longestReady,
	}
}

// nodeProperties are the settings of broker i of n that others do not have, or one alone not.
func nodeProperties(i, n int, endpoint string) map[string]string {
	var voters []string
	for v := range n {
		voters = append(voters, fmt.Sprintf("%d@%s:%d", v+1, nodeName(v), controllerPort))
	}
	own := map[string]string{
		"node.id":                  strconv.Itoa(i + 1),
		"controller.quorum.voters": strings.Join(voters, ","),
		"advertised.listeners": fmt.Sprintf("INTERNAL://%s:%d,HOST://%s", nodeName(i), insidePort,
			endpoint),
	}
	copies, least := strconv.Itoa(min(n, 3)), strconv.Itoa(min(max(1, n-1), 2))
	for _, key := range []string{"default", "offsets.topic", "transaction.state.log",
		"share.coordinator.state.topic"} {
		own[key+".replication.factor"] = copies
	}
	for _, key := range []string{"min.insync.replicas", "transaction.state.log.min.isr",
		"share.coordinator.state.topic.min.isr"} {
		own[key] = least
	}
	return own
}

// javaOptions are those of a broker's virtual machine. On few cores the plain collector and the
// first compiler alone have it ready in half the processor time and take as little a record. Half
// of the memory is left to the pages of the log.
func javaOptions(cpus float64, memoryB uint64) string {
	heap := min(max(memoryB/2>>20, 192), 6<<10)
	options := fmt.Sprintf("-Xms%dm -Xmx%dm", heap/2, heap)
	if cpus > 0 && cpus <= 2 {
		options += " -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
	}
	return options
}

// endpoints are where this host reaches the brokers.
func (k *containers) endpoints() (all []string) {
	for _, b := range k.brokers {
		all = append(all, b.Endpoint(hostPort))
	}
	return all
}

// reach is how this host and the containers of the network reach them.
func (k *containers) reach() reach {
	at := reach{bootstrap: k.endpoints(), network: k.deployment.Network()}
	for _, b := range k.brokers {
		at.inside = append(at.inside, b.Inside(insidePort))
	}
	return at
}

func (k *containers) nodes() (all []chaos.Node) {
	for _, b := range k.brokers {
		all = append(all, b.Node())
	}
	return all
}

// accounted is a channel whose brokers are in containers: their engine knows what they use.
type accounted struct{ *channel }

// Used sums over the brokers since they were started, which may be before the job was.
func (a accounted) Used(ctx context.Context) (adapters.Usage, error) {
	return a.containers.deployment.Used(ctx)
}

// awaitAll waits until every broker is a member of our cluster.
func (k *containers) awaitAll(ctx context.Context, admin *kadm.Client) error {
	ctx, cancel := context.WithTimeout(ctx, longestReady)
	defer cancel()
	for {
		meta, err := admin.BrokerMetadata(ctx)
		if err != nil {
			return Unready("look at brokers", err)
		}
		if meta.Cluster != k.clusterID {
			return Unready("look at brokers", fmt.Errorf("%w: cluster %s answers at %s, not %s",
				errForeign, meta.Cluster, strings.Join(k.endpoints(), ","), k.clusterID))
		}
		if len(meta.Brokers) == k.of.Nodes {
			return nil
		}
		select {
		case <-time.After(topicPause):
		case <-ctx.Done():
			return Unready(fmt.Sprintf("wait for %d brokers, %d are there", k.of.Nodes,
				len(meta.Brokers)), ctx.Err())
		}
	}
}

// watch looks whether the brokers live, unless they are to be broken.
func (k *containers) watch(broken bool) {
	if broken {
		return
	}
	ctx, quit := context.WithCancel(context.Background())
	k.quit = quit
	k.watches.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(lookEvery):
			}
			if err := k.running(ctx); err != nil && ctx.Err() == nil {
				k.death = untended("watch brokers", err)
				close(k.dead)
				return
			}
		}
	})
}

// running says which broker has died, and with what last words.
func (k *containers) running(ctx context.Context) error {
	for _, b := range k.brokers {
		if err := b.Running(ctx); err != nil {
			return err
		}
	}
	return nil
}

// orDeath is why a broker has died, where one has: that is why it does not answer.
func (k *containers) orDeath(ctx context.Context, err error) error {
	if died := k.running(ctx); died != nil && ctx.Err() == nil {
		return untended("start brokers", died)
	}
	return err
}

// close removes the brokers; twice is harmless.
func (k *containers) close() error {
	k.once.Do(func() {
		k.quit()
		k.watches.Wait()
		if k.deployment != nil {
			if err := k.deployment.Close(); err != nil {
				k.closing = fmt.Errorf("remove brokers: %w", err)
			}
		}
		if k.engine != nil {
			k.closing = errors.Join(k.closing, k.engine.Close())
		}
	})
	return k.closing
}
