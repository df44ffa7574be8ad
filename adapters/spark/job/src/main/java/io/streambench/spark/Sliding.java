package io.streambench.spark;

import io.streambench.core.Query.Func;
import io.streambench.core.Row;
import io.streambench.core.Windows;
import java.util.Comparator;
import java.util.List;

/**
 * Answers every event, once the watermark is beyond it, over the events of its key that are at most a
 * window older. The state of a key are its rows in order: those that wait, and those somebody may
 * still look back at.
 */
final class Sliding extends Keyed<Long> {
    private static final long serialVersionUID = 1;
    private static final Comparator<byte[]> IN_ORDER =
        Comparator.comparingLong(Row::ts).thenComparingLong(Row::seq);
    private static final int HEAD = 8; // the watermark up to which events were answered

    private final Tally tally;
    private transient Windows windows;
    private transient boolean additive;

    Sliding(Work.Ref ref, Tally tally) {
        super(ref, true);
        this.tally = tally;
    }

    @Override
    void bind() {
        windows = work.windows;
        additive = work.plan.query.aggregates().stream().allMatch(a -> switch (a.func()) {
            case COUNT, SUM, AVG, MEAN, SUM_SQUARES -> true;
            default -> false;
        }) && !hasFloats();
    }

    /** What is added to a float and taken back is not what it was. */
    private boolean hasFloats() {
        var fields = work.plan.schema.variants().get(work.plan.query.from());
        return work.plan.query.aggregates().stream().filter(a -> a.func() != Func.COUNT)
            .map(a -> fields.indexOf(a.field())).anyMatch(i -> i >= 0
                && fields.fields().get(i).kind() == io.streambench.core.Schema.Kind.FLOAT);
    }

    @Override
    void take(Long key, List<byte[]> rows, long watermark) {
        byte[] state = state();
        long answered = state == null ? Long.MIN_VALUE : io.streambench.core.Bytes.getLong(state, 0);
        rows.removeIf(row -> {
            boolean tooLate = watermark >= windows.droppedAt(Row.ts(row));
            if (tooLate) {
                tally.tooLate.add(1L);
            }
            return tooLate;
        });
        if (state != null) {
            rows.addAll(Rows.read(state, HEAD));
        }
        settle(key, rows, answered, watermark);
    }

    @Override
    void due(Long key, long watermark) {
        byte[] state = state();
        if (state != null) {
            settle(key, Rows.read(state, HEAD), io.streambench.core.Bytes.getLong(state, 0), watermark);
        }
    }

    /** Answers what lies between two watermarks, and keeps what may still be looked at. */
    private void settle(long key, List<byte[]> rows, long answered, long watermark) {
        rows.sort(IN_ORDER);
        long[] acc = work.fold.zero();
        int oldest = 0;
        int inside = 0; // rows before it are in the accumulator, from the oldest on
        for (byte[] row : rows) {
            long ts = Row.ts(row);
            if (watermark < windows.closesAt(ts)) {
                break;
            }
            if (answered >= windows.closesAt(ts)) {
                continue;
            }
            while (inside < rows.size() && Row.ts(rows.get(inside)) <= ts) {
                acc = work.fold.add(acc, rows.get(inside++));
            }
            int from = oldest;
            while (Row.ts(rows.get(oldest)) < ts - windows.sizeMs) {
                oldest++;
            }
            acc = without(acc, rows, from, oldest, inside);
            emit(work.answer(work.answers.sliding(key, Row.seq(row), acc)));
        }
        List<byte[]> kept = rows.stream()
            .filter(row -> Row.ts(row) + windows.sizeMs >= watermark).toList();
        if (kept.isEmpty()) {
            keep(new byte[0]);
            return;
        }
        byte[] state = Rows.write(HEAD, kept);
        io.streambench.core.Bytes.putLong(state, 0, Math.max(answered, watermark));
        keep(state);
        wakeFor(kept, watermark);
    }

    /** Takes rows out of an accumulator, or makes it anew where that cannot be. */
    private long[] without(long[] acc, List<byte[]> rows, int from, int to, int end) {
        if (from == to) {
            return acc;
        }
        if (additive) {
            for (int i = from; i < to; i++) {
                work.fold.remove(acc, rows.get(i));
            }
            return acc;
        }
        long[] anew = work.fold.zero();
        for (int i = to; i < end; i++) {
            anew = work.fold.add(anew, rows.get(i));
        }
        return anew;
    }

    private void wakeFor(List<byte[]> kept, long watermark) {
        for (byte[] row : kept) {
            if (watermark < windows.closesAt(Row.ts(row))) {
                wake(windows.closesAt(Row.ts(row)));
                return;
            }
        }
        // Nothing waits: what is only looked back at goes when nobody can any more.
        wake(Row.ts(kept.get(kept.size() - 1)) + windows.sizeMs + 1);
    }
}
