package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;

/** Answers every event on its own. There is nothing to keep. */
final class Each extends Operator {
    private final Answers answers;

    Each(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        answers = new Answers(plan);
    }

    @Override
    void add(byte[] row, Side side) {
        out.answer(answers.event(row));
    }

    @Override
    void advance(long maxTs) {}

    @Override
    void restoreEntry(byte[] key, byte[] value) {}

    @Override
    void saveEntries() {}
}
