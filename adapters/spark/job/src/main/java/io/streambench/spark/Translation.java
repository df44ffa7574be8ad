package io.streambench.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.streambench.core.Machine;
import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Query.WindowKind;
import io.streambench.core.Selection.Side;
import io.streambench.core.Stream;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.TimeMode;

/**
 * Makes a plan's query one of Structured Streaming:
 *
 * <pre>
 *   an event on its own            map
 *   windows that answer once       Spark's aggregation over columns ({@link Aggregation})
 *   everything else                transformWithState, a key's state one array ({@link Keyed})
 * </pre>
 */
final class Translation {
    private final Plan plan;
    private final Query query;
    private final Tally tally;
    private final Work.Ref work;
    private final Source source;
    private final Limits limits;

    Translation(SparkSession session, Plan plan, Limits limits, Tally tally) {
        this.plan = plan;
        query = plan.query;
        this.tally = tally;
        this.limits = limits;
        work = new Work.Ref(plan);
        source = new Source(session, plan, limits);
    }

    /** Whether the query keeps state in operators that need the store RocksDB. */
    static boolean needsRocksDB(Query q) {
        return !q.perEvent() && !Aggregation.answers(q);
    }

    /** Whether the query knows event time. */
    static boolean timed(Query q) {
        return !q.perEvent() && q.latest() == null
            && (q.join() == null || q.join().kind() == Query.JoinKind.WINDOW);
    }

    /** The records to be written: value, partition, topic, and of dead letters key and headers. */
    Dataset<Row> records() {
        Dataset<Row> parcels = parcels().toDF("parcel");
        Column parcel = col("parcel");
        Column topic = lit(plan.topics.of(Stream.ANSWERS));
        if (query.late() != null || query.deadLetters()) {
            Column output = Functions.call("output", parcel);
            for (Stream s : Stream.values()) {
                if (s != Stream.ANSWERS && !plan.topics.of(s).isEmpty()) {
                    topic = when(output.equalTo(s.ordinal()), lit(plan.topics.of(s))).otherwise(topic);
                }
            }
        }
        Column body = Functions.call("body", parcel).as("value");
        Column partition = Functions.call("part", parcel).as("partition");
        if (!query.deadLetters()) {
            return parcels.select(body, partition, topic.as("topic"));
        }
        return parcels.select(body, partition, topic.as("topic"),
            Functions.call("key", parcel).as("key"), Functions.call("headers", parcel).as("headers"));
    }

    private Dataset<byte[]> parcels() {
        if (query.perEvent()) {
            return perEvent();
        }
        return Aggregation.answers(query) ? new Aggregation(plan, tally).parcels(source) : stateful();
    }

    private Dataset<byte[]> perEvent() {
        Dataset<Row> records = source.whole(query.deadLetters());
        if (query.deadLetters()) {
            return records.selectExpr(Answering.COLUMNS.toArray(String[]::new))
                .mapPartitions(new Answering.Records(work, tally), Encoders.BINARY());
        }
        return records.select("value").as(Encoders.BINARY())
            .mapPartitions(new Answering.Values(work, tally), Encoders.BINARY());
    }

    private Dataset<byte[]> stateful() {
        Source.Decoders decode = p -> new Decode(work, tally.ends(p));
        Dataset<byte[]> rows = (timed(query) ? source.marked(decode, 1, col(Source.ROW))
            : source.plain(decode))
            .select(Source.ROW).as(Encoders.BINARY()).filter(new Selected(work, tally));
        if (query.process() != null) {
            return machine(rows);
        }
        if (query.join() != null) {
            return joined(rows);
        }
        if (query.latest() != null) {
            return run(rows.groupByKey(new KeysOf(work), Encoders.BINARY()), new Newest(work));
        }
        if (query.window().kind() == WindowKind.SESSION) {
            return keyed(rows, new Sessions(work, tally));
        }
        if (query.window().kind() == WindowKind.SLIDING) {
            return keyed(rows, new Sliding(work, tally));
        }
        if (query.window().kind() == WindowKind.TUMBLING
            || query.window().kind() == WindowKind.HOPPING) {
            return keyed(rows, new Panes(work, tally));
        }
        throw new IllegalArgumentException("query " + query.name() + " is not supported");
    }

    private Dataset<byte[]> joined(Dataset<byte[]> rows) {
        KeyValueGroupedDataset<byte[], byte[]> sides =
            rows.groupByKey(new KeysOf(work), Encoders.BINARY());
        if (query.join().kind() == Query.JoinKind.WINDOW) {
            return run(sides, new WindowPairs(work, tally));
        }
        Dataset<byte[]> pairs = run(sides, new Pairs(work));
        if (!query.regroups()) {
            return pairs;
        }
        return run(pairs.groupByKey((MapFunction<byte[], Long>) Regrouped::group, Encoders.LONG()),
            new Regrouped(work));
    }

    private Dataset<byte[]> machine(Dataset<byte[]> rows) {
        Machine machine = Machine.of(plan);
        if (machine.manyKeys()) {
            rows = rows.flatMap(new ByKeys(work), Encoders.BINARY());
            return run(rows.groupByKey((MapFunction<byte[], Long>)
                keyed -> io.streambench.core.Bytes.getLong(keyed, 0), Encoders.LONG()),
                new Machines(work));
        }
        return keyed(rows, new Machines(work));
    }

    private Dataset<byte[]> keyed(Dataset<byte[]> rows, Keyed<Long> by) {
        return run(rows.groupByKey(new KeyOf(work), Encoders.LONG()), by);
    }

    private <K> Dataset<byte[]> run(KeyValueGroupedDataset<K, byte[]> groups, Keyed<K> by) {
        return groups.transformWithState(by, timed(query) ? TimeMode.EventTime() : TimeMode.None(),
            OutputMode.Append(), Encoders.BINARY());
    }

    /** Says which rows the query reads. */
    private static final class Selected implements FilterFunction<byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;
        private final Tally tally;

        Selected(Work.Ref ref, Tally tally) {
            this.ref = ref;
            this.tally = tally;
        }

        @Override
        public boolean call(byte[] row) {
            boolean selected = ref.get().selection.test(row);
            if (selected) {
                tally.selected.add(1L);
            }
            return selected;
        }
    }

    /** The key of a row. */
    private static final class KeyOf implements MapFunction<byte[], Long> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;

        KeyOf(Work.Ref ref) {
            this.ref = ref;
        }

        @Override
        public Long call(byte[] row) {
            return ref.get().keys.of(row);
        }
    }

    /** All keys of a row of either side, as one. */
    private static final class KeysOf implements MapFunction<byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;

        KeysOf(Work.Ref ref) {
            this.ref = ref;
        }

        @Override
        public byte[] call(byte[] row) {
            Work work = ref.get();
            Side side = work.selection.side(row);
            return work.keys.all(side == Side.THIS ? Side.THIS : Side.OTHER, row);
        }
    }

    /** A row once for each of its keys, behind it. */
    private static final class ByKeys implements FlatMapFunction<byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;
        private transient Machine machine;

        ByKeys(Work.Ref ref) {
            this.ref = ref;
        }

        @Override
        public java.util.Iterator<byte[]> call(byte[] row) {
            if (machine == null) {
                machine = Machine.of(ref.get().plan);
            }
            java.util.List<byte[]> all = new java.util.ArrayList<>();
            for (long key : machine.keys(row)) {
                byte[] keyed = new byte[8 + row.length];
                io.streambench.core.Bytes.putLong(keyed, 0, key);
                System.arraycopy(row, 0, keyed, 8, row.length);
                all.add(keyed);
            }
            return all.iterator();
        }
    }
}
