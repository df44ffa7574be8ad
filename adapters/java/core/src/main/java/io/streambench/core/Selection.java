package io.streambench.core;

import io.streambench.core.Query.Op;
import io.streambench.core.Query.Predicate;
import java.io.Serializable;
import java.util.List;

/** Says which rows the query reads, and of a join which side they are of. */
public final class Selection implements Serializable {
    private static final long serialVersionUID = 1;

    /** What a row is to the query. */
    public enum Side {
        /** An end event, or none the query reads. Its time moves the watermark. */
        NONE,
        /** Of variant {@code from}, and meets {@code where}. */
        THIS,
        /** Of the other side of a join, and meets {@code withWhere}. */
        OTHER,
        /**
         * Of the other side of a join, and does not: whatever waits for it need wait no longer. Of
         * a WINDOW join it is NONE.
         */
        BARREN
    }

    private final Plan plan;
    private final transient boolean tagged;
    private final transient int from;
    private final transient int with; // -1 for none
    private final transient Test[] where;
    private final transient Test[] withWhere;
    private final transient Side barren;

    private record Test(Column column, Op op, long value, long modulus) {
        boolean holds(byte[] row) {
            long x = column.get(row);
            if (modulus > 0) {
                x = Math.floorMod(x, modulus);
            }
            return switch (op) {
                case EQUAL -> x == value;
                case NOT_EQUAL -> x != value;
                case LESS -> x < value;
                case LESS_EQUAL -> x <= value;
                case GREATER -> x > value;
                case GREATER_EQUAL -> x >= value;
            };
        }
    }

    /** Makes the selection of a plan's query. */
    public Selection(Plan plan) {
        this.plan = plan;
        Query q = plan.query;
        tagged = plan.layout.tagged;
        from = q.from();
        where = tests(q.from(), q.where());
        with = q.join() == null ? -1 : q.join().with();
        withWhere = q.join() == null ? new Test[0] : tests(with, q.join().withWhere());
        barren = q.join() != null && q.join().kind() == Query.JoinKind.WINDOW ? Side.NONE
            : Side.BARREN;
    }

    private Test[] tests(int variant, List<Predicate> predicates) {
        return predicates.stream()
            .map(p -> new Test(plan.layout.column(variant, p.field()), p.op(), p.value(),
                p.modulus()))
            .toArray(Test[]::new);
    }

    /** Whether the query reads a row, on whatever side. */
    public boolean test(byte[] row) {
        return side(row) != Side.NONE;
    }

    /** What a row is to the query. */
    public Side side(byte[] row) {
        if (Row.end(row)) {
            return Side.NONE;
        }
        if (tagged) {
            long tag = Bytes.getLong(row, Row.TAG_AT);
            if (tag != from) {
                return tag != with ? Side.NONE : all(withWhere, row) ? Side.OTHER : barren;
            }
        }
        return all(where, row) ? Side.THIS : Side.NONE;
    }

    private static boolean all(Test[] tests, byte[] row) {
        for (Test t : tests) {
            if (!t.holds(row)) {
                return false;
            }
        }
        return true;
    }

    private Object readResolve() {
        return new Selection(plan);
    }
}
