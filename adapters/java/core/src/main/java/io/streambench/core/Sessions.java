package io.streambench.core;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The sessions of one key, as a pure function of what they were, an event and the watermark, for
 * systems whose own sessions cannot be taken back, or end elsewhere. A session that was answered is
 * kept for the allowed lateness; a late event changes what was said at once:
 *
 * <pre>
 *   answers [a---]      [b---]        an event joins a and b
 *            retract a   retract b    before it is folded
 *           [c---------------]        insert c if it has closed; else it is answered when it does
 * </pre>
 *
 * A session that keeps its start, and so its identity, is updated in place of retracted and
 * inserted.
 */
public final class Sessions implements Serializable {
    private static final long serialVersionUID = 1;

    private static final int START = 0;
    private static final int LAST = 1;
    private static final int SHOWN = 2; // whether it is among the answers
    private static final int HEAD = 3;

    private final Plan plan;
    private final transient Windows windows;
    private final transient Fold fold;
    private final transient Answers answers;

    /** Makes the sessions of a plan's query. */
    public Sessions(Plan plan) {
        this.plan = plan;
        windows = new Windows(plan);
        fold = new Fold(plan);
        answers = new Answers(plan);
    }

    /** A session: its first and last event times and what was folded. */
    public static final class One {
        private final long[] head;
        private long[] acc;

        private One(long[] head, long[] acc) {
            this.head = head;
            this.acc = acc;
        }

        private long reach(long gapMs) {
            return head[LAST] + gapMs;
        }
    }

    /**
     * Folds an event of the key.
     *
     * @param watermark the largest event time before this event, less the bound
     * @return whether it counts; false of one that is too late
     */
    public boolean add(List<One> all, long key, byte[] row, long watermark, Out out) {
        long ts = Row.ts(row);
        long start = ts;
        long last = ts;
        List<One> joined = new ArrayList<>(2);
        for (One s : all) {
            if (ts >= s.head[START] - windows.gapMs && ts <= s.reach(windows.gapMs)) {
                joined.add(s);
                start = Math.min(start, s.head[START]);
                last = Math.max(last, s.head[LAST]);
            }
        }
        if (joined.isEmpty() && watermark >= windows.droppedAt(ts + windows.gapMs)) {
            return false;
        }
        boolean closed = watermark >= windows.closesAt(last + windows.gapMs);
        long op = takeBack(joined, key, closed ? start : Long.MIN_VALUE, out);
        One s = merged(all, joined);
        s.head[START] = start;
        s.head[LAST] = last;
        s.head[SHOWN] = closed ? 1 : 0;
        s.acc = fold.add(s.acc, row);
        if (closed) {
            answer(s, key, op, out);
        }
        return true;
    }

    /** Retracts what was said of sessions, but of the one that begins at {@code start}. */
    private long takeBack(List<One> joined, long key, long start, Out out) {
        long op = Query.INSERT;
        for (One s : joined) {
            if (s.head[SHOWN] == 0) {
                continue;
            }
            if (s.head[START] == start) {
                op = Query.UPDATE;
            } else if (answers.op() >= 0) {
                answer(s, key, Query.RETRACT, out);
            }
        }
        return op;
    }

    private One merged(List<One> all, List<One> joined) {
        if (joined.isEmpty()) {
            One s = new One(new long[HEAD], fold.zero());
            all.add(s);
            return s;
        }
        One first = joined.get(0);
        for (One s : joined.subList(1, joined.size())) {
            first.acc = fold.merge(first.acc, s.acc);
            all.remove(s);
        }
        return first;
    }

    /** Answers the sessions that are over and forgets those that are gone. */
    public void advance(List<One> all, long key, long watermark, Out out) {
        for (Iterator<One> i = all.iterator(); i.hasNext();) {
            One s = i.next();
            long end = s.reach(windows.gapMs);
            if (s.head[SHOWN] == 0 && watermark >= windows.closesAt(end)) {
                s.head[SHOWN] = 1;
                answer(s, key, Query.INSERT, out);
            }
            if (watermark >= windows.droppedAt(end)) {
                i.remove();
            }
        }
    }

    /** The least watermark at which {@link #advance} has something to do; MAX_VALUE if none. */
    public long due(List<One> all) {
        long due = Long.MAX_VALUE;
        for (One s : all) {
            long end = s.reach(windows.gapMs);
            due = Math.min(due,
                s.head[SHOWN] == 0 ? windows.closesAt(end) : windows.droppedAt(end));
        }
        return due;
    }

    private void answer(One s, long key, long op, Out out) {
        long[] row = answers.group(key, s.head[START], s.reach(windows.gapMs), s.acc);
        if (answers.op() >= 0) {
            row[answers.op()] = op;
        }
        out.result(row);
    }

    /** The sessions of a key as stores keep them. */
    public byte[] write(List<One> all) {
        int words = 0;
        for (One s : all) {
            words += 1 + HEAD + s.acc.length;
        }
        byte[] bytes = new byte[8 * words];
        int at = 0;
        for (One s : all) {
            Bytes.putLong(bytes, at, s.acc.length);
            at += 8;
            for (long[] part : new long[][] {s.head, s.acc}) {
                for (long word : part) {
                    Bytes.putLong(bytes, at, word);
                    at += 8;
                }
            }
        }
        return bytes;
    }

    /** Reads what {@link #write} wrote; null is no session. */
    public List<One> read(byte[] bytes) {
        List<One> all = new ArrayList<>(2);
        for (int at = 0; bytes != null && at < bytes.length;) {
            One s = new One(new long[HEAD], new long[(int) Bytes.getLong(bytes, at)]);
            at += 8;
            for (long[] part : new long[][] {s.head, s.acc}) {
                for (int i = 0; i < part.length; i++, at += 8) {
                    part[i] = Bytes.getLong(bytes, at);
                }
            }
            all.add(s);
        }
        return all;
    }

    private Object readResolve() {
        return new Sessions(plan);
    }
}
