package io.streambench.kafkastreams;

import io.streambench.core.Keys;
import io.streambench.core.Out;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;
import io.streambench.core.Sessions;
import io.streambench.core.Sessions.One;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Sessions of event time, those of a key together. A key has one timer, at the time one of its
 * sessions was to close or to be forgotten when the timer was set; a timer that finds it has grown
 * meanwhile is set again.
 */
final class SessionOperator extends Operator {
    private final Windows windows;
    private final Keys keys;
    private final Sessions sessions;
    private final LongMap<OfKey> byKey = new LongMap<>();
    private final PriorityQueue<Timer> timers =
        new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
    private Out results;

    private static final class OfKey {
        final List<One> all;
        long at = Long.MAX_VALUE; // the earliest timer set

        OfKey(List<One> all) {
            this.all = all;
        }
    }

    private record Timer(long at, long key) {}

    SessionOperator(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        windows = new Windows(plan);
        keys = new Keys(plan);
        sessions = new Sessions(plan);
    }

    @Override
    void add(byte[] row, Side side) {
        long key = keys.of(row);
        OfKey of = byKey.change(key, () -> new OfKey(new ArrayList<>(1)));
        if (!sessions.add(of.all, key, row, windows.watermark(marks.least()), results)) {
            out.late(row);
        }
        settle(key, of);
    }

    /** Sets the timer of a key, or forgets one without sessions. */
    private void settle(long key, OfKey of) {
        if (of.all.isEmpty()) {
            if (byKey.remove(key)) {
                log(key('s', key), null);
            }
            return;
        }
        long due = sessions.due(of.all);
        if (due < of.at) {
            of.at = due;
            timers.add(new Timer(due, key));
        }
    }

    @Override
    void advance(long maxTs) {
        long watermark = windows.watermark(maxTs);
        for (Timer t = timers.peek(); t != null && t.at <= watermark; t = timers.peek()) {
            timers.poll();
            OfKey of = byKey.get(t.key);
            if (of == null || of.at != t.at) {
                continue; // another one of the key is set
            }
            of.at = Long.MAX_VALUE;
            if (sessions.due(of.all) <= watermark) {
                byKey.change(t.key, () -> of);
                sessions.advance(of.all, t.key, watermark, results);
            }
            settle(t.key, of);
        }
    }

    @Override
    long next(long maxTs) {
        return maxTs + 100; // any time may be the one a session closes at
    }

    @Override
    void saveEntries() {
        byKey.save((key, of) -> log(key('s', key), sessions.write(of.all)));
    }

    @Override
    void restoreEntry(byte[] key, byte[] value) {
        if (value == null) {
            byKey.remove(word(key, 0));
        } else {
            byKey.putRestored(word(key, 0), new OfKey(sessions.read(value)));
        }
    }

    @Override
    void resume() {
        results = columns -> out.answer(columns);
        timers.clear(); // a task that was suspended comes here again
        byKey.each((key, of) -> {
            of.at = sessions.due(of.all);
            timers.add(new Timer(of.at, key));
        });
    }
}
