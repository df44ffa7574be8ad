package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Row;
import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * What a job counts, in accumulators: tasks add, the driver reads. What a task has added counts once
 * it has succeeded.
 */
final class Tally implements Serializable {
    private static final long serialVersionUID = 1;

    /** Events the query reads. */
    final LongAccumulator selected;
    /** Events inside of results given, where each is in one. */
    final LongAccumulator answered;
    /** Events that came too late. */
    final LongAccumulator tooLate;
    /** Events that came late and counted. */
    final LongAccumulator allowed;
    /** Dead letters. */
    final LongAccumulator letters;
    /** End events where nobody tells of which partition they are. */
    private final LongAccumulator strayEnds;
    /** End events by the partition of the input they came from. */
    private final LongAccumulator[] ends;

    Tally(SparkContext context, int partitions) {
        selected = context.longAccumulator();
        answered = context.longAccumulator();
        tooLate = context.longAccumulator();
        allowed = context.longAccumulator();
        letters = context.longAccumulator();
        strayEnds = context.longAccumulator();
        ends = new LongAccumulator[partitions];
        for (int p = 0; p < partitions; p++) {
            ends[p] = context.longAccumulator();
        }
    }

    /** The end events of a partition, to be handed to what reads that partition alone. */
    Ends ends(int partition) {
        return new Ends(ends[partition]);
    }

    /** Notes an end event of a query that has no state, whose tasks are counted once each. */
    void end() {
        strayEnds.add(1L);
    }

    /** Whether the end event of every partition was seen. */
    boolean ended() {
        if (strayEnds.value() >= ends.length) {
            return true;
        }
        for (LongAccumulator e : ends) {
            if (e.value() == 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * The event time end events are given: that of no event. Whatever is to happen at the end of the
     * stream waits for it.
     */
    static final long END_MS = 253_402_300_799_000L;

    /** Sees the end events of a partition. */
    static final class Ends implements Serializable {
        private static final long serialVersionUID = 1;

        private final LongAccumulator seen;

        private Ends(LongAccumulator seen) {
            this.seen = seen;
        }

        /** Notes a row if it is the end event, and gives that the time of the end. */
        byte[] see(byte[] row) {
            if (Row.end(row)) {
                seen.add(1L);
                Bytes.putLong(row, 8, END_MS);
            }
            return row;
        }
    }
}
