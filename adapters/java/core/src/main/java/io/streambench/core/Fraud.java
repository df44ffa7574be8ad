package io.streambench.core;

/** Looks for a small payment that a large one of the same account follows within a minute. */
final class Fraud implements Machine {
    private static final long serialVersionUID = 1;

    private static final long WINDOW_MS = 60_000;
    private static final long SMALL = 100;
    private static final long LARGE = 50_000;

    private static final int FLAG = 0;
    private static final int SEQ = 1;
    private static final int TIME = 2;

    private final Plan plan;
    private final transient Column amount;

    Fraud(Plan plan) {
        this.plan = plan;
        amount = plan.layout.column(plan.query.from(), "amount");
    }

    @Override
    public int words() {
        return 3;
    }

    @Override
    public boolean sorted() {
        return true;
    }

    @Override
    public long timerMs() {
        return WINDOW_MS;
    }

    /** The distance is tested although a timer clears the flag: a watermark may pass it later. */
    @Override
    public long step(long[] state, long key, byte[] row, Out out) {
        long x = amount.get(row);
        long ts = Row.ts(row);
        if (x < SMALL) {
            state[FLAG] = 1;
            state[SEQ] = Row.seq(row);
            state[TIME] = ts;
            return ts + WINDOW_MS;
        }
        if (x > LARGE && state[FLAG] != 0) {
            long apart = ts - state[TIME];
            if (apart >= 0 && apart < WINDOW_MS) {
                out.result(new long[] {state[SEQ], Row.seq(row), key});
                clear(state);
                return -1;
            }
        }
        return 0;
    }

    @Override
    public long fire(long[] state, long key, long atMs, Out out) {
        clear(state);
        return 0;
    }

    private static void clear(long[] state) {
        java.util.Arrays.fill(state, 0);
    }

    private Object readResolve() {
        return new Fraud(plan);
    }
}
