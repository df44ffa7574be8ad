package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import io.streambench.core.Keys;
import io.streambench.core.Machine;
import io.streambench.core.Out;
import io.streambench.core.Plan;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.PriorityQueue;

/**
 * Hosts the keyed state machine of a query. Where it wants the events of a key in their order they
 * wait until the watermark is beyond them, and of one time come before a timer. A key whose state
 * is all 0, as it was at first, and which has no timer is not kept.
 */
final class MachineOperator extends Operator {
    private final Machine machine;
    private final Windows windows;
    private final Keys keys;
    private final boolean ownKeys; // rows come once a key, which is in front of them
    private final LongMap<Entry> byKey = new LongMap<>();
    private final PriorityQueue<Timer> timers =
        new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
    private final PriorityQueue<Held> held = new PriorityQueue<>(
        (a, b) -> a.ts != b.ts ? Long.compare(a.ts, b.ts) : Long.compare(a.seq, b.seq));
    private final LongMap<Held> heldBySeq = new LongMap<>();
    private Out results;

    private static final class Entry {
        final long[] state;
        long timer; // 0 for none

        Entry(int words) {
            state = new long[words];
        }

        boolean blank() {
            if (timer != 0) {
                return false;
            }
            for (long w : state) {
                if (w != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private record Timer(long at, long key) {}

    private record Held(long ts, long seq, byte[] row) {}

    MachineOperator(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        machine = Machine.of(plan);
        windows = new Windows(plan);
        keys = new Keys(plan);
        ownKeys = machine.manyKeys();
    }

    @Override
    void add(byte[] row, Side side) {
        if (!machine.sorted()) {
            step(keys.of(row), row);
            return;
        }
        long ts = Row.ts(row);
        if (ts < windows.watermark(marks.least())) {
            out.late(row);
            return;
        }
        Held h = new Held(ts, Row.seq(row), row);
        held.add(h);
        heldBySeq.put(h.seq, h);
    }

    /** Takes a row with one of its keys in front: one event may belong to several. */
    @Override
    void take(byte[] record) {
        byte[] row = java.util.Arrays.copyOfRange(record, 8, record.length);
        step(Bytes.getLong(record, 0), row);
    }

    private void step(long key, byte[] row) {
        Entry e = byKey.change(key, () -> new Entry(machine.words()));
        settle(key, e, machine.step(e.state, key, row, results));
    }

    private void settle(long key, Entry e, long timer) {
        if (timer != 0) {
            e.timer = Math.max(timer, 0);
            if (timer > 0) {
                timers.add(new Timer(timer, key));
            }
        }
        if (e.blank() && byKey.remove(key)) {
            log(key('p', key), null);
        }
    }

    @Override
    void advance(long maxTs) {
        long watermark = windows.watermark(maxTs);
        for (Held h = held.peek(); h != null && h.ts < watermark; h = held.peek()) {
            fire(h.ts - 1);
            held.poll();
            if (heldBySeq.remove(h.seq)) {
                log(key('h', h.seq), null);
            }
            step(keys.of(h.row), h.row);
        }
        // An event may still come at the watermark itself, before a timer of that time.
        fire(machine.sorted() ? watermark - 1 : watermark);
    }

    /** Fires the timers up to a time. One that was set anew or cleared since is passed over. */
    private void fire(long upTo) {
        for (Timer t = timers.peek(); t != null && t.at <= upTo; t = timers.peek()) {
            timers.poll();
            Entry e = byKey.get(t.key);
            if (e == null || e.timer != t.at) {
                continue;
            }
            byKey.change(t.key, () -> e).timer = 0;
            settle(t.key, e, machine.fire(e.state, t.key, t.at, results));
        }
    }

    @Override
    void end() {
        if (machine.ends()) {
            byKey.each((key, e) -> machine.end(e.state, key, results));
        }
    }

    @Override
    long next(long maxTs) {
        return maxTs + 100;
    }

    @Override
    void saveEntries() {
        heldBySeq.save((seq, h) -> log(key('h', seq), h.row));
        byKey.save((key, e) -> {
            long[] kept = java.util.Arrays.copyOf(e.state, e.state.length + 1);
            kept[e.state.length] = e.timer;
            log(key('p', key), Bytes.of(kept));
        });
    }

    @Override
    void restoreEntry(byte[] entry, byte[] value) {
        long id = word(entry, 0);
        if (entry[0] == 'h') {
            if (value == null) {
                heldBySeq.remove(id);
            } else {
                heldBySeq.putRestored(id, new Held(Row.ts(value), id, value));
            }
            return;
        }
        if (value == null) {
            byKey.remove(id);
            return;
        }
        long[] kept = Bytes.words(value);
        Entry e = new Entry(machine.words());
        System.arraycopy(kept, 0, e.state, 0, e.state.length);
        e.timer = kept[e.state.length];
        byKey.putRestored(id, e);
    }

    @Override
    void resume() {
        results = columns -> out.answer(columns);
        held.clear(); // a task that was suspended comes here again
        timers.clear();
        heldBySeq.each((seq, h) -> held.add(h));
        byKey.each((key, e) -> {
            if (e.timer != 0) {
                timers.add(new Timer(e.timer, key));
            }
        });
    }
}
