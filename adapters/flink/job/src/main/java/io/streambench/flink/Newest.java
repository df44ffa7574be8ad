package io.streambench.flink;

import io.streambench.core.Answers;
import io.streambench.core.Joins;
import io.streambench.core.Plan;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Keeps the newest row of every key, and answers every change. */
final class Newest extends KeyedProcessFunction<Tuple, byte[], long[]> {
    private static final long serialVersionUID = 1;

    private final Answers answers;
    private transient ValueState<byte[]> newest;

    Newest(Plan plan) {
        answers = new Answers(plan);
    }

    @Override
    public void open(OpenContext context) {
        newest = getRuntimeContext().getState(new ValueStateDescriptor<>("newest", Types.BYTES));
    }

    @Override
    public void processElement(byte[] row, Context context, Collector<long[]> out)
        throws Exception {
        byte[] before = newest.value();
        if (before == null || Joins.newer(row, before)) {
            newest.update(row);
            out.collect(answers.event(row));
        }
    }
}
