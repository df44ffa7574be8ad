package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.streambench.core.Query.ResultField;
import io.streambench.core.Schema.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the parts of jobs against what the oracle of the tool says. */
class GoldenTest {
    static List<Golden> all() {
        return Golden.all();
    }

    static List<Golden> whole() {
        return all().stream().filter(g -> g.dead().isEmpty()).toList();
    }

    static List<Golden> damaged() {
        return all().stream().filter(g -> !g.dead().isEmpty()).toList();
    }

    @ParameterizedTest
    @MethodSource("whole")
    void theAnswersAreTheOracles(Golden g) throws Exception {
        Plan plan = again(g.plan);
        Events events = again(new Events(plan));
        Reference r = new Reference(plan);
        for (byte[] wire : g.events(Plan.BINARY)) {
            r.take(events.decode(wire));
        }
        r.take(events.decode(g.end(Plan.BINARY)));
        same(plan.query, g.results(), new Identity(plan.query).left(r.results));
        assertEquals(texts(g.late()), texts(r.late));
        if (plan.query.retracts()) {
            int op = plan.query.width() - 1;
            assertEquals(3, r.results.stream().map(row -> row[op]).distinct().count(),
                "inserts, updates and retractions");
        }
    }

    @ParameterizedTest
    @MethodSource("damaged")
    void deadLettersAreToldAndTheOthersAnswered(Golden g) throws Exception {
        Plan plan = g.jsonPlan();
        Events events = new Events(plan);
        Reference r = new Reference(plan);
        List<String> dead = new ArrayList<>();
        List<byte[]> wires = g.events("json");
        for (int i = 0; i < wires.size(); i++) {
            try {
                r.take(events.decode(wires.get(i)));
            } catch (BadEvent e) {
                dead.add(i + " " + e.reason.word + " " + e.getMessage());
            }
        }
        r.take(events.decode(g.end("json")));
        assertEquals(g.dead().stream().map(d -> String.join(" ", d)).toList(), dead);
        same(plan.query, g.results(), new Identity(plan.query).left(r.results));
    }

    @ParameterizedTest
    @MethodSource("whole")
    void eventsAreTheSameInBothForms(Golden g) throws Exception {
        Events binary = new Events(g.plan);
        Events json = new Events(g.jsonPlan());
        List<byte[]> one = g.events(Plan.BINARY);
        List<byte[]> other = g.events("json");
        assertTrue(other.size() > 50);
        for (int i = 0; i < other.size(); i++) {
            assertArrayEquals(binary.decode(one.get(i)), json.decode(other.get(i)),
                new String(other.get(i), StandardCharsets.UTF_8));
        }
        assertArrayEquals(binary.decode(g.end(Plan.BINARY)), json.decode(g.end("json")));
    }

    @ParameterizedTest
    @MethodSource("whole")
    void columnsAreThoseOfTheEvent(Golden g) throws Exception {
        Events events = new Events(g.plan);
        List<byte[]> wires = g.events(Plan.BINARY);
        List<String> decoded = g.decoded();
        Layout l = g.plan.layout;
        int columns = 0;
        for (int i = 0; i < decoded.size(); i++) {
            byte[] row = events.decode(wires.get(i));
            String[] parts = decoded.get(i).split(" ");
            int variant = Integer.parseInt(parts[0]);
            for (String part : Arrays.asList(parts).subList(1, parts.length)) {
                String[] value = part.split("=");
                int f = g.plan.schema.variants().get(variant).indexOf(value[0]);
                if (f >= 0 && l.at[variant][f] < 0) {
                    continue;
                }
                columns++;
                assertEquals(Long.parseLong(value[1]), l.column(variant, value[0]).get(row), part);
            }
        }
        assertTrue(columns > decoded.size());
    }

    @ParameterizedTest
    @MethodSource("all")
    void resultsTravelAsTheToolWritesThem(Golden g) {
        Results binary = new Results(g.plan, Stream.ANSWERS);
        Results json = new Results(g.jsonPlan(), Stream.ANSWERS);
        boolean floats = g.plan.query.output().fields().stream()
            .anyMatch(f -> f.kind() == Kind.FLOAT);
        for (Golden.Encoded e : g.encoded()) {
            assertArrayEquals(e.binary(), binary.encode(e.row()));
            String text = new String(json.encode(e.row()), StandardCharsets.UTF_8);
            if (floats) { // there is more than one way to write them
                assertEquals(numbers(e.json()), numbers(text));
            } else {
                assertEquals(e.json(), text);
            }
        }
    }

    private static List<Double> numbers(String json) {
        return Arrays.stream(json.split("[{},]")).filter(s -> s.contains("\":"))
            .map(s -> s.substring(s.indexOf("\":") + 2)).filter(s -> !s.startsWith("\""))
            .map(Double::valueOf).toList();
    }

    @SuppressWarnings("unchecked")
    static <T> T again(T it) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new ObjectOutputStream(out).writeObject(it);
        return (T) new ObjectInputStream(new ByteArrayInputStream(out.toByteArray())).readObject();
    }

    private static List<String> texts(List<long[]> rows) {
        return rows.stream().map(Arrays::toString).sorted().toList();
    }

    /** Compares sets of results, floats to one part in 10^9. */
    private static void same(Query q, List<long[]> want, List<long[]> got) {
        List<Integer> floats = new ArrayList<>();
        int at = 0;
        for (ResultField f : q.output().fields()) {
            if (f.kind() == Kind.FLOAT) {
                floats.add(at); // of an average the sum; its count is an integer
            }
            at += q.width(f);
        }
        assertEquals(texts(want.stream().map(r -> without(r, floats)).toList()),
            texts(got.stream().map(r -> without(r, floats)).toList()));
        List<long[]> a = sorted(want, floats);
        List<long[]> b = sorted(got, floats);
        for (int i = 0; i < a.size(); i++) {
            for (int c : floats) {
                double x = Double.longBitsToDouble(a.get(i)[c]);
                assertEquals(x, Double.longBitsToDouble(b.get(i)[c]), Math.abs(x) * 1e-9);
            }
        }
    }

    private static long[] without(long[] row, List<Integer> columns) {
        long[] rest = row.clone();
        columns.forEach(c -> rest[c] = 0);
        return rest;
    }

    private static List<long[]> sorted(List<long[]> rows, List<Integer> floats) {
        List<long[]> sorted = new ArrayList<>(rows);
        sorted.sort((x, y) -> Arrays.compare(without(x, floats), without(y, floats)));
        return sorted;
    }
}
