package io.streambench.kafkastreams;

import io.streambench.core.Plan;
import io.streambench.core.Settings;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** The configuration of a job: what the plan asks for, and what is in force. */
final class Terms {
    /** Settings of Streams that are told beside those the plan names. */
    private static final List<String> STREAMS = List.of("processing.guarantee",
        "commit.interval.ms", "num.stream.threads", "group.protocol", "num.standby.replicas", "max.warmup.replicas",
        "acceptable.recovery.lag", "probing.rebalance.interval.ms",
        "buffered.records.per.partition", "poll.ms", "replication.factor", "task.timeout.ms", "statestore.cache.max.bytes");
    private static final List<String> CONSUMER = List.of("session.timeout.ms",
        "heartbeat.interval.ms", "max.poll.interval.ms", "max.poll.records", "isolation.level",
        "fetch.max.wait.ms", "fetch.min.bytes", "max.partition.fetch.bytes", "auto.offset.reset");
    private static final List<String> PRODUCER = List.of("linger.ms", "batch.size", "buffer.memory",
        "compression.type", "acks", "enable.idempotence", "transaction.timeout.ms",
        "delivery.timeout.ms");
    /** Read by the broker alone where the group protocol is that of Streams. */
    private static final Set<String> OF_BROKER =
        Set.of("session.timeout.ms", "heartbeat.interval.ms");

    /** Ours: where windows are kept, {@code heap} (the default), {@code in_memory}, {@code rocksdb}. */
    private static final String STORE = "store";
    private static final String HEAP = "heap";

    /** The largest batch the topics of a run take. */
    private static final int LARGEST_B = 2 << 20;

    private final StreamsConfig config;
    private final Plan plan;

    Terms(Plan plan) {
        this.plan = plan;
        config = new StreamsConfig(properties(plan));
    }

    StreamsConfig config() {
        return config;
    }

    private static Properties properties(Plan plan) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, plan.runId);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, plan.bootstrap);
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            plan.exactlyOnce() ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Long.toString(plan.checkpointMs));
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.toString(plan.slots));
        p.put(StreamsConfig.STATE_DIR_CONFIG,
            System.getProperty("streambench.state", System.getProperty("java.io.tmpdir")
                + "/streams-" + ProcessHandle.current().pid()));
        p.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // A dead letter may be as large as the topics take.
        p.put(StreamsConfig.producerPrefix("max.request.size"), Integer.toString(LARGEST_B));
        // Event times begin in January 2026, whenever a run is.
        p.put(StreamsConfig.topicPrefix("retention.ms"), "-1");
        p.put(StreamsConfig.topicPrefix("message.timestamp.before.max.ms"),
            Long.toString(Long.MAX_VALUE));
        p.put(StreamsConfig.topicPrefix("message.timestamp.after.max.ms"),
            Long.toString(Long.MAX_VALUE));
        p.putAll(plan.settings);
        p.remove(STORE);
        return p;
    }

    private static String store(Plan plan) {
        return plan.settings.getOrDefault(STORE, HEAP);
    }

    /** Whether state is kept by our operators and not in a store of Streams' own. */
    static boolean onHeap(Plan plan) {
        return store(plan).equals(HEAP);
    }

    /** The store of Streams' own that is asked for. */
    static KeyValueBytesStoreSupplier store(Plan plan, String name) {
        return switch (store(plan)) {
            case "in_memory" -> Stores.inMemoryKeyValueStore(name);
            case "rocksdb" -> Stores.persistentKeyValueStore(name);
            default -> throw new IllegalArgumentException("setting store: write heap, in_memory or "
                + "rocksdb, not " + store(plan));
        };
    }

    /** What is in force, by the names under which a plan would ask for it. */
    Map<String, String> inForce() {
        Settings all = new Settings().virtualMachine();
        STREAMS.forEach(name -> all.put(name, config.values().get(name)));
        ConsumerConfig consumer = new ConsumerConfig(with(
            config.getMainConsumerConfigs(plan.runId, "worker", 0),
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class));
        ProducerConfig producer = new ProducerConfig(with(config.getProducerConfigs("worker"),
            ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
            ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class));
        boolean brokers = config.getString("group.protocol").equalsIgnoreCase("streams");
        for (String name : CONSUMER) {
            if (!brokers || !OF_BROKER.contains(name)) {
                all.put("consumer." + name, consumer.values().get(name));
            }
        }
        PRODUCER.forEach(name -> all.put("producer." + name, producer.values().get(name)));
        plan.settings.keySet().stream().filter(name -> !name.equals(STORE))
            .forEach(name -> all.put(name, of(name, consumer, producer)));
        all.put(STORE, store(plan));
        return all.all();
    }

    private static Map<String, Object> with(Map<String, Object> client, String key, String value,
        Class<?> serde) {
        client.put(key, serde);
        client.put(value, serde);
        return client;
    }

    /** The value of a setting as the part of Streams it is for has it. */
    private Object of(String name, ConsumerConfig consumer, ProducerConfig producer) {
        for (String prefix : List.of("main.consumer.", "consumer.")) {
            if (name.startsWith(prefix)) {
                return known(name, consumer.values(), name.substring(prefix.length()));
            }
        }
        if (name.startsWith("producer.")) {
            return known(name, producer.values(), name.substring("producer.".length()));
        }
        if (config.values().containsKey(name)) {
            return config.values().get(name);
        }
        if (name.startsWith("topic.")) {
            return config.originals().get(name);
        }
        return known(name, consumer.values().containsKey(name) ? consumer.values()
            : producer.values(), name);
    }

    private static Object known(String name, Map<String, ?> values, String in) {
        if (!values.containsKey(in)) {
            throw new IllegalArgumentException("setting " + name + ": Kafka Streams has none of "
                + "that name");
        }
        return values.get(in);
    }
}
