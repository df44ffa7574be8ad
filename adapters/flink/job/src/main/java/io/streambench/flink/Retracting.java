package io.streambench.flink;

import io.streambench.core.Plan;
import io.streambench.core.Sessions;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Sessions that are answered early and taken back where a late event changes them. */
final class Retracting extends KeyedProcessFunction<Long, byte[], long[]> {
    private static final long serialVersionUID = 1;

    private final Sessions sessions;
    private transient ValueState<byte[]> open;
    private transient Counter dropped;

    Retracting(Plan plan) {
        sessions = new Sessions(plan);
    }

    @Override
    public void open(OpenContext context) {
        open = getRuntimeContext().getState(new ValueStateDescriptor<>("sessions", Types.BYTES));
        dropped = getRuntimeContext().getMetricGroup().counter("numLateRecordsDropped");
    }

    /** The watermark as the query counts: Flink's own is one behind it. */
    private static long watermark(long flink) {
        return flink == Long.MAX_VALUE || flink == Long.MIN_VALUE ? flink : flink + 1;
    }

    @Override
    public void processElement(byte[] row, Context context, Collector<long[]> out)
        throws Exception {
        List<Sessions.One> all = sessions.read(open.value());
        long now = watermark(context.timerService().currentWatermark());
        if (!sessions.add(all, context.getCurrentKey(), row, now, out::collect)) {
            dropped.inc();
            return;
        }
        keep(all, context);
    }

    @Override
    public void onTimer(long at, OnTimerContext context, Collector<long[]> out) throws Exception {
        List<Sessions.One> all = sessions.read(open.value());
        sessions.advance(all, context.getCurrentKey(), watermark(at), out::collect);
        keep(all, context);
    }

    private void keep(List<Sessions.One> all, Context context) throws Exception {
        if (all.isEmpty()) {
            open.clear();
            return;
        }
        open.update(sessions.write(all));
        context.timerService().registerEventTimeTimer(sessions.due(all) - 1);
    }
}
