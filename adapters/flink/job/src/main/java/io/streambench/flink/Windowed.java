package io.streambench.flink;

import io.streambench.core.Answers;
import io.streambench.core.Fold;
import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Windows;
import java.time.Duration;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingProcessingTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** The windows of a query as Flink's own. */
final class Windowed {
    /** The output of events whose windows were all dropped before they came. */
    static final OutputTag<byte[]> LATE = new OutputTag<>("late", Types.BYTES);

    private Windowed() {}

    /** Puts keyed rows into the windows of a query. */
    static <K> WindowedStream<byte[], K, TimeWindow> of(KeyedStream<byte[], K> rows, Plan plan) {
        Windows w = new Windows(plan);
        WindowedStream<byte[], K, TimeWindow> windows = rows.window(assigner(w));
        if (w.processing) {
            return windows.trigger(new UntilTheEnd());
        }
        if (plan.query.late() != null) {
            windows = windows.sideOutputLateData(LATE);
        }
        if (w.latenessMs == 0) {
            return windows.trigger(new Closing());
        }
        return windows.allowedLateness(Duration.ofMillis(w.latenessMs));
    }

    private static WindowAssigner<Object, TimeWindow> assigner(Windows w) {
        Duration size = Duration.ofMillis(w.sizeMs);
        if (w.processing) {
            return TumblingProcessingTimeWindows.of(size);
        }
        return switch (w.kind) {
            case TUMBLING -> TumblingEventTimeWindows.of(size);
            case HOPPING -> SlidingEventTimeWindows.of(size, Duration.ofMillis(w.slideMs));
            case SESSION -> new Sessions(w.gapMs);
            default -> throw new IllegalArgumentException("windows of kind " + w.kind);
        };
    }

    /** Folds the rows of a window. */
    static final class Aggregate implements AggregateFunction<byte[], long[], long[]> {
        private static final long serialVersionUID = 1;

        private final Fold fold;

        Aggregate(Plan plan) {
            fold = new Fold(plan);
        }

        @Override
        public long[] createAccumulator() {
            return fold.zero();
        }

        @Override
        public long[] add(byte[] row, long[] acc) {
            return fold.add(acc, row);
        }

        @Override
        public long[] getResult(long[] acc) {
            return acc;
        }

        @Override
        public long[] merge(long[] a, long[] b) {
            return fold.merge(a, b);
        }
    }

    /** Answers a window when it closes, and every time it changes afterwards. */
    static final class Answer extends ProcessWindowFunction<long[], long[], Long, TimeWindow> {
        private static final long serialVersionUID = 1;

        private final Answers answers;
        private final boolean session;

        Answer(Plan plan) {
            answers = new Answers(plan);
            session = plan.query.window().kind() == Query.WindowKind.SESSION;
        }

        @Override
        public void process(Long key, Context context, Iterable<long[]> folded,
            Collector<long[]> out) {
            TimeWindow w = context.window();
            long end = session ? Sessions.end(w) : w.getEnd();
            out.collect(answers.group(key, w.getStart(), end, folded.iterator().next()));
        }
    }
}
