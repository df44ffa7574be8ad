package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Fold;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Sessions of event time. A session is answered once the watermark is beyond its end. Where the query
 * retracts, a late event takes back the answers it changes and gives new ones:
 *
 * <pre>
 *   answered [a---]      [b---]        an event joins a and b
 *             retract a   retract b    before it is folded
 *            [c---------------]        insert c if it has closed; else when it does
 * </pre>
 *
 * A session that keeps its start, and so its identity, is updated in place of retracted and inserted.
 */
final class SessionOperator extends Operator {
    private final Windows windows;
    private final Fold fold;
    private final Keys keys;
    private final Answers answers;
    private final LongMap<List<Session>> byKey = new LongMap<>();
    private final PriorityQueue<Session> timers =
        new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));

    private static final class Session {
        final long key;
        long first;
        long last;
        boolean gone; // another has taken it in, or it is over; its timer is still set
        boolean shown; // it was answered, as it is
        long at; // watermark its timer is set at
        long[] acc;

        Session(long key, long ts) {
            this.key = key;
            first = ts;
            last = ts;
        }
    }

    SessionOperator(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        windows = new Windows(plan);
        fold = new Fold(plan);
        keys = new Keys(plan);
        answers = new Answers(plan);
    }

    @Override
    void add(byte[] row, Side side) {
        long ts = Row.ts(row);
        long key = keys.of(row);
        long watermark = windows.watermark(marks.least());
        List<Session> all = byKey.get(key);
        Session into = all == null ? null : joined(all, ts);
        if (into == null && windows.droppedAt(ts + windows.gapMs) <= watermark) {
            out.late(row);
            return;
        }
        all = byKey.change(key, () -> new ArrayList<>(1));
        long op = Query.INSERT;
        if (into == null) {
            into = new Session(key, ts);
            into.acc = fold.zero();
            all.add(into);
            into.acc = fold.add(into.acc, row);
            set(into, watermark);
        } else {
            op = takeBack(all, ts, watermark);
            into = merge(all, into, ts);
            into.acc = fold.add(into.acc, row);
        }
        if (closed(into.last, watermark)) {
            show(into, op);
            into.shown = true;
        } else {
            into.shown = false;
            if (into.at > windows.closesAt(end(into))) {
                timers.remove(into); // it was set for the end of its lateness, and has to close first
                set(into, watermark);
            }
        }
    }

    private long end(Session s) {
        return s.last + windows.gapMs;
    }

    private boolean closed(long last, long watermark) {
        return windows.closesAt(last + windows.gapMs) <= watermark;
    }

    private boolean touches(Session s, long ts) {
        return ts >= s.first - windows.gapMs && ts <= s.last + windows.gapMs;
    }

    /** The first session an event joins. */
    private Session joined(List<Session> all, long ts) {
        for (Session s : all) {
            if (touches(s, ts)) {
                return s;
            }
        }
        return null;
    }

    /**
     * Retracts the answers an event changes, but for the one it only updates, and returns what the
     * session it joins will do to the answers once it has closed.
     */
    private long takeBack(List<Session> all, long ts, long watermark) {
        long first = ts;
        long last = ts;
        for (Session s : all) {
            if (touches(s, ts)) {
                first = Math.min(first, s.first);
                last = Math.max(last, s.last);
            }
        }
        boolean closes = closed(last, watermark);
        long op = Query.INSERT;
        for (Session s : all) {
            if (!touches(s, ts) || !s.shown) {
                continue;
            }
            if (closes && s.first == first) {
                op = Query.UPDATE;
            } else {
                show(s, Query.RETRACT);
                s.shown = false;
            }
        }
        return op;
    }

    /** Makes one session of those an event joins, grown to hold it. */
    private Session merge(List<Session> all, Session into, long ts) {
        into.first = Math.min(into.first, ts);
        into.last = Math.max(into.last, ts);
        for (int i = all.size() - 1; i >= 0; i--) {
            Session s = all.get(i);
            // An event joins one session on either side at most, so that the other one is all there is.
            if (s != into && touches(s, ts)) {
                into.first = Math.min(into.first, s.first);
                into.last = Math.max(into.last, s.last);
                into.acc = fold.merge(into.acc, s.acc);
                s.gone = true;
                all.remove(i);
            }
        }
        return into;
    }

    private void show(Session s, long op) {
        long[] columns = answers.group(s.key, s.first, end(s), s.acc);
        if (answers.op() >= 0) {
            columns[answers.op()] = op;
        }
        out.answer(columns);
    }

    /** Sets the timer of a session: when it closes, or once it has, when its lateness is over. */
    private void set(Session s, long watermark) {
        s.at = closed(s.last, watermark) ? windows.droppedAt(end(s)) : windows.closesAt(end(s));
        timers.add(s);
    }

    @Override
    void advance(long maxTs) {
        long watermark = windows.watermark(maxTs);
        for (Session s = timers.peek(); s != null && s.at <= watermark; s = timers.peek()) {
            timers.poll();
            if (s.gone) {
                continue;
            }
            if (closed(s.last, watermark) && !s.shown) {
                show(s, Query.INSERT);
                s.shown = true;
                byKey.change(s.key, ArrayList::new);
            }
            if (windows.droppedAt(end(s)) <= watermark) {
                forget(s);
            } else {
                set(s, watermark);
            }
        }
    }

    private void forget(Session s) {
        s.gone = true;
        List<Session> all = byKey.change(s.key, ArrayList::new);
        all.remove(s);
        if (all.isEmpty() && byKey.remove(s.key)) {
            log(key('s', s.key), null);
        }
    }

    @Override
    long next(long maxTs) {
        return maxTs + 100; // any time may be the one a session closes at
    }

    @Override
    void saveEntries() {
        byKey.save((key, all) -> {
            int words = 0;
            for (Session s : all) {
                words += 4 + s.acc.length;
            }
            long[] kept = new long[words];
            int at = 0;
            for (Session s : all) {
                kept[at] = s.first;
                kept[at + 1] = s.last;
                kept[at + 2] = s.shown ? 1 : 0;
                kept[at + 3] = s.acc.length;
                System.arraycopy(s.acc, 0, kept, at + 4, s.acc.length);
                at += 4 + s.acc.length;
            }
            log(key('s', key), Bytes.of(kept));
        });
    }

    @Override
    void restoreEntry(byte[] entry, byte[] value) {
        long key = word(entry, 0);
        if (value == null) {
            byKey.remove(key);
            return;
        }
        long[] kept = Bytes.words(value);
        List<Session> all = new ArrayList<>(1);
        for (int at = 0; at < kept.length; at += 4 + (int) kept[at + 3]) {
            Session s = new Session(key, kept[at]);
            s.last = kept[at + 1];
            s.shown = kept[at + 2] != 0;
            s.acc = java.util.Arrays.copyOfRange(kept, at + 4, at + 4 + (int) kept[at + 3]);
            all.add(s);
        }
        byKey.putRestored(key, all);
    }

    @Override
    void resume() {
        long watermark = windows.watermark(marks.least());
        byKey.each((key, all) -> all.forEach(s -> set(s, watermark)));
    }
}
