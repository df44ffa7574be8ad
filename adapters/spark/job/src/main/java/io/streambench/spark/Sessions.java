package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Query;
import io.streambench.core.Row;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Session windows, which late events lengthen and join. With allowed lateness a session that was
 * answered is taken back where such an event changes it. The state of a key is its sessions:
 *
 * <pre>
 *   | first event | last event | answered | words | accumulator … |
 * </pre>
 */
final class Sessions extends Keyed<Long> {
    private static final long serialVersionUID = 1;

    private final Tally tally;
    private transient Windows windows;
    private transient int op;

    Sessions(Work.Ref ref, Tally tally) {
        super(ref, true);
        this.tally = tally;
    }

    private static final class Session {
        long first;
        long last;
        long[] acc;
        boolean changed;
        /** The results that are out of the sessions it is made of. */
        List<long[]> out = new ArrayList<>(1);

        Session(long first, long last, long[] acc) {
            this.first = first;
            this.last = last;
            this.acc = acc;
        }
    }

    @Override
    void bind() {
        windows = work.windows;
        op = work.answers.op();
    }

    @Override
    void take(Long key, List<byte[]> rows, long watermark) {
        List<Session> sessions = settle(key, read(key, state()), watermark);
        rows.sort(Comparator.comparingLong(Row::ts).thenComparingLong(Row::seq));
        for (byte[] row : rows) {
            sessions = add(sessions, row, watermark);
        }
        keep(write(settle(key, sessions, watermark)));
    }

    @Override
    void due(Long key, long watermark) {
        byte[] state = state();
        if (state != null) {
            keep(write(settle(key, read(key, state), watermark)));
        }
    }

    /** Adds an event to the sessions it touches, which become one. */
    private List<Session> add(List<Session> sessions, byte[] row, long watermark) {
        long ts = Row.ts(row);
        Session into = null;
        List<Session> after = new ArrayList<>(sessions.size() + 1);
        for (Session s : sessions) {
            if (ts < s.first - windows.gapMs || ts > s.last + windows.gapMs) {
                after.add(s);
            } else if (into == null) {
                into = s;
                after.add(s);
            } else {
                into.first = Math.min(into.first, s.first);
                into.last = Math.max(into.last, s.last);
                into.acc = work.fold.merge(into.acc, s.acc);
                into.out.addAll(s.out);
            }
        }
        if (into == null) {
            if (watermark >= windows.droppedAt(ts + windows.gapMs)) {
                tally.tooLate.add(1L);
                return sessions;
            }
            into = new Session(ts, ts, work.fold.zero());
            after.add(into);
        }
        into.first = Math.min(into.first, ts);
        into.last = Math.max(into.last, ts);
        into.acc = work.fold.add(into.acc, row);
        into.changed = true;
        if (watermark >= windows.closesAt(into.last + windows.gapMs)) {
            tally.allowed.add(1L);
        }
        return after;
    }

    /** Answers what is over, takes back what has changed, and returns what is not gone. */
    private List<Session> settle(long key, List<Session> sessions, long watermark) {
        List<Session> kept = new ArrayList<>(sessions.size());
        for (Session s : sessions) {
            long end = s.last + windows.gapMs;
            boolean over = watermark >= windows.closesAt(end);
            if (over && (s.changed || s.out.isEmpty())) {
                answer(s, work.answers.group(key, s.first, end, s.acc));
            } else if (!over && !s.out.isEmpty()) {
                s.out.forEach(old -> say(old, Query.RETRACT));
                s.out.clear();
            }
            if (watermark < windows.droppedAt(end)) {
                kept.add(s);
                if (s.changed) {
                    wake(over ? windows.droppedAt(end) : windows.closesAt(end));
                } else if (over && windows.latenessMs > 0) {
                    wake(windows.droppedAt(end));
                }
            }
            s.changed = false;
        }
        return kept;
    }

    /** A result in place of those that are out: of the one that began where it begins, if any did. */
    private void answer(Session s, long[] row) {
        boolean update = false;
        for (long[] old : s.out) {
            if (same(old, row)) {
                update = true;
            } else {
                say(old, Query.RETRACT);
            }
        }
        say(row, update ? Query.UPDATE : Query.INSERT);
        s.out.clear();
        s.out.add(row);
    }

    /** Whether two results are of one identity. */
    private boolean same(long[] a, long[] b) {
        var fields = work.plan.query.output().fields();
        for (int i = 0, c = 0; i < fields.size(); c += work.plan.query.width(fields.get(i)), i++) {
            if (fields.get(i).identity() && a[c] != b[c]) {
                return false;
            }
        }
        return true;
    }

    private void say(long[] row, long what) {
        if (op >= 0) {
            row[op] = what;
        }
        emit(work.answer(row));
    }

    private List<Session> read(long key, byte[] state) {
        List<Session> sessions = new ArrayList<>();
        for (int at = 0; state != null && at < state.length;) {
            long[] acc = new long[(int) Bytes.getLong(state, at + 24)];
            for (int i = 0; i < acc.length; i++) {
                acc[i] = Bytes.getLong(state, at + 32 + 8 * i);
            }
            Session s = new Session(Bytes.getLong(state, at), Bytes.getLong(state, at + 8), acc);
            if (Bytes.getLong(state, at + 16) != 0) {
                s.out.add(work.answers.group(key, s.first, s.last + windows.gapMs, acc));
            }
            sessions.add(s);
            at += 32 + 8 * acc.length;
        }
        return sessions;
    }

    private static byte[] write(List<Session> sessions) {
        int size = 0;
        for (Session s : sessions) {
            size += 32 + 8 * s.acc.length;
        }
        byte[] state = new byte[size];
        int at = 0;
        for (Session s : sessions) {
            Bytes.putLong(state, at, s.first);
            Bytes.putLong(state, at + 8, s.last);
            Bytes.putLong(state, at + 16, s.out.isEmpty() ? 0 : 1);
            Bytes.putLong(state, at + 24, s.acc.length);
            for (int i = 0; i < s.acc.length; i++) {
                Bytes.putLong(state, at + 32 + 8 * i, s.acc[i]);
            }
            at += 32 + 8 * s.acc.length;
        }
        return state;
    }
}
