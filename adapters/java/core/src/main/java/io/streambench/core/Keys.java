package io.streambench.core;

import io.streambench.core.Selection.Side;
import java.io.Serializable;

/**
 * What rows are grouped by. Every key is a number: a string is its index in the Dict. Where there
 * are several ({@code join}, {@code latest}) the first decides who owns an event.
 */
public final class Keys implements Serializable {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    private final transient Column[] these;
    private final transient Column[] others;

    /** Makes the keys of a plan's query. */
    public Keys(Plan plan) {
        this.plan = plan;
        Query q = plan.query;
        Layout l = plan.layout;
        if (q.join() != null) {
            these = l.columns(q.from(), q.join().keys());
            others = l.columns(q.join().with(), q.join().withKeys());
            return;
        }
        int more = q.latest() == null ? 0 : q.latest().keys().size();
        these = new Column[1 + more];
        these[0] = q.key().isEmpty() ? Column.ZERO : l.column(q.from(), q.key());
        for (int i = 0; i < more; i++) {
            these[1 + i] = l.column(q.from(), q.latest().keys().get(i));
        }
        others = these;
    }

    /** The number of keys an event has: 1, or more of a join and of {@code latest}. */
    public int count() {
        return these.length;
    }

    /** The (first) key of a row of this side; 0 where the query has none. */
    public long of(byte[] row) {
        return these[0].get(row);
    }

    /** The (first) key of a row of a side. */
    public long of(Side side, byte[] row) {
        return (side == Side.THIS ? these : others)[0].get(row);
    }

    /** All keys of a row of this side, eight bytes each, little-endian. */
    public byte[] all(byte[] row) {
        return all(Side.THIS, row);
    }

    /** All keys of a row of a side: those of two rows that belong together are equal. */
    public byte[] all(Side side, byte[] row) {
        Column[] columns = side == Side.THIS ? these : others;
        byte[] key = new byte[8 * columns.length];
        for (int i = 0; i < columns.length; i++) {
            Bytes.putLong(key, 8 * i, columns[i].get(row));
        }
        return key;
    }

    private Object readResolve() {
        return new Keys(plan);
    }
}
