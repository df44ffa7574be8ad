package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Fold;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Sliding windows: an event is answered over those of its key that are at most the window older,
 * ties among them, once the watermark is beyond it. Events wait for that in order of their times;
 * a key then keeps a running total: what enters is added, what is too old is taken out.
 */
final class SlidingOperator extends Operator {
    private final Windows windows;
    private final Fold fold;
    private final Keys keys;
    private final Answers answers;
    private final PriorityQueue<byte[]> held = new PriorityQueue<>((a, b) -> Row.ts(a) != Row.ts(b)
        ? Long.compare(Row.ts(a), Row.ts(b)) : Long.compare(Row.seq(a), Row.seq(b)));
    private final LongMap<byte[]> live = new LongMap<>(); // all rows here, by seq
    private final Map<Long, Trail> byKey = new HashMap<>();
    private final List<byte[]> moment = new ArrayList<>();

    private static final class Trail {
        final ArrayDeque<byte[]> rows = new ArrayDeque<>();
        long[] total;
    }

    SlidingOperator(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        windows = new Windows(plan);
        fold = new Fold(plan);
        keys = new Keys(plan);
        answers = new Answers(plan);
    }

    @Override
    void add(byte[] row, Side side) {
        if (windows.droppedAt(Row.ts(row)) <= windows.watermark(marks.least())) {
            out.late(row);
            return;
        }
        held.add(row);
        live.put(Row.seq(row), row);
    }

    @Override
    void advance(long maxTs) {
        long watermark = windows.watermark(maxTs);
        for (byte[] row = held.peek(); row != null && windows.closesAt(Row.ts(row)) <= watermark;
            row = held.peek()) {
            settle(Row.ts(row));
        }
    }

    /** Answers the events of one time. All enter first, as ties are in each other's windows. */
    private void settle(long ts) {
        moment.clear();
        while (!held.isEmpty() && Row.ts(held.peek()) == ts) {
            byte[] row = held.poll();
            enter(row);
            moment.add(row);
        }
        for (byte[] row : moment) {
            Trail t = byKey.get(keys.of(row));
            leave(t, ts - windows.sizeMs);
            out.answer(answers.sliding(keys.of(row), Row.seq(row), t.total));
        }
    }

    private void enter(byte[] row) {
        Trail t = byKey.computeIfAbsent(keys.of(row), none -> new Trail());
        if (t.total == null) {
            t.total = fold.zero();
        }
        t.total = fold.add(t.total, row);
        t.rows.add(row);
    }

    private void leave(Trail t, long before) {
        while (Row.ts(t.rows.peek()) < before) {
            byte[] row = t.rows.poll();
            fold.remove(t.total, row);
            if (live.remove(Row.seq(row))) {
                log(key('r', Row.seq(row)), null);
            }
        }
    }

    @Override
    long next(long maxTs) {
        return maxTs + 100;
    }

    @Override
    void saveEntries() {
        live.save((seq, row) -> log(key('r', seq), row));
    }

    @Override
    void restoreEntry(byte[] key, byte[] row) {
        if (row == null) {
            live.remove(word(key, 0));
        } else {
            live.putRestored(word(key, 0), row);
        }
    }

    @Override
    void resume() {
        long watermark = windows.watermark(marks.least());
        held.clear(); // a task that was suspended comes here again
        byKey.clear();
        List<byte[]> answered = new ArrayList<>();
        live.each((seq, row) ->
            (windows.closesAt(Row.ts(row)) <= watermark ? answered : held).add(row));
        answered.sort(held.comparator());
        answered.forEach(this::enter);
    }
}
