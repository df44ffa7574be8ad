package io.streambench.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.udaf;
import static org.apache.spark.sql.functions.window;

import io.streambench.core.Bytes;
import io.streambench.core.Fold;
import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Query.Aggregate;
import io.streambench.core.Query.WindowKind;
import io.streambench.core.Schema;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;

/**
 * Tumbling and hopping windows by Spark's own aggregation over columns, in append mode: what is over
 * is given, once. Rows are folded before the shuffle, so that a batch moves a row a key and window.
 *
 * <pre>
 *   cells --window, key: sums of columns--> accumulators --> results
 *                                             \--window: the largest--> results        with a rank
 * </pre>
 */
final class Aggregation {
    /** The key under which Spark notes in a column that it is event time. */
    private static final String EVENT_TIME = "spark.watermarkDelayMs";
    private static final String WINDOW = "w";
    private static final String KEY = "k";
    private static final String SELECTED = "selected";

    private final Plan plan;
    private final Query query;
    private final Work.Ref work;
    private final Tally tally;

    Aggregation(Plan plan, Tally tally) {
        this.plan = plan;
        query = plan.query;
        work = new Work.Ref(plan);
        this.tally = tally;
    }

    /** Whether Spark's aggregation answers a query exactly. */
    static boolean answers(Query q) {
        boolean windows = !q.window().processing()
            && (q.window().kind() == WindowKind.TUMBLING || q.window().kind() == WindowKind.HOPPING);
        return windows && q.join() == null && q.latenessMs() == 0 && q.late() == null
            && q.aggregates().stream().allMatch(Aggregation::simple)
            && (!q.aggregates().isEmpty() || q.rank() != null);
    }

    private static boolean simple(Aggregate a) {
        return switch (a.func()) {
            case COUNT, SUM, MIN, MAX, AVG, SUM_SQUARES, MEAN -> true;
            default -> false;
        };
    }

    /** The parcels of a query. */
    Dataset<byte[]> parcels(Source source) {
        if (query.aggregates().isEmpty()) {
            return ranked(events(source));
        }
        Dataset<Row> folded = folded(source);
        return query.rank() == null ? answered(folded) : ranked(folded);
    }

    /** Windows of events themselves, for a rank of events: columns w and packed. */
    private Dataset<Row> events(Source source) {
        Dataset<Row> kept = kept(source.marked(p -> new Flagged(work, tally, p), Flagged.TIME,
            word(Flagged.SELECTED).as(SELECTED), col(Source.ROW)));
        return windowed(kept,
            Functions.call("tail", col(Source.ROW), lit(Flagged.ROW)).as("packed"));
    }

    private static Column word(int at) {
        return Functions.call("word", col(Source.ROW), lit(at));
    }

    private static Dataset<Row> kept(Dataset<Row> rows) {
        return rows.where(Functions.call("kept", col(SELECTED), col(Source.TIME)));
    }

    /** The accumulator of each window and key: columns w and packed. */
    private Dataset<Row> folded(Source source) {
        List<Column> carried = new ArrayList<>(List.of(word(Cells.SELECTED).as(SELECTED),
            word(Cells.KEY).as(KEY), word(Cells.FOLDED + Fold.SEQ_SUM).as("q")));
        List<Column> columns = new ArrayList<>(List.of(col(KEY), col("q")));
        List<Column> sums = new ArrayList<>(List.of(sum("q").as("q")));
        List<Column> packed = new ArrayList<>(List.of(col(KEY), col("c"), col("q")));
        int at = Cells.FOLDED + Fold.SEQ_SUM;
        for (Aggregate a : query.aggregates()) {
            if (a.func() == Query.Func.COUNT) {
                continue;
            }
            String name = "a" + ++at;
            boolean isFloat = isFloat(a.field());
            carried.add(Functions.call(isFloat ? "number" : "word", col(Source.ROW), lit(at))
                .as(name));
            columns.add(col(name));
            sums.add(merged(a, col(name)).as(name));
            packed.add(isFloat ? Functions.call("bits", col(name)) : col(name));
        }
        Dataset<Row> kept = kept(source.marked(p -> new Cells(work, tally, p), Cells.TIME,
            carried.toArray(Column[]::new)));
        return windowed(kept, columns.toArray(Column[]::new)).groupBy(WINDOW, KEY)
            .agg(count(lit(1)).as("c"), sums.toArray(Column[]::new))
            .select(col(WINDOW),
                Functions.call("pack", packed.toArray(Column[]::new)).as("packed"));
    }

