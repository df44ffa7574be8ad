package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import io.streambench.core.Plan;
import io.streambench.core.Query.ResultField;
import io.streambench.core.Query.ResultKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** A vector of adapters/java: a plan, the first events of a stream, and what the oracle says. */
record Vector(String name, Plan plan) {
    private static final String ROOT = "/golden/";

    /** All of them whose events can be read, as plans of one partition. */
    static List<Vector> all() throws Exception {
        Path root = Path.of(Vector.class.getResource(ROOT).toURI());
        List<Vector> all = new ArrayList<>();
        try (var files = Files.list(root)) {
            for (Path dir : files.filter(Files::isDirectory).sorted().toList()) {
                String name = dir.getFileName().toString();
                Vector v = new Vector(name, Plan.parse(text(name + "/plan.json")
                    .replaceFirst("\"partitions\":\\d+", "\"partitions\":1")
                    .replaceFirst("\"topics\":\\{[^}]*}", "\"topics\":{\"input\":\"input\","
                        + "\"results\":\"results\",\"late\":\"late\",\"deadLetters\":\"dlq\"}")
                    .replaceFirst("\"runId\":\"[^\"]*\"", "\"runId\":\"" + name + "\"")));
                if (text(name + "/dead").isEmpty()) {
                    all.add(v);
                }
            }
        }
        return all;
    }

    /** The same with windows in each store of Streams' own, where it has windows that may be. */
    List<Vector> stored() {
        Wiring.Step query = Wiring.first(plan);
        query = query.operator() == null ? query.next() : query;
        if (!(query.operator().apply("query", plan, 1) instanceof WindowOperator)) {
            return List.of();
        }
        List<Vector> all = new ArrayList<>();
        for (String store : List.of("in_memory", "rocksdb")) {
            String settings = "\"settings\":{\"store\":\"" + store + "\"}";
            all.add(new Vector(name,
                Plan.parse(plan.json.replaceFirst("\"settings\":\\{[^}]*}", settings))));
        }
        return all;
    }

    private static byte[] raw(String path) {
        try (InputStream in = Vector.class.getResourceAsStream(ROOT + path)) {
            if (in == null) {
                return new byte[0];
            }
            return path.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes()
                : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(String path) {
        return new String(raw(path), StandardCharsets.UTF_8);
    }

    /** The events, the end event last. */
    List<byte[]> events() {
        List<byte[]> events = new ArrayList<>();
        byte[] all = raw(text(name + "/stream") + ".binary.gz");
        for (int at = 0; at < all.length;) {
            int n = Bytes.getInt(all, at);
            events.add(Arrays.copyOfRange(all, at + 4, at + 4 + n));
            at += 4 + n;
        }
        events.add(HexFormat.of().parseHex(text(name + "/end").lines().findFirst().orElseThrow()));
        return events;
    }

    /** Results as the oracle has them. */
    List<long[]> results() {
        return rows(name + "/results.gz");
    }

    /** The late output. */
    List<long[]> late() {
        return rows(name + "/late");
    }

    private static List<long[]> rows(String path) {
        return text(path).lines().filter(line -> !line.isEmpty())
            .map(line -> Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray())
            .toList();
    }

    /** What counts of results in the order they came. */
    List<long[]> left(List<long[]> results) {
        ResultKind kind = plan.query.output().kind();
        if (kind == ResultKind.APPEND) {
            return results;
        }
        List<Integer> columns = identity();
        Map<String, long[]> left = new LinkedHashMap<>();
        for (long[] row : results) {
            String id = Arrays.toString(columns.stream().mapToLong(c -> row[c]).toArray());
            if (plan.query.retracts()) {
                change(left, id, row);
            } else if (kind == ResultKind.UPSERT) {
                left.put(id, row);
            } else {
                left.merge(id, row.clone(), (a, b) -> {
                    for (int c = 0; c < a.length; c++) {
                        a[c] = columns.contains(c) ? a[c] : a[c] + b[c];
                    }
                    return a;
                });
            }
        }
        return List.copyOf(left.values());
    }

    private static void change(Map<String, long[]> left, String id, long[] row) {
        long[] now = row.clone();
        int op = row.length - 1;
        now[op] = 0;
        if (row[op] == 2) {
            if (!Arrays.equals(left.remove(id), now)) {
                throw new AssertionError("takes back what is not there: " + Arrays.toString(row));
            }
        } else {
            left.put(id, now);
        }
    }

    private List<Integer> identity() {
        List<Integer> columns = new ArrayList<>();
        int at = 0;
        for (ResultField f : plan.query.output().fields()) {
            if (f.identity()) {
                columns.add(at);
            }
            at += plan.query.width(f);
        }
        return columns;
    }

    @Override
    public String toString() {
        return name;
    }
}
