package io.streambench.core;

import io.streambench.core.Query.Aggregate;
import io.streambench.core.Query.Func;
import io.streambench.core.Schema.Kind;
import java.io.Serializable;
import java.util.List;

/**
 * Folds rows into accumulators: runs of words that hold the count of rows, the sum of their
 * numbers, and what each aggregate of the query needs. Floats are their bits. Where an aggregate is
 * DISTINCT an accumulator grows, so that one has to go on with what {@link #add} and {@link #merge}
 * return.
 */
public final class Fold implements Serializable {
    private static final long serialVersionUID = 1;

    /** The word that holds the number of rows; 0 of an empty accumulator. */
    public static final int COUNT = 0;
    /** The word that holds the sum of the rows' numbers modulo 2^64. */
    public static final int SEQ_SUM = 1;

    private final Plan plan;
    private final transient Func[] funcs;
    private final transient Column[] columns;
    private final transient boolean[] floats;
    private final transient int[] words; // where each begins
    private final transient int[] ks;
    private final transient int width;
    private final transient int results;
    private final transient boolean grows;

    /** Makes the fold of a plan's query. */
    public Fold(Plan plan) {
        this.plan = plan;
        List<Aggregate> aggregates = plan.query.aggregates();
        int n = aggregates.size();
        funcs = new Func[n];
        columns = new Column[n];
        floats = new boolean[n];
        words = new int[n];
        ks = new int[n];
        int word = 2;
        int yielded = 0;
        boolean distinct = false;
        for (int i = 0; i < n; i++) {
            Aggregate a = aggregates.get(i);
            funcs[i] = a.func();
            ks[i] = a.k();
            words[i] = word;
            columns[i] = a.func() == Func.COUNT ? Column.ZERO
                : plan.layout.column(plan.query.from(), a.field());
            floats[i] = plan.layout.kind(plan.query.from(), a.field()) == Kind.FLOAT
                && switch (a.func()) {
                    case SUM, MIN, MAX, AVG, SUM_SQUARES -> true;
                    default -> false;
                };
            word += switch (a.func()) {
                case COUNT -> 0;
                case TOP_K -> a.k();
                case FIRST, LAST -> 3;
                default -> 1; // of DISTINCT the number of values, which lie behind all words
            };
            distinct |= a.func() == Func.DISTINCT;
            yielded += a.width();
        }
        width = word;
        results = yielded;
        grows = distinct;
    }

    /** The number of words of an empty accumulator, and of every one unless it {@link #grows}. */
    public int width() {
        return width;
    }

    /** Whether accumulators grow. */
    public boolean grows() {
        return grows;
    }

    /** The number of columns the aggregates yield. */
    public int results() {
        return results;
    }

    /** An empty accumulator. */
    public long[] zero() {
        long[] acc = new long[width];
        clear(acc);
        return acc;
    }

    /** Empties an accumulator that does not grow. */
    public void clear(long[] acc) {
        acc[COUNT] = 0;
        acc[SEQ_SUM] = 0;
        for (int i = 0; i < funcs.length; i++) {
            int w = words[i];
            switch (funcs[i]) {
                case COUNT -> { }
                case MIN -> acc[w] = floats[i] ? INFINITY : Long.MAX_VALUE;
                case MAX -> acc[w] = floats[i] ? MINUS_INFINITY : Long.MIN_VALUE;
                case TOP_K -> java.util.Arrays.fill(acc, w, w + ks[i], Long.MIN_VALUE);
                case FIRST -> set(acc, w, Long.MAX_VALUE, Long.MAX_VALUE, 0);
                case LAST -> set(acc, w, Long.MIN_VALUE, Long.MIN_VALUE, 0);
                default -> acc[w] = 0; // the bits of the float 0, too
            }
        }
    }

    private static final long INFINITY = Double.doubleToRawLongBits(Double.POSITIVE_INFINITY);
    private static final long MINUS_INFINITY = Double.doubleToRawLongBits(Double.NEGATIVE_INFINITY);

    /** Folds a row of this side and returns the accumulator, which is another if it had to grow. */
    public long[] add(long[] acc, byte[] row) {
        acc[COUNT]++;
        acc[SEQ_SUM] += Row.seq(row);
        for (int i = 0; i < funcs.length; i++) {
            int w = words[i];
            long x = columns[i].get(row);
            if (floats[i]) {
                double v = Double.longBitsToDouble(x);
                joinFloat(funcs[i], acc, w, funcs[i] == Func.SUM_SQUARES ? v * v : v);
                continue;
            }
            switch (funcs[i]) {
                case COUNT -> { }
                case SUM, AVG, MEAN -> acc[w] += x;
                case SUM_SQUARES -> acc[w] += x * x;
                case MIN -> acc[w] = Math.min(acc[w], x);
                case MAX -> acc[w] = Math.max(acc[w], x);
                case TOP_K -> insert(acc, w, w + ks[i], x);
                case FIRST -> first(acc, w, Row.ts(row), Row.seq(row), x);
                case LAST -> last(acc, w, Row.ts(row), Row.seq(row), x);
                case DISTINCT -> acc = Distinct.insert(acc, i, this, x);
            }
        }
        return acc;
    }

