package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Joins;
import io.streambench.core.Query.JoinKind;
import io.streambench.core.Selection.Side;
import java.util.ArrayList;
import java.util.List;

/**
 * Joins that know no time: every pair of equal keys, or of each event of the other side the best of
 * this side. The state of a key:
 *
 * <pre>
 *   | 1 after an event of the other side that is not selected |
 *     length, 4 | rows of this side … | length, 4 | rows of the other side, each with its best, …
 * </pre>
 */
final class Pairs extends Keyed<byte[]> {
    private static final long serialVersionUID = 1;
    private static final byte[] NONE = {};

    private transient boolean best;
    private transient boolean unique;
    private transient boolean regroups;
    private transient Joins joins;

    private transient boolean barren;
    private transient List<byte[]> these; // that may still find another
    private transient List<byte[]> others;
    private transient List<byte[]> winners; // of others; NONE for none. Of a table join there are none

    Pairs(Work.Ref ref) {
        super(ref, false);
    }

    @Override
    void bind() {
        best = work.plan.query.join().kind() == JoinKind.BEST;
        unique = work.plan.query.join().withUnique();
        regroups = work.plan.query.regroups();
        joins = new Joins(work.plan);
    }

    @Override
    void take(byte[] key, List<byte[]> rows, long watermark) {
        read(state());
        List<byte[]> before = new ArrayList<>(winners);
        for (byte[] row : rows) {
            Side side = work.selection.side(row);
            if (side == Side.THIS) {
                takeThis(row);
            } else if (side == Side.OTHER) {
                takeOther(row);
            } else {
                barren = true;
            }
        }
        if (unique && (barren || !others.isEmpty())) {
            these.clear();
        }
        for (int i = 0; best && i < others.size(); i++) {
            byte[] was = i < before.size() ? before.get(i) : NONE;
            if (winners.get(i) != was) {
                answerBest(others.get(i), was, winners.get(i));
            }
        }
        keep(write());
    }

    private void takeThis(byte[] row) {
        for (int i = 0; i < others.size(); i++) {
            meet(row, i);
        }
        if (!unique || others.isEmpty() && !barren) {
            these.add(row);
        }
    }

    private void takeOther(byte[] row) {
        others.add(row);
        winners.add(NONE);
        for (byte[] t : these) {
            meet(t, others.size() - 1);
        }
    }

    private void meet(byte[] row, int other) {
        byte[] with = others.get(other);
        if (!best) {
            emit(work.answer(work.answers.pair(row, with, 0, 0)));
            return;
        }
        byte[] winner = winners.get(other);
        if (joins.valid(row, with) && (winner.length == 0 || joins.better(row, winner))) {
            winners.set(other, row);
        }
    }

    private void answerBest(byte[] other, byte[] was, byte[] now) {
        if (!regroups) {
            emit(work.answer(work.answers.pair(now, other, 0, 0)));
            return;
        }
        emit(Regrouped.change(joins.group(other), was, now));
    }

    private void read(byte[] state) {
        barren = state != null && state[0] != 0;
        these = new ArrayList<>();
        others = new ArrayList<>();
        winners = new ArrayList<>();
        if (state == null) {
            return;
        }
        int split = 5 + Bytes.getInt(state, 1);
        for (byte[] row : Rows.read(java.util.Arrays.copyOf(state, split), 5)) {
            these.add(row);
        }
        List<byte[]> pairs = Rows.read(state, split);
        for (int i = 0; i < pairs.size(); i += 2) {
            others.add(pairs.get(i));
            winners.add(pairs.get(i + 1));
        }
    }

    private byte[] write() {
        List<byte[]> pairs = new ArrayList<>();
        for (int i = 0; i < others.size(); i++) {
            pairs.add(others.get(i));
            pairs.add(winners.get(i));
        }
        byte[] first = Rows.write(5, these);
        first[0] = (byte) (barren ? 1 : 0);
        Bytes.putInt(first, 1, first.length - 5);
        byte[] second = Rows.write(0, pairs);
        byte[] state = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, state, first.length, second.length);
        return state;
    }
}
