package io.streambench.core;

import io.streambench.core.Query.Join;
import io.streambench.core.Query.Order;
import java.io.Serializable;
import java.util.List;

/** What a join, or the newest event of a key, asks of two rows. Keys are those of {@link Keys}. */
public final class Joins implements Serializable {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    private final transient Column since;
    private final transient Column until;
    private final transient Column group;
    private final transient Column[] best;
    private final transient boolean[] largest;

    /** Makes what a plan's query asks; it has a join or keeps the newest. */
    public Joins(Plan plan) {
        this.plan = plan;
        Query q = plan.query;
        Join j = q.join();
        boolean contest = j != null && j.kind() == Query.JoinKind.BEST;
        List<Order> order = contest ? j.best() : List.of();
        since = contest ? plan.layout.column(j.with(), j.since()) : Column.ZERO;
        until = contest ? plan.layout.column(j.with(), j.until()) : Column.ZERO;
        group = q.regroups() ? plan.layout.column(j.with(), q.key()) : Column.ZERO;
        best = plan.layout.columns(q.from(), order.stream().map(Order::field).toList());
        largest = new boolean[best.length];
        for (int i = 0; i < largest.length; i++) {
            largest[i] = order.get(i).largest();
        }
    }

    /** Whether an event of this side lies within the validity of one of the other: of BEST. */
    public boolean valid(byte[] these, byte[] other) {
        long ts = Row.ts(these);
        return since.get(other) <= ts && ts <= until.get(other);
    }

    /** Whether an event of this side is better than another: of BEST. */
    public boolean better(byte[] a, byte[] b) {
        for (int i = 0; i < best.length; i++) {
            long x = best[i].get(a);
            long y = best[i].get(b);
            if (x != y) {
                return x > y == largest[i];
            }
        }
        return false;
    }

    /** What the best of an event of the other side is folded by, of a join that regroups. */
    public long group(byte[] other) {
        return group.get(other);
    }

    /** Whether an event is newer than another, by (ts, seq). */
    public static boolean newer(byte[] a, byte[] b) {
        long x = Row.ts(a);
        long y = Row.ts(b);
        return x > y || x == y && Row.seq(a) > Row.seq(b);
    }

    private Object readResolve() {
        return new Joins(plan);
    }
}
