package com.example;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The query of iot-telemetry in one second windows, written by hand: sum, number and largest of each
 * sensor's readings, with the sum of the events' numbers, by which the oracle tells what is wrong.
 *
 * <p>Events of a sensor are all in one partition, so nothing is repartitioned. Windows are kept by
 * this processor and closed by the time of the partition: those of Kafka Streams are dropped without
 * an answer where event time jumps by more than their retention.
 */
public final class SensorSums {
    private static final long WINDOW_MS = 1000;
    private static final long BOUND_MS = 2000;
    private static final String STORE = "sums";

    public static void main(String[] args) {
        Map<String, String> given = arguments(args);
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, given.get("group"));
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given.get("bootstrap"));
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, given.get("guarantee").equals("exactly-once")
            ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, given.get("checkpoint-ms"));
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, given.get("threads"));
        p.put(StreamsConfig.STATE_DIR_CONFIG, given.get("state"));
        // Event times lie in the past: what is kept for a day would be deleted at once.
        p.put(StreamsConfig.topicPrefix("retention.ms"), "-1");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");

        Topology t = new Topology();
        t.addSource("readings", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(),
            given.get("input"));
        t.addProcessor("sums", Sums::new, "readings");
        t.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE),
            Serdes.ByteArray(), Serdes.ByteArray()), "sums");
        t.addSink("results", given.get("results"), Serdes.ByteArray().serializer(),
            Serdes.ByteArray().serializer(), "sums");

        KafkaStreams streams = new KafkaStreams(t, p);
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            Runtime.getRuntime().halt(1); // the run fails with these lines, in place of trying on
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    /** Keeps the open windows of a partition: the key is end and sensor, big-endian, so in order. */
    static final class Sums implements Processor<byte[], byte[], byte[], byte[]> {
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<byte[], byte[]> open;
        private long latest = Long.MIN_VALUE;
        private long nextEnd = Long.MIN_VALUE;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            this.context = context;
            open = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            ByteBuffer b = ByteBuffer.wrap(record.value()).order(ByteOrder.LITTLE_ENDIAN);
            long seq = b.getLong(0);
            long ts = b.getLong(8);
            if (seq >= 0) { // an end event moves time, and counts for nothing
                add(seq, ts, b.getLong(16), b.getLong(32));
            }
            latest = Math.max(latest, ts);
            if (latest - BOUND_MS >= nextEnd) {
                close(latest - BOUND_MS);
            }
        }

        private void add(long seq, long ts, long sensor, long milliC) {
            long end = ts - Math.floorMod(ts, WINDOW_MS) + WINDOW_MS;
            byte[] key = ByteBuffer.allocate(16).putLong(end).putLong(sensor).array();
            byte[] was = open.get(key);
            ByteBuffer s = ByteBuffer.allocate(32);
            if (was == null) {
                s.putLong(milliC).putLong(1).putLong(milliC).putLong(seq);
            } else {
                ByteBuffer old = ByteBuffer.wrap(was);
                s.putLong(old.getLong(0) + milliC).putLong(old.getLong(8) + 1)
                    .putLong(Math.max(old.getLong(16), milliC)).putLong(old.getLong(24) + seq);
            }
            open.put(key, s.array());
        }

        /** Answers windows that end at or before a time. */
        private void close(long until) {
            List<byte[]> closed = new ArrayList<>();
            byte[] from = new byte[16];
            byte[] to = ByteBuffer.allocate(16).putLong(until + 1).putLong(0).array();
            try (KeyValueIterator<byte[], byte[]> windows = open.range(from, to)) {
                while (windows.hasNext()) {
                    KeyValue<byte[], byte[]> w = windows.next();
                    if (ByteBuffer.wrap(w.key).getLong(0) > until) {
                        break;
                    }
                    closed.add(w.key);
                    context.forward(new Record<>(null, result(w.key, w.value), until));
                }
            }
            closed.forEach(open::delete);
            nextEnd = until - Math.floorMod(until, WINDOW_MS) + WINDOW_MS;
        }

        /** A result in the form binary: its fields, then count and seqsum. */
        private static byte[] result(byte[] key, byte[] sums) {
            ByteBuffer k = ByteBuffer.wrap(key);
            ByteBuffer s = ByteBuffer.wrap(sums);
            return ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(k.getLong(8)).putLong(k.getLong(0) - WINDOW_MS)
                .putLong(s.getLong(0)).putLong(s.getLong(8)).putLong(s.getLong(16))
                .putLong(s.getLong(8)).putLong(s.getLong(24))
                .array();
        }
    }

    /** Reads "--name value" pairs. */
    static Map<String, String> arguments(String[] args) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            all.put(args[i].substring(2), args[i + 1]);
        }
        return all;
    }
}
