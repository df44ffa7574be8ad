package io.streambench.flink;

import io.streambench.core.Answers;
import io.streambench.core.Fold;
import io.streambench.core.Joins;
import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Selection;
import io.streambench.core.Selection.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Joins of two variants of event. Both are of one topic, so both sides are of one keyed stream, and
 * the side of a row is told by its tag.
 */
final class Joined {
    private Joined() {}

    static DataStream<long[]> of(DataStream<byte[]> rows, Plan plan) {
        KeyedStream<byte[], Tuple> byKeys = Keyed.byAll(rows, plan);
        switch (plan.query.join().kind()) {
            case TABLE:
                return byKeys.process(new Tables(plan), Types.WORDS).name("join").uid("join");
            case WINDOW:
                return Windowed.of(byKeys, plan).process(new Pairs(plan), Types.WORDS)
                    .name("join").uid("join");
            default:
                break;
        }
        DataStream<long[]> best = byKeys.process(new Contest(plan), Types.WORDS)
            .name("join").uid("join");
        if (!plan.query.regroups()) {
            return best;
        }
        return best.keyBy(row -> row[0], Types.LONG)
            .process(new Regroup(plan), Types.WORDS).name("groups").uid("groups");
    }

    private static final byte[] NOBODY = new byte[0]; // in the place of a row that does not count

    /** Pairs rows of equal keys, whichever comes first. */
    private static final class Tables extends KeyedProcessFunction<Tuple, byte[], long[]> {
        private static final long serialVersionUID = 1;

        private final Selection selection;
        private final Answers answers;
        private final boolean unique;
        private transient ListState<byte[]> these;
        private transient ListState<byte[]> others;
        private transient ValueState<byte[]> other; // the only one

        Tables(Plan plan) {
            selection = new Selection(plan);
            answers = new Answers(plan);
            unique = plan.query.join().withUnique();
        }

        @Override
        public void open(OpenContext context) {
            these = list(this, "these");
            others = list(this, "others");
            other = value(this, "other");
        }

        @Override
        public void processElement(byte[] row, Context context, Collector<long[]> out)
            throws Exception {
            Side side = selection.side(row);
            if (unique) {
                takeUnique(side, row, out);
            } else if (side == Side.THIS) {
                these.add(row);
                for (byte[] o : others.get()) {
                    out.collect(answers.pair(row, o, 0, 0));
                }
            } else if (side == Side.OTHER) {
                others.add(row);
                for (byte[] t : these.get()) {
                    out.collect(answers.pair(t, row, 0, 0));
                }
            }
        }

        /** Keeps rows of this side only until the one they wait for has come. */
        private void takeUnique(Side side, byte[] row, Collector<long[]> out) throws Exception {
            if (side != Side.THIS) {
                other.update(side == Side.OTHER ? row : NOBODY);
                if (side == Side.OTHER) {
                    for (byte[] t : these.get()) {
                        out.collect(answers.pair(t, row, 0, 0));
                    }
                }
                these.clear();
                return;
            }
            byte[] o = other.value();
            if (o == null) {
                these.add(row);
            } else if (o.length > 0) {
                out.collect(answers.pair(row, o, 0, 0));
            }
        }
    }

    /** Pairs what lies in one window of equal keys. */
    private static final class Pairs
        extends ProcessWindowFunction<byte[], long[], Tuple, TimeWindow> {
        private static final long serialVersionUID = 1;

        private final Selection selection;
        private final Answers answers;
        private final boolean distinct;
        private final int[] identity; // columns that name a result

        Pairs(Plan plan) {
            selection = new Selection(plan);
            answers = new Answers(plan);
            distinct = plan.query.join().distinct();
            List<Query.ResultField> fields = plan.query.output().fields();
            identity = java.util.stream.IntStream.range(0, fields.size())
                .filter(i -> fields.get(i).identity()).toArray();
        }

        @Override
        public void process(Tuple key, Context context, Iterable<byte[]> rows,
            Collector<long[]> out) {
            List<byte[]> these = new ArrayList<>();
            List<byte[]> others = new ArrayList<>();
            for (byte[] row : rows) {
                (selection.side(row) == Side.THIS ? these : others).add(row);
            }
            Set<List<Long>> told = new HashSet<>();
            TimeWindow w = context.window();
            for (byte[] t : these) {
                for (byte[] o : others) {
                    long[] pair = answers.pair(t, o, w.getStart(), w.getEnd());
                    if (!distinct || told.add(Arrays.stream(identity).mapToObj(i -> pair[i]).toList())) {
                        out.collect(pair);
                    }
                }
            }
        }
    }

