package io.streambench.core;

/**
 * An event as it travels inside a job: one flat array of little-endian words.
 *
 * <pre>
 *   | seq | ts | tag | column | column | …      tag only where the schema has one
 * </pre>
 *
 * The columns are those the query needs of the event's variant; {@link Layout} knows where they
 * are. The row of an event nobody selects has none.
 */
public final class Row {
    static final int SEQ_AT = 0;
    static final int TS_AT = 8;
    static final int TAG_AT = 16;

    private Row() {}

    /** The number of the event; -1 of an end event. */
    public static long seq(byte[] row) {
        return Bytes.getLong(row, SEQ_AT);
    }

    /** The event time, milliseconds since 1970. */
    public static long ts(byte[] row) {
        return Bytes.getLong(row, TS_AT);
    }

    /** Whether it is the end event of a partition: it moves the watermark and is no event. */
    public static boolean end(byte[] row) {
        return Bytes.getLong(row, SEQ_AT) == -1;
    }
}
