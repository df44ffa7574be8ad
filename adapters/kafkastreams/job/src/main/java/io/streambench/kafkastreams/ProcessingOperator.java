package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Fold;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;

/**
 * Tumbling windows of processing time: the clock of the machine says to which an event belongs, and
 * no event is late.
 */
final class ProcessingOperator extends Operator {
    private final Windows windows;
    private final Fold fold;
    private final Keys keys;
    private final Answers answers;
    private final LongMap<long[]> rows = new LongMap<>();
    private long start = Long.MIN_VALUE;

    ProcessingOperator(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        windows = new Windows(plan);
        fold = new Fold(plan);
        keys = new Keys(plan);
        answers = new Answers(plan);
    }

    @Override
    void add(byte[] row, Side side) {
        tick(System.currentTimeMillis());
        long key = keys.of(row);
        rows.put(key, fold.add(rows.change(key, fold::zero), row));
    }

    @Override
    void tick(long nowMs) {
        if (start != Long.MIN_VALUE && nowMs < windows.end(start)) {
            return;
        }
        answerAll();
        start = windows.newest(nowMs);
    }

    private void answerAll() {
        if (rows.size() == 0) {
            return;
        }
        rows.each((key, acc) ->
            out.answer(answers.group(key, start, windows.end(start), acc)));
        long[] all = new long[rows.size()];
        int[] n = {0};
        rows.each((key, acc) -> all[n[0]++] = key);
        for (long key : all) {
            if (rows.remove(key)) {
                log(key('t', key), null);
            }
        }
    }

    @Override
    void advance(long maxTs) {}

    @Override
    void end() {
        answerAll();
    }

    @Override
    void saveEntries() {
        rows.save((key, acc) -> log(key('t', key), Bytes.of(acc)));
    }

    @Override
    void restoreEntry(byte[] key, byte[] acc) {
        if (acc == null) {
            rows.remove(word(key, 0));
        } else {
            rows.putRestored(word(key, 0), Bytes.words(acc));
        }
    }
}
