package io.streambench.flink;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Partitions;
import io.streambench.core.Plan;
import io.streambench.core.Ranking;
import io.streambench.core.Row;
import io.streambench.core.Windows;
import java.util.Arrays;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Ranks over all keys of a window, in two steps, so that no single slot sees every event.
 *
 * <pre>
 *   rows --by key--> windows: fold ------\
 *                                         by window: keep the largest --timer at its end--> results
 *   rows --by part--> windows: largest --/
 * </pre>
 *
 * The second step hears of a window before the watermark that closes it: what the first gives up at
 * a watermark goes ahead of that.
 */
final class Ranked {
    /** Parts of the rows that are ranked on their own first. */
    private static final int PARTS = 64;

    private Ranked() {}

    static DataStream<long[]> of(DataStream<byte[]> rows, Plan plan) {
        if (new Ranking(plan).events()) {
            DataStream<byte[]> largest = Windowed
                .of(rows.keyBy(row -> (long) Partitions.of(Row.seq(row), PARTS), Types.LONG), plan)
                .aggregate(new Largest(plan), new OfWindow(), Types.BYTES, Types.BYTES, Types.BYTES)
                .name("largest").uid("largest");
            return largest.keyBy(part -> Bytes.getLong(part, 0), Types.LONG)
                .process(new RankEvents(plan), Types.WORDS).name("rank").uid("rank");
        }
        DataStream<long[]> folded = Windowed.of(Keyed.byKey(rows, plan), plan)
            .aggregate(new Windowed.Aggregate(plan), new Folded(), Types.WORDS, Types.WORDS,
                Types.WORDS)
            .name("windows").uid("windows");
        return folded.keyBy(row -> row[0], Types.LONG)
            .process(new RankGroups(plan), Types.WORDS).name("rank").uid("rank");
    }

    /** Gives what was folded of a key on: start of the window, key, accumulator. */
    private static final class Folded extends ProcessWindowFunction<long[], long[], Long, TimeWindow> {
        private static final long serialVersionUID = 1;

        @Override
        public void process(Long key, Context context, Iterable<long[]> folded,
            Collector<long[]> out) {
            long[] acc = folded.iterator().next();
            long[] row = new long[2 + acc.length];
            row[0] = context.window().getStart();
            row[1] = key;
            System.arraycopy(acc, 0, row, 2, acc.length);
            out.collect(row);
        }
    }

    /** Keeps the groups of a window with the largest value. */
    private static final class RankGroups extends KeyedProcessFunction<Long, long[], long[]> {
        private static final long serialVersionUID = 1;

        private final Ranking ranking;
        private final Windows windows;
        private final Answers answers;
        private transient ValueState<Long> largest;
        private transient ListState<long[]> groups;

        RankGroups(Plan plan) {
            ranking = new Ranking(plan);
            windows = new Windows(plan);
            answers = new Answers(plan);
        }

        @Override
        public void open(OpenContext context) {
            largest = getRuntimeContext().getState(
                new ValueStateDescriptor<>("largest", Types.LONG));
            groups = getRuntimeContext().getListState(
                new ListStateDescriptor<>("groups", Types.WORDS));
        }

        @Override
        public void processElement(long[] row, Context context, Collector<long[]> out)
            throws Exception {
            long value = ranking.of(Arrays.copyOfRange(row, 2, row.length));
            Long best = largest.value();
            if (best != null && value < best) {
                return;
            }
            if (best == null || value > best) {
                largest.update(value);
                groups.clear();
                context.timerService().registerEventTimeTimer(windows.end(row[0]) - 1);
            }
            groups.add(row);
        }

        @Override
        public void onTimer(long at, OnTimerContext context, Collector<long[]> out)
            throws Exception {
            for (long[] row : groups.get()) {
                out.collect(answers.group(row[1], row[0], windows.end(row[0]),
                    Arrays.copyOfRange(row, 2, row.length)));
            }
            largest.clear();
            groups.clear();
        }
    }

    // What is largest of the rows of a window: | value | size of a row | rows |, empty at first.
    private static final int HEAD = 16;

    private static byte[] largest(byte[] kept, long value, byte[] row) {
        byte[] one = new byte[HEAD + row.length];
        Bytes.putLong(one, 0, value);
        Bytes.putLong(one, 8, row.length);
        System.arraycopy(row, 0, one, HEAD, row.length);
        return join(kept, one);
    }

    private static byte[] join(byte[] a, byte[] b) {
        if (b.length == 0 || a.length > 0 && Bytes.getLong(a, 0) > Bytes.getLong(b, 0)) {
            return a;
        }
        if (a.length == 0 || Bytes.getLong(a, 0) < Bytes.getLong(b, 0)) {
            return b;
        }
        byte[] all = Arrays.copyOf(a, a.length + b.length - HEAD);
        System.arraycopy(b, HEAD, all, a.length, b.length - HEAD);
        return all;
    }

    /** Keeps the rows of a part with the largest value. */
    private static final class Largest implements AggregateFunction<byte[], byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Ranking ranking;

        Largest(Plan plan) {
            ranking = new Ranking(plan);
        }

        @Override
        public byte[] createAccumulator() {
            return new byte[0];
        }

        @Override
        public byte[] add(byte[] row, byte[] kept) {
            long value = ranking.of(row);
            boolean below = kept.length > 0 && value < Bytes.getLong(kept, 0);
            return below ? kept : largest(kept, value, row);
        }

        @Override
        public byte[] getResult(byte[] kept) {
            return kept;
        }

        @Override
        public byte[] merge(byte[] a, byte[] b) {
            return join(a, b);
        }
    }

    /** Puts the start of the window ahead of what is largest in it. */
    private static final class OfWindow
        extends ProcessWindowFunction<byte[], byte[], Long, TimeWindow> {
        private static final long serialVersionUID = 1;

        @Override
        public void process(Long key, Context context, Iterable<byte[]> kept,
            Collector<byte[]> out) {
            byte[] largest = kept.iterator().next();
            byte[] part = new byte[8 + largest.length];
            Bytes.putLong(part, 0, context.window().getStart());
            System.arraycopy(largest, 0, part, 8, largest.length);
            out.collect(part);
        }
    }

    /** Keeps the events of a window with the largest value. */
    private static final class RankEvents extends KeyedProcessFunction<Long, byte[], long[]> {
        private static final long serialVersionUID = 1;

        private final Windows windows;
        private final Answers answers;
        private transient ValueState<byte[]> largest;

        RankEvents(Plan plan) {
            windows = new Windows(plan);
            answers = new Answers(plan);
        }

        @Override
        public void open(OpenContext context) {
            largest = getRuntimeContext().getState(
                new ValueStateDescriptor<>("largest", Types.BYTES));
        }

        @Override
        public void processElement(byte[] part, Context context, Collector<long[]> out)
            throws Exception {
            byte[] kept = largest.value();
            if (kept == null) {
                kept = new byte[0];
                long end = windows.end(Bytes.getLong(part, 0));
                context.timerService().registerEventTimeTimer(end - 1);
            }
            largest.update(join(kept, Arrays.copyOfRange(part, 8, part.length)));
        }

        @Override
        public void onTimer(long at, OnTimerContext context, Collector<long[]> out)
            throws Exception {
            byte[] kept = largest.value();
            long start = context.getCurrentKey();
            int size = (int) Bytes.getLong(kept, 8);
            for (int from = HEAD; from < kept.length; from += size) {
                out.collect(answers.event(Arrays.copyOfRange(kept, from, from + size), start,
                    windows.end(start)));
            }
            largest.clear();
        }
    }
}