    private boolean isFloat(String field) {
        var fields = plan.schema.variants().get(query.from());
        int i = fields.indexOf(field);
        return i >= 0 && fields.fields().get(i).kind() == Schema.Kind.FLOAT;
    }

    /** Merges what single events add to an aggregate. */
    private static Column merged(Aggregate a, Column field) {
        return switch (a.func()) {
            case MIN -> min(field);
            case MAX -> max(field);
            default -> sum(field);
        };
    }

    /**
     * Column w, the end of a window as event time, and others. A tumbling window is the end alone and
     * not Spark's pair of start and end: rows with a key of plain columns are folded in a table that
     * generated code looks up itself. That column tells Spark of event time as its own pair would.
     */
    private Dataset<Row> windowed(Dataset<Row> rows, Column... columns) {
        Metadata time = new MetadataBuilder().putLong(EVENT_TIME, query.boundMs()).build();
        List<Column> all = new ArrayList<>();
        if (query.window().kind() == WindowKind.TUMBLING) {
            all.add(Functions.call("ending", col(Source.TIME), lit(query.window().sizeMs()))
                .as(WINDOW, time));
            all.addAll(List.of(columns));
            return rows.select(all.toArray(Column[]::new));
        }
        all.add(window(col(Source.TIME), query.window().sizeMs() + " milliseconds",
            query.window().slideMs() + " milliseconds").as("pair"));
        all.addAll(List.of(columns));
        Dataset<Row> hopping = rows.select(all.toArray(Column[]::new));
        List<Column> ends = new ArrayList<>(List.of(col("pair.end").as(WINDOW, time)));
        for (String name : hopping.columns()) {
            if (!name.equals("pair")) {
                ends.add(col(name));
            }
        }
        return hopping.select(ends.toArray(Column[]::new));
    }

    /** The results of accumulators. */
    private Dataset<byte[]> answered(Dataset<Row> folded) {
        return folded.select(Functions.call("headed", col(WINDOW), col("packed")))
            .as(Encoders.BINARY()).map(new Answer(work, tally), Encoders.BINARY());
    }

    /** Of a window the largest only. */
    private Dataset<byte[]> ranked(Dataset<Row> rows) {
        return rows.groupBy(WINDOW)
            .agg(udaf(new Largest(work), Encoders.BINARY()).apply(col("packed")).as("packed"))
            .select(Functions.call("headed", col(WINDOW), col("packed"))).as(Encoders.BINARY())
            .flatMap(new Ranked(work), Encoders.BINARY());
    }

    /** An accumulator, as {@link Fold} has it, of the words | key | count | seqsum | … at a place. */
    static long[] accumulator(byte[] words, int from, int to) {
        long[] acc = new long[(to - from) / 8 - 1];
        for (int i = 0; i < acc.length; i++) {
            acc[i] = Bytes.getLong(words, from + 8 * (i + 1));
        }
        return acc;
    }

    /** Makes the result of | end of the window | key | accumulator. */
    private static final class Answer implements MapFunction<byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;
        private final Tally tally;

        Answer(Work.Ref ref, Tally tally) {
            this.ref = ref;
            this.tally = tally;
        }

        @Override
        public byte[] call(byte[] words) {
            Work work = ref.get();
            long end = Bytes.getLong(words, 0);
            long[] acc = accumulator(words, 8, words.length);
            tally.answered.add(acc[Fold.COUNT]);
            return work.answer(work.answers.group(Bytes.getLong(words, 8),
                end - work.windows.sizeMs, end, acc));
        }
    }

    /** Makes the results of | end of the window | the largest, of {@link Largest}. */
    private static final class Ranked implements FlatMapFunction<byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;

        Ranked(Work.Ref ref) {
            this.ref = ref;
        }

        @Override
        public java.util.Iterator<byte[]> call(byte[] words) {
            Work work = ref.get();
            long end = Bytes.getLong(words, 0);
            long start = end - work.windows.sizeMs;
            List<byte[]> results = new ArrayList<>();
            for (byte[] each : Largest.list(words, 8)) {
                results.add(work.answer(work.ranking.events()
                    ? work.answers.event(each, start, end)
                    : work.answers.group(Bytes.getLong(each, 0), start, end,
                        accumulator(each, 0, each.length))));
            }
            return results.iterator();
        }
    }
}
