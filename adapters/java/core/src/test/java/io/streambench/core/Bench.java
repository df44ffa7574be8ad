package io.streambench.core;

import java.util.ArrayList;
import java.util.List;

/**
 * What the parts cost an event, in ns, by the events of the vectors:
 * {@code java -cp target/test-classes:target/classes:jackson… io.streambench.core.Bench [VECTOR…]}.
 */
final class Bench {
    private static final int ROUNDS = 12;
    private static final long ROUND_NS = 300_000_000;
    private static volatile long sink;

    private Bench() {}

    private interface Work {
        long once(int i) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        List<String> names = args.length > 0 ? List.of(args)
            : List.of("iot-telemetry", "nexmark-q5", "nexmark-q0", "ysb", "uc2");
        for (String name : names) {
            bench(new Golden(name));
        }
    }

    private static void bench(Golden g) throws Exception {
        byte[][] binary = g.events(Plan.BINARY).toArray(byte[][]::new);
        byte[][] json = g.events("json").toArray(byte[][]::new);
        Events events = new Events(g.plan);
        Events texts = new Events(g.jsonPlan());
        run(g, "decode binary", binary.length, i -> events.decode(binary[i]).length);
        run(g, "decode json", json.length, i -> texts.decode(json[i]).length);
        Selection selection = new Selection(g.plan);
        List<byte[]> picked = new ArrayList<>();
        for (byte[] wire : binary) {
            byte[] row = events.decode(wire);
            if (selection.test(row)) {
                picked.add(row);
            }
        }
        byte[][] rows = picked.toArray(byte[][]::new);
        Keys keys = new Keys(g.plan);
        Windows windows = new Windows(g.plan);
        run(g, "select, key, window", rows.length, i -> selection.test(rows[i])
            ? keys.of(rows[i]) + (windows.slideMs > 0 ? windows.newest(Row.ts(rows[i])) : 0) : 0);
        Fold fold = new Fold(g.plan);
        long[][] accs = new long[64][];
        for (int i = 0; i < accs.length; i++) {
            accs[i] = fold.zero();
        }
        run(g, "fold", rows.length, i -> fold.add(accs[i & 63], rows[i])[0]);
        run(g, "accumulator to bytes and back", 64, i -> Bytes.words(Bytes.of(accs[i])).length);
        Results out = new Results(g.plan, Stream.ANSWERS);
        Results text = new Results(g.jsonPlan(), Stream.ANSWERS);
        long[][] results = g.results().toArray(long[][]::new);
        run(g, "encode binary", results.length, i -> out.encode(results[i]).length);
        run(g, "encode json", results.length, i -> text.encode(results[i]).length);
    }

    private static void run(Golden g, String what, int n, Work work) throws Exception {
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long done = 0;
            long sum = 0;
            long start = System.nanoTime();
            long took;
            do {
                for (int i = 0; i < n; i++) {
                    sum += work.once(i);
                }
                done += n;
                took = System.nanoTime() - start;
            } while (took < ROUND_NS);
            sink += sum;
            best = Math.min(best, (double) took / done);
        }
        System.out.printf("%-16s %-30s %7.1f ns%n", g.name, what, best);
    }
}
