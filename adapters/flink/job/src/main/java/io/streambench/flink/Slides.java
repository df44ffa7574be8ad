package io.streambench.flink;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Fold;
import io.streambench.core.Plan;
import io.streambench.core.Row;
import java.util.Arrays;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Answers every row, once the watermark has passed it, over those of its key that are at most as much
 * older as the window is long. A row enters the sum at its time and leaves it one millisecond after it
 * is too old: both are timers.
 */
final class Slides extends KeyedProcessFunction<Long, byte[], long[]> {
    private static final long serialVersionUID = 1;

    private final Answers answers;
    private final Fold fold;
    private final long sizeMs;
    private transient MapState<Long, byte[]> rows; // by their time, each with its size ahead
    private transient ValueState<long[]> sum;

    Slides(Plan plan) {
        answers = new Answers(plan);
        fold = new Fold(plan);
        sizeMs = plan.query.window().sizeMs();
    }

    @Override
    public void open(OpenContext context) {
        rows = getRuntimeContext().getMapState(
            new MapStateDescriptor<>("rows", Types.LONG, Types.BYTES));
        sum = getRuntimeContext().getState(new ValueStateDescriptor<>("sum", Types.WORDS));
    }

    @Override
    public void processElement(byte[] row, Context context, Collector<long[]> out)
        throws Exception {
        long ts = Row.ts(row);
        byte[] same = rows.get(ts);
        int at = same == null ? 0 : same.length;
        byte[] all = same == null ? new byte[4 + row.length]
            : Arrays.copyOf(same, at + 4 + row.length);
        Bytes.putInt(all, at, row.length);
        System.arraycopy(row, 0, all, at + 4, row.length);
        rows.put(ts, all);
        context.timerService().registerEventTimeTimer(ts);
        context.timerService().registerEventTimeTimer(ts + sizeMs + 1);
    }

    @Override
    public void onTimer(long at, OnTimerContext context, Collector<long[]> out) throws Exception {
        long[] acc = sum.value();
        if (acc == null) {
            acc = fold.zero();
        }
        long gone = at - sizeMs - 1;
        byte[] old = rows.get(gone);
        if (old != null) {
            for (int i = 0; i < old.length; i += 4 + Bytes.getInt(old, i)) {
                fold.remove(acc, row(old, i));
            }
            rows.remove(gone);
        }
        byte[] now = rows.get(at);
        if (now != null) {
            for (int i = 0; i < now.length; i += 4 + Bytes.getInt(now, i)) {
                acc = fold.add(acc, row(now, i));
            }
            long key = context.getCurrentKey();
            for (int i = 0; i < now.length; i += 4 + Bytes.getInt(now, i)) {
                out.collect(answers.sliding(key, Row.seq(row(now, i)), acc));
            }
        }
        if (acc[Fold.COUNT] == 0) {
            sum.clear();
        } else {
            sum.update(acc);
        }
    }

    private static byte[] row(byte[] rows, int at) {
        return Arrays.copyOfRange(rows, at + 4, at + 4 + Bytes.getInt(rows, at));
    }
}
