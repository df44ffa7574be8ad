package io.streambench.core;

import io.streambench.core.Query.Aggregate;
import io.streambench.core.Query.ResultField;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Fills the columns of results: those of the line, then count and seqsum of a single-level
 * aggregate, then op of a query that retracts.
 */
public final class Answers implements Serializable {
    private static final long serialVersionUID = 1;

    static final String START = "w";
    static final String FROM = "start";
    static final String END = "end";

    /** Where a column comes from. */
    private enum From { KEY, START, END, AGGREGATE, THIS, OTHER, SEQ }

    private final Plan plan;
    private final transient From[] from;
    private final transient int[] result; // of AGGREGATE: which of its results
    private final transient Column[] columns; // of THIS and OTHER
    private final transient Column[] late;
    private final transient Fold fold;
    private final transient int width;
    private final transient boolean singleLevel;
    private final transient int op; // column, -1 without

    /** Makes the answers of a plan's query. */
    public Answers(Plan plan) {
        this.plan = plan;
        Query q = plan.query;
        fold = new Fold(plan);
        width = q.width();
        singleLevel = q.singleLevel();
        op = q.retracts() ? width - 1 : -1;
        List<From> sources = new ArrayList<>();
        List<Integer> results = new ArrayList<>();
        List<Column> values = new ArrayList<>();
        if (q.process() == null) {
            for (ResultField f : q.output().fields()) {
                bind(f, sources, results, values);
            }
        }
        from = sources.toArray(From[]::new);
        result = results.stream().mapToInt(Integer::intValue).toArray();
        columns = values.toArray(Column[]::new);
        late = q.late() == null ? new Column[0] : plan.layout.columns(q.from(),
            q.late().fields().stream().map(ResultField::name).toList());
    }

    private void bind(ResultField f, List<From> sources, List<Integer> results,
        List<Column> values) {
        Query q = plan.query;
        From source = source(f);
        int first = 0;
        if (source == From.AGGREGATE) {
            for (Aggregate a : q.aggregates()) {
                if (a.as().equals(f.name())) {
                    for (int i = 0; i < a.width(); i++) {
                        sources.add(source);
                        results.add(first + i);
                        values.add(null);
                    }
                    return;
                }
                first += a.width();
            }
            throw new IllegalArgumentException("read plan: result field " + f.name()
                + " is neither the key, the window's nor an aggregate");
        }
        sources.add(source);
        results.add(0);
        Column c = null;
        if (source == From.THIS || source == From.OTHER) {
            c = plan.layout.column(plan.layout.variantOf(f), Layout.sourceOf(f));
            if (q.perEvent()) {
                c = c.times(q.scale().getOrDefault(f.name(), 1L));
            }
        }
        values.add(c);
    }

    private From source(ResultField f) {
        Query q = plan.query;
        String name = f.name();
        if (plan.layout.ofWindow(name)) {
            return name.equals(END) ? From.END : From.START;
        }
        if (q.aggregates().isEmpty()) {
            return f.with() ? From.OTHER : From.THIS;
        }
        if (name.equals(q.key())) {
            return From.KEY;
        }
        return name.equals(Schema.SEQ) && q.window().kind() == Query.WindowKind.SLIDING ? From.SEQ
            : From.AGGREGATE;
    }

    /** The number of columns of a result. */
    public int width() {
        return width;
    }

    /** The column that holds op, -1 where the query does not retract. */
    public int op() {
        return op;
    }

    /**
     * The result of a window, or of a group of a join that regroups (start and end 0).
     *
     * @param end of a session its last event plus the gap
     */
    public long[] group(long key, long start, long end, long[] acc) {
        return fill(key, start, end, 0, acc);
    }

    /** The result of the event whose number is seq in a sliding window. */
    public long[] sliding(long key, long seq, long[] acc) {
        return fill(key, 0, 0, seq, acc);
    }

    private long[] fill(long key, long start, long end, long seq, long[] acc) {
        long[] row = new long[width];
        long[] yielded = new long[fold.results()];
        fold.yield(acc, yielded, 0);
        for (int i = 0; i < from.length; i++) {
            switch (from[i]) {
                case KEY -> row[i] = key;
                case START -> row[i] = start;
                case END -> row[i] = end;
                case SEQ -> row[i] = seq;
                case AGGREGATE -> row[i] = yielded[result[i]];
                default -> throw new IllegalStateException("a field of an event");
            }
        }
        if (singleLevel) {
            int at = width - 2 - (op < 0 ? 0 : 1);
            row[at] = acc[Fold.COUNT];
            row[at + 1] = acc[Fold.SEQ_SUM];
        }
        return row;
    }

    /** The result of an event on its own, or of the newest event of a key. */
    public long[] event(byte[] row) {
        return pair(row, null, 0, 0);
    }

    /** The result of an event that is first in a window by a rank of events. */
    public long[] event(byte[] row, long start, long end) {
        return pair(row, null, start, end);
    }

    /** The result of a pair of a join; start and end are 0 without windows. */
    public long[] pair(byte[] these, byte[] other, long start, long end) {
        long[] row = new long[width];
        for (int i = 0; i < from.length; i++) {
            row[i] = switch (from[i]) {
                case THIS -> columns[i].get(these);
                case OTHER -> columns[i].get(other);
                case START -> start;
                case END -> end;
                default -> throw new IllegalStateException("a field of a group");
            };
        }
        return row;
    }

    /** The row of the late output for an event whose windows are all gone. */
    public long[] late(byte[] row) {
        long[] columns = new long[late.length];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = late[i].get(row);
        }
        return columns;
    }

    private Object readResolve() {
        return new Answers(plan);
    }
}
