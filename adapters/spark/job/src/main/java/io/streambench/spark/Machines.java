package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Machine;
import io.streambench.core.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Hosts a machine. One whose events are to come in order has them wait in the state of their key until
 * the watermark is beyond them. The state of a key is
 *
 * <pre>
 *   | timer, 0 for none | words of the machine | length, 4 | row that waits | …
 * </pre>
 */
final class Machines extends Keyed<Long> {
    private static final long serialVersionUID = 1;
    private static final Comparator<byte[]> IN_ORDER =
        Comparator.comparingLong(Row::ts).thenComparingLong(Row::seq);

    private transient Machine machine;
    private transient int head; // bytes before the rows that wait

    private transient long key;
    private transient long timer;
    private transient long[] words;

    Machines(Work.Ref ref) {
        super(ref, true);
    }

    @Override
    void bind() {
        machine = Machine.of(work.plan);
        head = 8 + 8 * machine.words();
    }

    @Override
    void take(Long of, List<byte[]> rows, long watermark) {
        List<byte[]> waiting = read(of, state());
        boolean fresh = waiting == null;
        if (fresh) {
            waiting = new ArrayList<>();
        }
        if (machine.ends() && fresh) {
            wake(END);
        }
        if (machine.manyKeys()) {
            rows.replaceAll(keyed -> java.util.Arrays.copyOfRange(keyed, 8, keyed.length));
        }
        if (machine.sorted()) {
            waiting.addAll(rows);
        } else {
            for (byte[] row : rows) {
                step(row);
            }
        }
        go(waiting, watermark);
    }

    /** The watermark at which the stream has ended, whatever its bound. */
    private static final long END = Tally.END_MS - 24 * 3600_000L;

    @Override
    void due(Long of, long watermark) {
        List<byte[]> waiting = read(of, state());
        if (waiting != null) {
            go(waiting, watermark);
        }
    }

    /** Folds what the watermark is beyond, events and timers by their time, and keeps the rest. */
    private void go(List<byte[]> waiting, long watermark) {
        waiting.sort(IN_ORDER);
        int next = 0;
        while (true) {
            long event = next < waiting.size() ? Row.ts(waiting.get(next)) : Long.MAX_VALUE;
            if (event < watermark && (timer == 0 || event <= timer)) {
                step(waiting.get(next++));
            } else if (timer != 0 && timer < watermark) {
                long at = timer;
                timer = 0;
                set(machine.fire(words, key, at, this::result));
            } else {
                break;
            }
        }
        if (machine.ends() && watermark >= END) {
            machine.end(words, key, this::result);
            keep(new byte[0]);
            return;
        }
        write(waiting.subList(next, waiting.size()));
    }

    private void step(byte[] row) {
        set(machine.step(words, key, row, this::result));
    }

    private void set(long asked) {
        if (asked != 0) {
            timer = Math.max(asked, 0);
        }
    }

    private void result(long[] columns) {
        emit(work.answer(columns));
    }

    /** Reads the state of a key; null where it has none. */
    private List<byte[]> read(long of, byte[] state) {
        key = of;
        timer = 0;
        words = new long[machine.words()];
        if (state == null) {
            return null;
        }
        timer = Bytes.getLong(state, 0);
        for (int i = 0; i < words.length; i++) {
            words[i] = Bytes.getLong(state, 8 + 8 * i);
        }
        return Rows.read(state, head);
    }

    private void write(List<byte[]> waiting) {
        long due = timer == 0 ? Long.MAX_VALUE : timer;
        if (!waiting.isEmpty()) {
            due = Math.min(due, Row.ts(waiting.get(0)));
        }
        if (due != Long.MAX_VALUE) {
            wake(due + 1);
        }
        if (due == Long.MAX_VALUE && !machine.ends() && nothing()) {
            keep(new byte[0]);
            return;
        }
        byte[] state = Rows.write(head, waiting);
        Bytes.putLong(state, 0, timer);
        for (int i = 0; i < words.length; i++) {
            Bytes.putLong(state, 8 + 8 * i, words[i]);
        }
        keep(state);
    }

    private boolean nothing() {
        for (long w : words) {
            if (w != 0) {
                return false;
            }
        }
        return true;
    }
}
