package io.streambench.core;

import io.streambench.core.Query.Aggregate;
import java.io.Serializable;

/** By what the rows of a window are ranked: every row with the largest value is a result. */
public final class Ranking implements Serializable {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    private final transient Column column; // null where an aggregate is ranked
    private final transient int result;
    private final transient Fold fold;

    /** Makes the ranking of a plan's query, which has one. */
    public Ranking(Plan plan) {
        this.plan = plan;
        Query q = plan.query;
        fold = new Fold(plan);
        if (q.aggregates().isEmpty()) {
            column = plan.layout.column(q.from(), q.rank().by());
            result = -1;
            return;
        }
        column = null;
        int at = 0;
        for (Aggregate a : q.aggregates()) {
            if (a.as().equals(q.rank().by())) {
                break;
            }
            at += a.width();
        }
        result = at;
        if (result == fold.results()) {
            throw new IllegalArgumentException("read plan: rank by " + q.rank().by());
        }
    }

    /** Whether events themselves are ranked, and not what is folded of keys. */
    public boolean events() {
        return column != null;
    }

    /** The value of an event. */
    public long of(byte[] row) {
        return column.get(row);
    }

    /** The value of what was folded of a key. */
    public long of(long[] acc) {
        long[] results = new long[fold.results()];
        fold.yield(acc, results, 0);
        return results[result];
    }

    private Object readResolve() {
        return new Ranking(plan);
    }
}