    /**
     * Keeps the best row of this side for the one of the other, and answers every change: with the
     * pair, or with what the group of the other side gains: group, accumulator.
     */
    private static final class Contest extends KeyedProcessFunction<Tuple, byte[], long[]> {
        private static final long serialVersionUID = 1;

        private final Selection selection;
        private final Answers answers;
        private final Joins joins;
        private final Fold fold;
        private final boolean regroups;
        private transient ListState<byte[]> waiting;
        private transient ValueState<byte[]> other;
        private transient ValueState<byte[]> best;

        Contest(Plan plan) {
            selection = new Selection(plan);
            answers = new Answers(plan);
            joins = new Joins(plan);
            fold = new Fold(plan);
            regroups = plan.query.regroups();
        }

        @Override
        public void open(OpenContext context) {
            waiting = list(this, "waiting");
            other = value(this, "other");
            best = value(this, "best");
        }

        @Override
        public void processElement(byte[] row, Context context, Collector<long[]> out)
            throws Exception {
            Side side = selection.side(row);
            if (side == Side.THIS) {
                byte[] o = other.value();
                if (o == null) {
                    waiting.add(row);
                } else if (o.length > 0 && joins.valid(row, o)) {
                    enter(row, o, out);
                }
                return;
            }
            other.update(side == Side.OTHER ? row : NOBODY);
            byte[] first = null;
            if (side == Side.OTHER) {
                for (byte[] t : waiting.get()) {
                    if (joins.valid(t, row) && (first == null || joins.better(t, first))) {
                        first = t;
                    }
                }
            }
            waiting.clear();
            if (first != null) {
                enter(first, row, out);
            }
        }

        private void enter(byte[] row, byte[] other, Collector<long[]> out) throws Exception {
            byte[] before = best.value();
            if (before != null && !joins.better(row, before)) {
                return;
            }
            best.update(row);
            if (!regroups) {
                out.collect(answers.pair(row, other, 0, 0));
                return;
            }
            long[] gain = fold.add(fold.zero(), row);
            if (before != null) {
                fold.subtract(gain, fold.add(fold.zero(), before));
            }
            long[] change = new long[1 + gain.length];
            change[0] = joins.group(other);
            System.arraycopy(gain, 0, change, 1, gain.length);
            out.collect(change);
        }
    }

    /** Folds what groups gain, and answers every change. */
    private static final class Regroup extends KeyedProcessFunction<Long, long[], long[]> {
        private static final long serialVersionUID = 1;

        private final Answers answers;
        private final Fold fold;
        private transient ValueState<long[]> group;

        Regroup(Plan plan) {
            answers = new Answers(plan);
            fold = new Fold(plan);
        }

        @Override
        public void open(OpenContext context) {
            group = getRuntimeContext().getState(
                new ValueStateDescriptor<>("group", Types.WORDS));
        }

        @Override
        public void processElement(long[] change, Context context, Collector<long[]> out)
            throws Exception {
            long[] acc = group.value();
            acc = fold.merge(acc == null ? fold.zero() : acc,
                Arrays.copyOfRange(change, 1, change.length));
            group.update(acc);
            out.collect(answers.group(change[0], 0, 0, acc));
        }
    }

    private static ListState<byte[]> list(KeyedProcessFunction<?, ?, ?> f, String name) {
        return f.getRuntimeContext().getListState(new ListStateDescriptor<>(name, Types.BYTES));
    }

    private static ValueState<byte[]> value(KeyedProcessFunction<?, ?, ?> f, String name) {
        return f.getRuntimeContext().getState(new ValueStateDescriptor<>(name, Types.BYTES));
    }
}
