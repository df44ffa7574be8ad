package io.streambench.flink;

import io.streambench.core.Bytes;
import io.streambench.core.Keys;
import io.streambench.core.Machine;
import io.streambench.core.Plan;
import io.streambench.core.Row;
import java.util.Arrays;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Hosts a machine: keeps its state by key, its timer, and the events that wait for their turn where
 * they are folded in order.
 */
final class Host extends KeyedProcessFunction<Long, byte[], long[]> {
    private static final long serialVersionUID = 1;

    private static final long END = Long.MAX_VALUE;

    private final Machine machine;
    private final boolean keyed; // the key stands behind the row
    private transient ValueState<long[]> words; // those of the machine, then its timer, 0 for none
    private transient MapState<Long, byte[]> waiting; // rows by their time, and how many they are

    private Host(Plan plan) {
        machine = Machine.of(plan);
        keyed = machine.manyKeys();
    }

    /** Folds rows through the machine of a query. */
    static DataStream<long[]> of(DataStream<byte[]> rows, Plan plan) {
        Machine machine = Machine.of(plan);
        var byKey = machine.manyKeys()
            ? rows.flatMap(new Spread(machine), Types.BYTES).name("keys").uid("keys")
                .keyBy(row -> Bytes.getLong(row, row.length - 8), Types.LONG)
            : Keyed.byKey(rows, plan);
        return byKey.process(new Host(plan), Types.WORDS).name("process").uid("process");
    }

    /** Gives a row on once for each of its keys, with the key behind it. */
    private static final class Spread implements FlatMapFunction<byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Machine machine;

        Spread(Machine machine) {
            this.machine = machine;
        }

        @Override
        public void flatMap(byte[] row, Collector<byte[]> out) {
            for (long key : machine.keys(row)) {
                byte[] with = Arrays.copyOf(row, row.length + 8);
                Bytes.putLong(with, row.length, key);
                out.collect(with);
            }
        }
    }

    @Override
    public void open(OpenContext context) {
        words = getRuntimeContext().getState(new ValueStateDescriptor<>("words", Types.WORDS));
        waiting = getRuntimeContext().getMapState(
            new MapStateDescriptor<>("waiting", Types.LONG, Types.BYTES));
    }

    @Override
    public void processElement(byte[] row, Context context, Collector<long[]> out)
        throws Exception {
        if (machine.sorted()) {
            long ts = Row.ts(row);
            waiting.put(ts, join(waiting.get(ts), row));
            context.timerService().registerEventTimeTimer(ts);
            return;
        }
        long key = context.getCurrentKey();
        long[] state = words.value();
        if (state == null) {
            state = new long[machine.words() + 1];
            if (machine.ends()) {
                context.timerService().registerEventTimeTimer(END);
            }
        }
        byte[] event = keyed ? Arrays.copyOf(row, row.length - 8) : row;
        set(context, state, machine.step(state, key, event, out::collect));
        words.update(state);
    }

    @Override
    public void onTimer(long at, OnTimerContext context, Collector<long[]> out) throws Exception {
        long key = context.getCurrentKey();
        long[] state = words.value();
        if (machine.sorted()) {
            byte[] rows = waiting.get(at);
            if (rows != null) {
                waiting.remove(at);
                if (state == null) {
                    state = new long[machine.words() + 1];
                }
                for (byte[] row : sorted(rows)) {
                    set(context, state, machine.step(state, key, row, out::collect));
                }
            }
        }
        if (state == null) {
            return;
        }
        int timer = machine.words();
        if (at == END && machine.ends()) {
            machine.end(state, key, out::collect);
        } else if (state[timer] == at) {
            state[timer] = 0;
            set(context, state, machine.fire(state, key, at, out::collect));
        }
        keep(state);
    }

    /** Sets or clears the timer of a key. */
    private void set(Context context, long[] state, long timerMs) {
        if (timerMs == 0) {
            return;
        }
        // One set before is left alone: an event may wait for that time, too.
        state[machine.words()] = Math.max(timerMs, 0);
        if (timerMs > 0) {
            context.timerService().registerEventTimeTimer(timerMs);
        }
    }

    /** Keeps a state, unless it is what it was at first. */
    private void keep(long[] state) throws Exception {
        if (machine.ends() || !Arrays.equals(state, new long[state.length])) {
            words.update(state);
        } else {
            words.clear();
        }
    }

    private static byte[] join(byte[] rows, byte[] row) {
        int before = rows == null ? 0 : rows.length - 4;
        byte[] all = new byte[before + row.length + 4];
        if (rows != null) {
            System.arraycopy(rows, 0, all, 0, before);
        }
        System.arraycopy(row, 0, all, before, row.length);
        int n = rows == null ? 0 : Bytes.getInt(rows, before);
        Bytes.putInt(all, before + row.length, n + 1);
        return all;
    }

    /** The rows of one time in the order of their numbers. */
    private static byte[][] sorted(byte[] rows) {
        byte[][] all = new byte[Bytes.getInt(rows, rows.length - 4)][];
        int size = (rows.length - 4) / all.length;
        for (int i = 0; i < all.length; i++) {
            all[i] = Arrays.copyOfRange(rows, i * size, (i + 1) * size);
        }
        if (all.length > 1) {
            Arrays.sort(all, (a, b) -> Long.compare(Row.seq(a), Row.seq(b)));
        }
        return all;
    }
}
