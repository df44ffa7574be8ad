package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Row;
import org.apache.spark.api.java.function.MapFunction;

/**
 * Reads events into rows behind what columns are made of:
 *
 * <pre>
 *   | ts | selected | row … |
 * </pre>
 */
final class Flagged implements MapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    static final int TIME = 0;
    static final int SELECTED = 1;
    /** Where the row begins, in bytes. */
    static final int ROW = 16;

    private final Work.Ref ref;
    private final Tally.Ends ends;
    private final Tally tally;

    Flagged(Work.Ref ref, Tally tally, int partition) {
        this.ref = ref;
        this.tally = tally;
        ends = tally.ends(partition);
    }

    @Override
    public byte[] call(byte[] wire) throws Exception {
        Work work = ref.get();
        byte[] row = ends.see(work.events.decode(wire));
        boolean selected = work.selection.test(row);
        byte[] flagged = new byte[ROW + (selected ? row.length : 0)];
        Bytes.putLong(flagged, 8 * TIME, Row.ts(row));
        if (selected) {
            tally.selected.add(1L);
            Bytes.putLong(flagged, 8 * SELECTED, 1);
            System.arraycopy(row, 0, flagged, ROW, row.length);
        }
        return flagged;
    }
}
