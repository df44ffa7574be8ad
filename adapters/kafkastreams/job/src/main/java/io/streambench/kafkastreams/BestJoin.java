package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Fold;
import io.streambench.core.Joins;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Keeps, for each event of the other side, the best of this side that lies within its validity,
 * whichever came first. A change is an answer, or where these are folded by a field of the other
 * side goes on to the partition that owns it, with what it takes the place of.
 */
final class BestJoin extends Operator {
    private static final byte[] BARREN = {};

    private final Keys keys;
    private final Joins joins;
    private final Answers answers;
    private final boolean regroups;
    private final ByteMap<Contest> byKey = new ByteMap<>();

    private static final class Contest {
        byte[] other; // null until it has come
        byte[] best;
        List<byte[]> waiting = new ArrayList<>(1); // of this side, for the other
    }

    BestJoin(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        keys = new Keys(plan);
        joins = new Joins(plan);
        answers = new Answers(plan);
        regroups = plan.query.regroups();
    }

    @Override
    void add(byte[] row, Side side) {
        byte[] key = keys.all(side == Side.THIS ? side : Side.OTHER, row);
        Contest c = byKey.get(key);
        if (side == Side.THIS) {
            if (c == null || c.other == null) {
                byKey.change(key, Contest::new).waiting.add(row);
            } else if (wins(row, c)) {
                byKey.change(key, Contest::new);
                change(c, row);
            }
            return;
        }
        c = byKey.change(key, Contest::new);
        c.other = side == Side.BARREN ? BARREN : row;
        byte[] best = null;
        for (byte[] these : c.waiting) {
            if (side == Side.OTHER && joins.valid(these, row)
                && (best == null || joins.better(these, best))) {
                best = these;
            }
        }
        c.waiting = new ArrayList<>(0);
        if (best != null) {
            change(c, best);
        }
    }

    private boolean wins(byte[] row, Contest c) {
        return c.other.length > 0 && joins.valid(row, c.other)
            && (c.best == null || joins.better(row, c.best));
    }

    private void change(Contest c, byte[] best) {
        if (regroups) {
            long group = joins.group(c.other);
            List<byte[]> was = c.best == null ? List.of() : List.of(c.best);
            byte[] rows = Rows.pack(was, List.of(best));
            byte[] record = new byte[8 + rows.length];
            io.streambench.core.Bytes.putLong(record, 0, group);
            System.arraycopy(rows, 0, record, 8, rows.length);
            out.pass(group, record);
        } else {
            out.answer(answers.pair(best, c.other, 0, 0));
        }
        c.best = best;
    }

    @Override
    void advance(long maxTs) {}

    @Override
    long next(long maxTs) {
        return Long.MAX_VALUE;
    }

    @Override
    void saveEntries() {
        byKey.save((key, c) -> log(entry('j', key), Rows.pack(one(c.other), one(c.best),
            c.waiting)));
    }

    private static List<byte[]> one(byte[] row) {
        return row == null ? List.of() : List.of(row);
    }

    @Override
    void restoreEntry(byte[] entry, byte[] value) {
        byte[] key = Arrays.copyOfRange(entry, 1, entry.length);
        if (value == null) {
            byKey.restore(key, null);
            return;
        }
        List<List<byte[]>> kept = Rows.unpack(value, 3);
        Contest c = new Contest();
        c.other = kept.get(0).isEmpty() ? null : kept.get(0).get(0);
        c.best = kept.get(1).isEmpty() ? null : kept.get(1).get(0);
        c.waiting = kept.get(2);
        byKey.restore(key, c);
    }

    /** The second stage of one that regroups: the sums of what is best now. */
    static final class Groups extends Operator {
        private final Fold fold;
        private final Answers answers;
        private final LongMap<long[]> byGroup = new LongMap<>();

        Groups(String name, Plan plan, int feeders) {
            super(name, plan, feeders);
            fold = new Fold(plan);
            answers = new Answers(plan);
        }

        @Override
        void add(byte[] row, Side side) {
            throw new IllegalStateException("BUG: groups take what was passed on alone");
        }

        @Override
        void take(byte[] record) {
            long group = io.streambench.core.Bytes.getLong(record, 0);
            List<List<byte[]>> rows =
                Rows.unpack(Arrays.copyOfRange(record, 8, record.length), 2);
            long[] acc = byGroup.change(group, fold::zero);
            rows.get(0).forEach(was -> fold.remove(acc, was));
            rows.get(1).forEach(now -> fold.add(acc, now));
            out.answer(answers.group(group, 0, 0, acc));
        }

        @Override
        void advance(long maxTs) {}

        @Override
        long next(long maxTs) {
            return Long.MAX_VALUE;
        }

        @Override
        void saveEntries() {
            byGroup.save((group, acc) -> log(key('g', group), io.streambench.core.Bytes.of(acc)));
        }

        @Override
        void restoreEntry(byte[] key, byte[] acc) {
            if (acc == null) {
                byGroup.remove(word(key, 0));
            } else {
                byGroup.putRestored(word(key, 0), io.streambench.core.Bytes.words(acc));
            }
        }
    }
}
