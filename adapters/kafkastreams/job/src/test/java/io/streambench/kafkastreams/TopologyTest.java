package io.streambench.kafkastreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.streambench.core.Bytes;
import io.streambench.core.Plan;
import io.streambench.core.Results;
import io.streambench.core.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs topologies on the driver of Streams, which has one partition of everything. */
class TopologyTest {
    static List<Vector> vectors() throws Exception {
        // Windows of the machine's clock are not those of the driver.
        List<Vector> all = Vector.all();
        assertTrue(all.size() > 20);
        List<Vector> stored = all.stream().flatMap(v -> v.stored().stream()).toList();
        assertTrue(stored.size() > 5);
        return java.util.stream.Stream.concat(all.stream(), stored.stream()).toList();
    }

    private static TopologyTestDriver driver(Plan plan) {
        Properties p = new Properties();
        p.put("application.id", plan.runId);
        p.put("bootstrap.servers", "nowhere:1");
        p.put("state.dir", System.getProperty("java.io.tmpdir") + "/topology-test-"
            + ProcessHandle.current().pid());
        return new TopologyTestDriver(new Wiring(plan, new Counters(), partition -> false), p);
    }

    private static TestInputTopic<byte[], byte[]> input(TopologyTestDriver driver) {
        return driver.createInputTopic("input", new ByteArraySerializer(),
            new ByteArraySerializer());
    }

    private static List<long[]> read(TopologyTestDriver driver, Plan plan, Stream stream) {
        String topic = plan.topics.of(stream);
        TestOutputTopic<byte[], byte[]> out = driver.createOutputTopic(topic,
            new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<long[]> rows = new ArrayList<>();
        while (!out.isEmpty()) {
            rows.add(columns(plan, stream, out.readValue()));
        }
        return rows;
    }

    /** Reads a result back: integers, and strings by their index. */
    private static long[] columns(Plan plan, Stream stream, byte[] value) {
        long[] row = new long[new Results(plan, stream).width()];
        int at = 0;
        int column = 0;
        var fields = stream == Stream.LATE ? plan.query.late().fields()
            : plan.query.output().fields();
        for (var f : fields) {
            int width = stream == Stream.LATE ? 1 : plan.query.width(f);
            for (int i = 0; i < width; i++, at += 8) {
                long x = Bytes.getLong(value, at);
                if (f.dict() != null && i == 0) {
                    int from = (int) x;
                    x = f.dict().find(value, from, from + (int) (x >>> 32));
                }
                row[column++] = x;
            }
        }
        for (; column < row.length; at += 8) {
            row[column++] = Bytes.getLong(value, at);
        }
        return row;
    }

    private static void same(List<long[]> want, List<long[]> got) {
        assertEquals(texts(want), texts(got));
    }

    private static List<String> texts(List<long[]> rows) {
        return rows.stream().map(Arrays::toString).sorted().toList();
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void theAnswersAreTheOracles(Vector v) {
        try (TopologyTestDriver driver = driver(v.plan())) {
            TestInputTopic<byte[], byte[]> in = input(driver);
            for (byte[] event : v.events()) {
                in.pipeInput(null, event, Bytes.getLong(event, 8));
            }
            same(v.results(), v.left(read(driver, v.plan(), Stream.ANSWERS)));
            if (v.plan().query.late() != null) {
                same(v.late(), read(driver, v.plan(), Stream.LATE));
            }
        }
    }

    private static List<TestRecord<byte[], byte[]>> changelog(TopologyTestDriver of, Vector v,
        String store) {
        return of.createOutputTopic(v.plan().runId + "-" + store + "-changelog",
            new ByteArrayDeserializer(), new ByteArrayDeserializer()).readRecordsToList();
    }

    /** What the changelog holds in mid-stream is all another task needs to go on. */
    @ParameterizedTest
    @MethodSource("vectors")
    void aTaskGoesOnFromItsChangelog(Vector v) {
        Wiring.Step only = Wiring.first(v.plan());
        if (!only.fromInput() || only.next() != null || only.operator() == null) {
            return; // of several stages the driver cannot be stopped between two
        }
        List<byte[]> events = v.events();
        int half = events.size() / 2;
        List<TestRecord<byte[], byte[]>> kept = new ArrayList<>();
        List<TestRecord<byte[], byte[]>> rows = new ArrayList<>();
        boolean stored = !Terms.onHeap(v.plan());
        List<long[]> results;
        try (TopologyTestDriver first = driver(v.plan())) {
            TestInputTopic<byte[], byte[]> in = input(first);
            for (byte[] event : events.subList(0, half)) {
                in.pipeInput(null, event, Bytes.getLong(event, 8));
            }
            kept.addAll(changelog(first, v, only.name()));
            if (stored) {
                rows.addAll(changelog(first, v, only.rows()));
            }
            results = read(first, v.plan(), Stream.ANSWERS);
        }
        try (TopologyTestDriver second = driver(v.plan())) {
            Operator operator = (Operator) second.getStateStore(only.name());
            kept.forEach(r -> operator.restore(r.key(), r.value()));
            if (stored) {
                KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]> to =
                    second.getKeyValueStore(only.rows());
                rows.forEach(r -> to.put(org.apache.kafka.common.utils.Bytes.wrap(r.key()), r.value()));
            }
            operator.resume();
            TestInputTopic<byte[], byte[]> in = input(second);
            for (byte[] event : events.subList(half, events.size())) {
                in.pipeInput(null, event, Bytes.getLong(event, 8));
            }
            results.addAll(read(second, v.plan(), Stream.ANSWERS));
        }
        same(v.results(), v.left(results));
    }
}
