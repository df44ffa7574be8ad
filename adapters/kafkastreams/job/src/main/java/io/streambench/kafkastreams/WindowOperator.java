package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Fold;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.List;

/**
 * Tumbling and hopping windows of event time. A window is answered when the watermark reaches its
 * end, again with every late event that still counts, and forgotten once its lateness is over; what
 * comes after that is too late. Event time may jump as far as it likes: windows are not looked up
 * by how old they are, so none is hidden by a gap.
 */
final class WindowOperator extends Operator {
    private final Windows windows;
    private final Fold fold;
    private final Keys keys;
    private final Lines lines;
    private final List<Pane> panes = new ArrayList<>(); // by start
    private long next = Long.MIN_VALUE; // the least watermark at which a window closes or goes

    /** The accumulators of a window by key. */
    private static final class Pane {
        final long start;
        boolean closed;
        final LongMap<long[]> rows = new LongMap<>();

        Pane(long start) {
            this.start = start;
        }
    }

    /** What becomes of the lines of a window that closes. */
    interface Lines {
        /** A window closes; {@code rows} are the accumulators of its keys. */
        void close(long start, LongMap<long[]> rows, Outlet out);

        /** A late event has changed the accumulator of a key. */
        void refine(long start, long key, long[] acc, Outlet out);
    }

    /** Lines that are the answers of the query. */
    static Lines answers(Plan plan) {
        Answers answers = new Answers(plan);
        Windows windows = new Windows(plan);
        return new Lines() {
            @Override
            public void close(long start, LongMap<long[]> rows, Outlet out) {
                rows.each((key, acc) -> refine(start, key, acc, out));
            }

            @Override
            public void refine(long start, long key, long[] acc, Outlet out) {
                out.answer(answers.group(key, start, windows.end(start), acc));
            }
        };
    }

    WindowOperator(String name, Plan plan, int feeders, Lines lines) {
        super(name, plan, feeders);
        windows = new Windows(plan);
        fold = new Fold(plan);
        keys = new Keys(plan);
        this.lines = lines;
    }

    @Override
    void add(byte[] row, Side side) {
        long ts = Row.ts(row);
        long watermark = windows.watermark(marks.least());
        boolean kept = false;
        for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
            if (windows.droppedAt(windows.end(s)) <= watermark) {
                break; // as those before it are
            }
            kept = true;
            addTo(pane(s, watermark), row);
        }
        if (!kept) {
            out.late(row);
        }
    }

    private void addTo(Pane p, byte[] row) {
        long key = keys.of(row);
        long[] acc = p.rows.change(key, fold::zero);
        long[] grown = fold.add(acc, row);
        if (grown != acc) {
            p.rows.put(key, grown);
        }
        if (p.closed) {
            lines.refine(p.start, key, grown, out);
        }
    }

    /** The pane of a start, newest first: that is where nearly all events belong. */
    private Pane pane(long start, long watermark) {
        int i = panes.size() - 1;
        for (; i >= 0; i--) {
            Pane p = panes.get(i);
            if (p.start == start) {
                return p;
            }
            if (p.start < start) {
                break;
            }
        }
        Pane p = new Pane(start);
        p.closed = windows.closesAt(windows.end(start)) <= watermark;
        panes.add(i + 1, p);
        next = Math.min(next, due(p));
        return p;
    }

    private long due(Pane p) {
        long end = windows.end(p.start);
        return p.closed ? windows.droppedAt(end) : windows.closesAt(end);
    }

    @Override
    void advance(long maxTs) {
        long watermark = windows.watermark(maxTs);
        if (watermark < next) {
            return;
        }
        next = Long.MAX_VALUE;
        for (int i = 0; i < panes.size(); i++) {
            Pane p = panes.get(i);
            long end = windows.end(p.start);
            if (!p.closed && windows.closesAt(end) <= watermark) {
                p.closed = true;
                lines.close(p.start, p.rows, out);
            }
            if (windows.droppedAt(end) <= watermark) {
                p.rows.eachLogged((key, acc) -> log(key('w', p.start, key), null));
                panes.remove(i--);
            } else {
                next = Math.min(next, due(p));
            }
        }
    }

    @Override
    long next(long maxTs) {
        long at = Long.MAX_VALUE;
        for (long behind : new long[] {windows.closesAt(0), windows.droppedAt(0)}) {
            long off = windows.sizeMs + behind + windows.boundMs;
            at = Math.min(at, (Math.floorDiv(maxTs - off, windows.slideMs) + 1) * windows.slideMs
                + off);
        }
        return at;
    }

    @Override
    void saveEntries() {
        for (Pane p : panes) {
            p.rows.save((key, acc) -> log(key('w', p.start, key), Bytes.of(acc)));
        }
    }

    @Override
    void restoreEntry(byte[] key, byte[] value) {
        Pane p = pane(word(key, 0), Long.MIN_VALUE);
        if (value == null) {
            p.rows.remove(word(key, 1));
        } else {
            p.rows.putRestored(word(key, 1), Bytes.words(value));
        }
    }

    @Override
    void resume() {
        long watermark = windows.watermark(marks.least());
        panes.removeIf(p -> p.rows.size() == 0);
        next = Long.MAX_VALUE;
        for (Pane p : panes) {
            p.closed = windows.closesAt(windows.end(p.start)) <= watermark;
            next = Math.min(next, due(p));
        }
    }
}
