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
abstract class WindowOperator extends Operator {
    final Fold fold;
    private final Windows windows;
    private final Keys keys;
    private final Lines lines;
    private final List<Pane> panes = new ArrayList<>(); // by start
    private long next = Long.MIN_VALUE; // the least watermark at which a window closes or goes

    /** The accumulators of a window by key, wherever they are kept. */
    abstract static class Pane {
        final long start;
        private boolean closed;

        Pane(long start) {
            this.start = start;
        }

        /** Adds a row to the accumulator of a key, and returns that. */
        abstract long[] add(long key, byte[] row);

        /** Shows every accumulator. */
        abstract void each(LongMap.Visitor<long[]> to);

        /** Forgets all of them, for good. */
        abstract void drop();
    }

    /** The pane of a window without rows. */
    abstract Pane fresh(long start);

    /** What becomes of the lines of a window that closes. */
    interface Lines {
        /** A window closes, whose accumulators are shown as often as they are asked for. */
        void close(Pane of, Outlet out);

        /** A late event has changed the accumulator of a key. */
        void refine(long start, long key, long[] acc, Outlet out);
    }

    /** Lines that are the answers of the query. */
    static Lines answers(Plan plan) {
        Answers answers = new Answers(plan);
        Windows windows = new Windows(plan);
        return new Lines() {
            @Override
            public void close(Pane of, Outlet out) {
                of.each((key, acc) -> refine(of.start, key, acc, out));
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
        long[] acc = p.add(key, row);
        if (p.closed) {
            lines.refine(p.start, key, acc, out);
        }
    }

    /** The pane of a start, as entries of the changelog come back. */
    final Pane restored(long start) {
        return pane(start, Long.MIN_VALUE);
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
        Pane p = fresh(start);
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
                lines.close(p, out);
            }
            if (windows.droppedAt(end) <= watermark) {
                p.drop();
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

    /** The windows there are, in no order. */
    final List<Pane> panes() {
        return panes;
    }

    @Override
    void resume() {
        long watermark = windows.watermark(marks.least());
        next = Long.MAX_VALUE;
        for (Pane p : panes) {
            p.closed = windows.closesAt(windows.end(p.start)) <= watermark;
            next = Math.min(next, due(p));
        }
    }
}
