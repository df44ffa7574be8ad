package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Query;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.List;

/**
 * Tumbling and hopping windows that answer when they are over, refine their answer with what comes
 * late, and hand on what comes too late. The state of a key is its windows one after the other:
 *
 * <pre>
 *   | start | answered | words | accumulator … |
 * </pre>
 */
final class Panes extends Keyed<Long> {
    private static final long serialVersionUID = 1;

    private final Tally tally;
    private transient Windows windows;
    private transient boolean lateOutput;
    private transient int op;

    Panes(Work.Ref ref, Tally tally) {
        super(ref, true);
        this.tally = tally;
    }

    private static final class Pane {
        final long start;
        boolean answered;
        boolean changed; // since it was answered
        long[] acc;

        Pane(long start, boolean answered, long[] acc) {
            this.start = start;
            this.answered = answered;
            this.acc = acc;
        }
    }

    @Override
    void bind() {
        windows = work.windows;
        lateOutput = work.plan.query.late() != null;
        op = work.answers.op();
    }

    @Override
    void take(Long key, List<byte[]> rows, long watermark) {
        List<Pane> panes = read(state());
        for (byte[] row : rows) {
            add(panes, row, watermark);
        }
        settle(key, panes, watermark);
    }

    private void add(List<Pane> panes, byte[] row, long watermark) {
        long ts = io.streambench.core.Row.ts(row);
        boolean tooLate = true;
        for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
            long end = windows.end(s);
            if (watermark >= windows.droppedAt(end)) {
                continue;
            }
            tooLate = false;
            Pane pane = find(panes, s);
            if (pane == null) {
                pane = new Pane(s, false, work.fold.zero());
                panes.add(pane);
                wake(watermark < windows.closesAt(end) ? windows.closesAt(end)
                    : windows.droppedAt(end));
            }
            pane.acc = work.fold.add(pane.acc, row);
            pane.changed = true;
            if (watermark >= windows.closesAt(end)) {
                tally.allowed.add(1L);
            }
        }
        if (tooLate) {
            tally.tooLate.add(1L);
            if (lateOutput) {
                emit(work.late(row));
            }
        }
    }

    private static Pane find(List<Pane> panes, long start) {
        for (Pane p : panes) {
            if (p.start == start) {
                return p;
            }
        }
        return null;
    }

    @Override
    void due(Long key, long watermark) {
        byte[] state = state();
        if (state != null) {
            settle(key, read(state), watermark);
        }
    }

    /** Answers what is over and has changed, forgets what is gone, and keeps the rest. */
    private void settle(long key, List<Pane> panes, long watermark) {
        List<Pane> kept = new ArrayList<>(panes.size());
        for (Pane p : panes) {
            long end = windows.end(p.start);
            if (watermark >= windows.closesAt(end) && (p.changed || !p.answered)) {
                long[] row = work.answers.group(key, p.start, end, p.acc);
                if (op >= 0) {
                    row[op] = p.answered ? Query.UPDATE : Query.INSERT;
                }
                emit(work.answer(row));
                if (!p.answered && windows.latenessMs > 0) {
                    wake(windows.droppedAt(end));
                }
                p.answered = true;
            }
            if (watermark < windows.droppedAt(end)) {
                kept.add(p);
            }
        }
        keep(write(kept));
    }

    private static List<Pane> read(byte[] state) {
        List<Pane> panes = new ArrayList<>();
        for (int at = 0; state != null && at < state.length;) {
            long[] acc = new long[(int) Bytes.getLong(state, at + 16)];
            for (int i = 0; i < acc.length; i++) {
                acc[i] = Bytes.getLong(state, at + 24 + 8 * i);
            }
            panes.add(new Pane(Bytes.getLong(state, at), Bytes.getLong(state, at + 8) != 0, acc));
            at += 24 + 8 * acc.length;
        }
        return panes;
    }

    private static byte[] write(List<Pane> panes) {
        int size = 0;
        for (Pane p : panes) {
            size += 24 + 8 * p.acc.length;
        }
        byte[] state = new byte[size];
        int at = 0;
        for (Pane p : panes) {
            Bytes.putLong(state, at, p.start);
            Bytes.putLong(state, at + 8, p.answered ? 1 : 0);
            Bytes.putLong(state, at + 16, p.acc.length);
            for (int i = 0; i < p.acc.length; i++) {
                Bytes.putLong(state, at + 24 + 8 * i, p.acc[i]);
            }
            at += 24 + 8 * p.acc.length;
        }
        return state;
    }
}
