package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Query.ResultField;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Pairs events of equal keys that lie in the same tumbling or hopping window, once that is over. The
 * state of a key are the rows of windows that are not: | watermark of the last answers | rows …
 */
final class WindowPairs extends Keyed<byte[]> {
    private static final long serialVersionUID = 1;
    private static final int HEAD = 8;

    private final Tally tally;
    private transient Windows windows;
    private transient boolean distinct;
    private transient int[] identity; // columns

    WindowPairs(Work.Ref ref, Tally tally) {
        super(ref, true);
        this.tally = tally;
    }

    @Override
    void bind() {
        windows = work.windows;
        distinct = work.plan.query.join().distinct();
        List<Integer> columns = new ArrayList<>();
        int at = 0;
        for (ResultField f : work.plan.query.output().fields()) {
            if (f.identity()) {
                columns.add(at);
            }
            at += work.plan.query.width(f);
        }
        identity = columns.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    void take(byte[] key, List<byte[]> rows, long watermark) {
        byte[] state = state();
        rows.removeIf(row -> {
            boolean tooLate = watermark >= windows.droppedAt(windows.end(windows.newest(Row.ts(row))));
            if (tooLate) {
                tally.tooLate.add(1L);
            }
            return tooLate;
        });
        for (byte[] row : rows) {
            long ts = Row.ts(row);
            for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
                if (watermark < windows.closesAt(windows.end(s))) {
                    wake(windows.closesAt(windows.end(s)));
                }
            }
        }
        long answered = state == null ? watermark : Bytes.getLong(state, 0);
        if (state != null) {
            rows.addAll(Rows.read(state, HEAD));
        }
        settle(rows, answered, watermark);
    }

    @Override
    void due(byte[] key, long watermark) {
        byte[] state = state();
        if (state != null) {
            settle(Rows.read(state, HEAD), Bytes.getLong(state, 0), watermark);
        }
    }

    private void settle(List<byte[]> rows, long answered, long watermark) {
        TreeSet<Long> over = new TreeSet<>();
        List<byte[]> kept = new ArrayList<>(rows.size());
        for (byte[] row : rows) {
            long ts = Row.ts(row);
            for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
                long closes = windows.closesAt(windows.end(s));
                if (answered < closes && closes <= watermark) {
                    over.add(s);
                }
            }
            if (watermark < windows.closesAt(windows.end(windows.newest(ts)))) {
                kept.add(row);
            }
        }
        for (long start : over) {
            answer(rows, start);
        }
        if (kept.isEmpty()) {
            keep(new byte[0]);
            return;
        }
        byte[] state = Rows.write(HEAD, kept);
        Bytes.putLong(state, 0, Math.max(answered, watermark));
        keep(state);
    }

    private void answer(List<byte[]> rows, long start) {
        List<byte[]> these = new ArrayList<>();
        List<byte[]> others = new ArrayList<>();
        for (byte[] row : rows) {
            long ts = Row.ts(row);
            if (start <= ts && ts < windows.end(start)) {
                (work.selection.side(row) == Side.THIS ? these : others).add(row);
            }
        }
        Set<List<Long>> told = new HashSet<>();
        for (byte[] t : these) {
            for (byte[] o : others) {
                long[] row = work.answers.pair(t, o, start, windows.end(start));
                if (!distinct || told.add(identityOf(row))) {
                    emit(work.answer(row));
                }
            }
        }
    }

    private List<Long> identityOf(long[] row) {
        List<Long> all = new ArrayList<>(identity.length);
        for (int c : identity) {
            all.add(row[c]);
        }
        return all;
    }
}
