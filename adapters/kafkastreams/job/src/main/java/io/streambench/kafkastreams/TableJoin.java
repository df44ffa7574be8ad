package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A join without windows: every pair of equal keys is answered once, when the later of the two has
 * come. Where keys of the other side are unique a row of this side waits for its other half alone.
 */
final class TableJoin extends Operator {
    private static final byte[] BARREN = {};

    private final Keys keys;
    private final Answers answers;
    private final boolean unique;
    private final ByteMap<Match> byKey = new ByteMap<>();

    private static final class Match {
        List<byte[]> these = new ArrayList<>(0);
        List<byte[]> others = new ArrayList<>(1); // BARREN alone: one that nobody pairs with
    }

    TableJoin(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        keys = new Keys(plan);
        answers = new Answers(plan);
        unique = plan.query.join().withUnique();
    }

    @Override
    void add(byte[] row, Side side) {
        if (side == Side.BARREN && !unique) {
            return;
        }
        byte[] key = keys.all(side == Side.THIS ? side : Side.OTHER, row);
        Match known = byKey.get(key);
        if (side != Side.THIS) {
            Match m = byKey.change(key, Match::new);
            m.others.add(side == Side.BARREN ? BARREN : row);
            if (side == Side.OTHER) {
                m.these.forEach(these -> out.answer(answers.pair(these, row, 0, 0)));
            }
            if (unique) {
                m.these = new ArrayList<>(0);
            }
            return;
        }
        if (known != null && unique && !known.others.isEmpty()) {
            byte[] other = known.others.get(0);
            if (other.length > 0) {
                out.answer(answers.pair(row, other, 0, 0));
            }
            return;
        }
        Match m = byKey.change(key, Match::new);
        m.these.add(row);
        m.others.forEach(other -> out.answer(answers.pair(row, other, 0, 0)));
    }

    @Override
    void advance(long maxTs) {}

    @Override
    long next(long maxTs) {
        return Long.MAX_VALUE;
    }

    @Override
    void saveEntries() {
        byKey.save((key, m) -> log(entry('j', key), Rows.pack(m.these, m.others)));
    }

    @Override
    void restoreEntry(byte[] entry, byte[] value) {
        byte[] key = Arrays.copyOfRange(entry, 1, entry.length);
        if (value == null) {
            byKey.restore(key, null);
            return;
        }
        List<List<byte[]>> kept = Rows.unpack(value, 2);
        Match m = new Match();
        m.these = kept.get(0);
        m.others = kept.get(1);
        byKey.restore(key, m);
    }
}
