package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Joins;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;
import java.util.Arrays;

/** Keeps the newest event of every key, and answers with it on every change. */
final class Latest extends Operator {
    private final Keys keys;
    private final Answers answers;
    private final ByteMap<byte[]> newest = new ByteMap<>();

    Latest(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        keys = new Keys(plan);
        answers = new Answers(plan);
    }

    @Override
    void add(byte[] row, Side side) {
        byte[] key = keys.all(row);
        byte[] was = newest.get(key);
        if (was == null || Joins.newer(row, was)) {
            newest.put(key, row);
            out.answer(answers.event(row));
        }
    }

    @Override
    void advance(long maxTs) {}

    @Override
    long next(long maxTs) {
        return Long.MAX_VALUE; // event time changes nothing
    }

    @Override
    void saveEntries() {
        newest.save((key, row) -> log(entry('n', key), row));
    }

    @Override
    void restoreEntry(byte[] entry, byte[] row) {
        newest.restore(Arrays.copyOfRange(entry, 1, entry.length), row);
    }
}
