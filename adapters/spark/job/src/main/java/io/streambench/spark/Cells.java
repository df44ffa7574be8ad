package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Row;
import org.apache.spark.api.java.function.MapFunction;

/**
 * Reads events into the words that Spark's own aggregation is made of:
 *
 * <pre>
 *   | ts | selected | key | accumulator of this event alone: 1, seq, words of the aggregates |
 * </pre>
 */
final class Cells implements MapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    static final int TIME = 0;
    static final int SELECTED = 1;
    static final int KEY = 2;
    /** Where the accumulator begins. */
    static final int FOLDED = 3;

    private final Work.Ref ref;
    private final Tally.Ends ends;
    private final Tally tally;
    private transient Work work;
    private transient long[] acc;

    Cells(Work.Ref ref, Tally tally, int partition) {
        this.ref = ref;
        this.tally = tally;
        ends = tally.ends(partition);
    }

    @Override
    public byte[] call(byte[] wire) throws Exception {
        if (work == null) {
            work = ref.get();
            acc = work.fold.zero();
        }
        byte[] row = ends.see(work.events.decode(wire));
        byte[] words = new byte[8 * (FOLDED + acc.length)];
        Bytes.putLong(words, 8 * TIME, Row.ts(row));
        if (!work.selection.test(row)) {
            return words;
        }
        tally.selected.add(1L);
        Bytes.putLong(words, 8 * SELECTED, 1);
        Bytes.putLong(words, 8 * KEY, work.keys.of(row));
        work.fold.clear(acc);
        work.fold.add(acc, row);
        for (int i = 0; i < acc.length; i++) {
            Bytes.putLong(words, 8 * (FOLDED + i), acc[i]);
        }
        return words;
    }
}