    /** Takes back a row that was folded: of aggregates that are sums and counts alone. */
    public void remove(long[] acc, byte[] row) {
        acc[COUNT]--;
        acc[SEQ_SUM] -= Row.seq(row);
        for (int i = 0; i < funcs.length; i++) {
            long x = columns[i].get(row);
            switch (funcs[i]) {
                case COUNT -> { }
                case SUM, AVG, MEAN -> acc[words[i]] -= x;
                case SUM_SQUARES -> acc[words[i]] -= x * x;
                default -> throw new IllegalStateException("take back of " + funcs[i]);
            }
        }
    }

    /** Joins another accumulator to one and returns that, which is another if it had to grow. */
    public long[] merge(long[] into, long[] from) {
        into[COUNT] += from[COUNT];
        into[SEQ_SUM] += from[SEQ_SUM];
        for (int i = 0; i < funcs.length; i++) {
            int w = words[i];
            if (floats[i]) {
                joinFloat(funcs[i], into, w, Double.longBitsToDouble(from[w]));
                continue;
            }
            switch (funcs[i]) {
                case COUNT -> { }
                case SUM, AVG, MEAN, SUM_SQUARES -> into[w] += from[w];
                case MIN -> into[w] = Math.min(into[w], from[w]);
                case MAX -> into[w] = Math.max(into[w], from[w]);
                case TOP_K -> {
                    for (int k = w; k < w + ks[i]; k++) {
                        insert(into, w, w + ks[i], from[k]);
                    }
                }
                case FIRST -> first(into, w, from[w], from[w + 1], from[w + 2]);
                case LAST -> last(into, w, from[w], from[w + 1], from[w + 2]);
                case DISTINCT -> into = Distinct.join(into, from, i, this);
            }
        }
        return into;
    }

    /**
     * Takes an accumulator from one that holds it: of aggregates that are sums and counts alone.
     */
    public void subtract(long[] from, long[] part) {
        for (int w = 0; w < width; w++) {
            from[w] -= part[w];
        }
    }

    /** Writes what the aggregates yield, {@link #results} columns, from a place on. */
    public void yield(long[] acc, long[] columns, int at) {
        for (int i = 0; i < funcs.length; i++) {
            int w = words[i];
            switch (funcs[i]) {
                case COUNT -> columns[at++] = acc[COUNT];
                case AVG -> {
                    columns[at++] = acc[w];
                    columns[at++] = acc[COUNT];
                }
                case MEAN -> columns[at++] = Math.floorDiv(acc[w], acc[COUNT]);
                case TOP_K -> {
                    System.arraycopy(acc, w, columns, at, ks[i]);
                    at += ks[i];
                }
                case FIRST, LAST -> columns[at++] = acc[w + 2];
                default -> columns[at++] = acc[w];
            }
        }
    }

    private static void joinFloat(Func func, long[] acc, int w, double x) {
        double sum = Double.longBitsToDouble(acc[w]);
        acc[w] = Double.doubleToRawLongBits(switch (func) {
            case MIN -> Math.min(sum, x);
            case MAX -> Math.max(sum, x);
            default -> sum + x;
        });
    }

    /** Keeps the largest values in descending order. */
    private static void insert(long[] acc, int from, int to, long x) {
        if (x <= acc[to - 1]) {
            return;
        }
        int at = to - 1;
        for (; at > from && acc[at - 1] < x; at--) {
            acc[at] = acc[at - 1];
        }
        acc[at] = x;
    }

    private static void first(long[] acc, int w, long ts, long seq, long x) {
        if (ts < acc[w] || ts == acc[w] && seq < acc[w + 1]) {
            set(acc, w, ts, seq, x);
        }
    }

    private static void last(long[] acc, int w, long ts, long seq, long x) {
        if (ts > acc[w] || ts == acc[w] && seq > acc[w + 1]) {
            set(acc, w, ts, seq, x);
        }
    }

    private static void set(long[] acc, int w, long ts, long seq, long x) {
        acc[w] = ts;
        acc[w + 1] = seq;
        acc[w + 2] = x;
    }

    /**
     * Sets of values: each aggregate's lie sorted behind the words, in the order of the aggregates,
     * and its word says how many they are.
     */
    private static final class Distinct {
        private Distinct() {}

        private static int start(long[] acc, int aggregate, Fold f) {
            int at = f.width;
            for (int i = 0; i < aggregate; i++) {
                if (f.funcs[i] == Func.DISTINCT) {
                    at += (int) acc[f.words[i]];
                }
            }
            return at;
        }

        static long[] insert(long[] acc, int aggregate, Fold f, long x) {
            int from = start(acc, aggregate, f);
            int to = from + (int) acc[f.words[aggregate]];
            int at = java.util.Arrays.binarySearch(acc, from, to, x);
            if (at >= 0) {
                return acc;
            }
            at = -at - 1;
            long[] grown = new long[acc.length + 1];
            System.arraycopy(acc, 0, grown, 0, at);
            grown[at] = x;
            System.arraycopy(acc, at, grown, at + 1, acc.length - at);
            grown[f.words[aggregate]]++;
            return grown;
        }

        static long[] join(long[] into, long[] from, int aggregate, Fold f) {
            int at = start(from, aggregate, f);
            for (long n = from[f.words[aggregate]]; n > 0; n--) {
                into = insert(into, aggregate, f, from[at++]);
            }
            return into;
        }
    }

    private Object readResolve() {
        return new Fold(plan);
    }
}
