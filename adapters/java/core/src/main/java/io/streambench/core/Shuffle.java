package io.streambench.core;

import java.util.Arrays;

/**
 * Hands events to the rules they match; a rule answers with count and sum of ten matches. Events
 * and rules lie on a circle of 2^63 places, and an event matches every rule whose arc holds its
 * hash.
 */
final class Shuffle implements Machine {
    private static final long serialVersionUID = 1;

    private static final int BATCH = 10;
    private static final int COUNT = 0;
    private static final int SUM = 1;
    private static final int FIRST = 2;
    private static final int LAST = 3;

    private static final long PHI = 0x9e3779b97f4a7c15L;
    private static final int RING_BITS = 63;
    private static final long RING_MASK = Long.MAX_VALUE;
    /** All rules together match this many of a million events. */
    private static final long PPM = 200_000;
    private static final long[] NONE = {};

    private final Plan plan;
    private final transient Column high;
    private final transient Column low;
    private final transient long width; // of an arc
    private final transient long[] starts; // of arcs, ascending
    private final transient long[] rules; // theirs
    private final transient int[] first; // for each stretch, the first arc that can reach it
    private final transient int shift; // makes a stretch of a place

    Shuffle(Plan plan) {
        this.plan = plan;
        high = plan.layout.column(plan.query.from(), "high");
        low = plan.layout.column(plan.query.from(), "low");
        int n = Integer.parseInt(plan.params.get("keys"));
        // PPM * 2^63 / (10^6 * n), of which the product does not fit 64 bits.
        width = java.math.BigInteger.valueOf(PPM).shiftLeft(RING_BITS)
            .divide(java.math.BigInteger.valueOf(1_000_000L * n)).longValueExact();
        long key = Partitions.mix64(plan.seed + PHI * hash("shuffle-rules"));
        long[][] arcs = new long[2 * n][];
        int count = 0;
        for (int rule = 0; rule < n; rule++) {
            long offset = Partitions.mix64(key + PHI * (64L * rule + 1)) & RING_MASK;
            arcs[count++] = new long[] {offset, rule};
            if (offset > RING_MASK - width + 1) { // it reaches over the end: a circle earlier, too
                arcs[count++] = new long[] {offset - RING_MASK - 1, rule};
            }
        }
        arcs = Arrays.copyOf(arcs, count);
        Arrays.sort(arcs, (a, b) -> a[0] != b[0] ? Long.compare(a[0], b[0])
            : Long.compare(a[1], b[1]));
        starts = new long[count];
        rules = new long[count];
        for (int i = 0; i < count; i++) {
            starts[i] = arcs[i][0];
            rules[i] = arcs[i][1];
        }
        int bits = 32 - Integer.numberOfLeadingZeros(n - 1);
        shift = RING_BITS - bits;
        first = new int[1 << bits];
        int at = 0;
        for (int k = 0; k < first.length; k++) {
            while (at < count && starts[at] <= ((long) k << shift) - width) {
                at++;
            }
            first[k] = at;
        }
    }

    private static long hash(String name) {
        byte[] bytes = name.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        return Partitions.fnv1a64(bytes, 0, bytes.length);
    }

    @Override
    public int words() {
        return 4;
    }

    @Override
    public boolean manyKeys() {
        return true;
    }

    @Override
    public long[] keys(byte[] row) {
        long place =
            Partitions.mix64(high.get(row) ^ Long.rotateLeft(low.get(row), 32)) & RING_MASK;
        int stretch = shift == RING_BITS ? 0 : (int) (place >>> shift);
        long[] matched = NONE;
        for (int i = first[stretch]; i < starts.length && starts[i] <= place; i++) {
            if (Long.compareUnsigned(place - starts[i], width) < 0) {
                matched = Arrays.copyOf(matched, matched.length + 1);
                matched[matched.length - 1] = rules[i];
            }
        }
        return matched;
    }

    @Override
    public long step(long[] state, long rule, byte[] row, Out out) {
        if (state[COUNT] == 0) {
            state[FIRST] = Row.ts(row);
        }
        state[COUNT]++;
        state[SUM] += high.get(row);
        state[LAST] = Row.ts(row);
        if (state[COUNT] == BATCH) {
            end(state, rule, out);
            Arrays.fill(state, 0);
        }
        return 0;
    }

    @Override
    public boolean ends() {
        return true;
    }

    @Override
    public void end(long[] state, long rule, Out out) {
        if (state[COUNT] > 0) {
            out.result(new long[] {rule, state[COUNT], state[SUM]});
        }
    }

    private Object readResolve() {
        return new Shuffle(plan);
    }
}
