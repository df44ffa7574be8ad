package io.streambench.core;

/**
 * A value of an event, bound once at job start: a word of its row, looked up in a table where the
 * query asks for that. Strings are their index in the Dict, floats their bits.
 */
public final class Column {
    /** The value 0 of every row. */
    static final Column ZERO = new Column(-1, null, 1);

    private final int at;
    private final long[] table;
    private final long scale;

    Column(int at, long[] table, long scale) {
        this.at = at;
        this.table = table;
        this.scale = scale;
    }

    /** The value of a row, which is of the variant the column belongs to. */
    public long get(byte[] row) {
        if (at < 0) {
            return 0;
        }
        long x = Bytes.getLong(row, at);
        if (table != null) {
            x = table[(int) x];
        }
        return x * scale;
    }

    Column times(long factor) {
        return new Column(at, table, scale * factor);
    }
}
