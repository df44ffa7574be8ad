package io.streambench.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.streambench.core.Plan;
import java.util.Arrays;
import java.util.Map;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;

/**
 * The input topic. A watermark of Spark is the largest event time of all rows of a batch, whatever
 * partitions they come from; of partitions that are read at different speeds it runs ahead of the
 * slower ones, and their events were late without being so. So each partition is a source with a
 * watermark of its own, and the least of them is that of the query (spark.sql.streaming.
 * multipleWatermarkPolicy), which trails and never leads.
 *
 * <pre>
 *   partition 0 --decode--> rows --watermark--\
 *   partition 1 --decode--> rows --watermark---+--union--> rows (row, t)
 *   …                                         /
 * </pre>
 */
final class Source {
    /** The column of flat arrays, and that of their event times. */
    static final String ROW = "row";
    static final String TIME = "t";

    private final SparkSession session;
    private final Plan plan;
    private final Limits limits;

    Source(SparkSession session, Plan plan, Limits limits) {
        this.session = session;
        this.plan = plan;
        this.limits = limits;
    }

    /** Makes of a wire form what is to be in column row, for a partition of the input. */
    interface Decoders {
        MapFunction<byte[], byte[]> of(int partition);
    }

    /**
     * All partitions, each with its watermark: columns t and those carried along, which are made of
     * column row. What marks event time copies every row, and plain columns are copied fastest.
     *
     * @param timeAt the word of a row that holds event time
     */
    Dataset<Row> marked(Decoders decoders, int timeAt, Column... carried) {
        Column[] columns = Arrays.copyOf(carried, carried.length + 1);
        columns[carried.length] = Functions.call("time", col(ROW), lit(timeAt)).as(TIME);
        Dataset<Row> all = null;
        for (int p = 0; p < plan.partitions; p++) {
            Dataset<Row> one = decoded(p, decoders).select(columns)
                .withWatermark(TIME, plan.query.boundMs() + " milliseconds");
            all = all == null ? one : all.union(one);
        }
        return all;
    }

    /** All partitions without a watermark: of queries that know no time. */
    Dataset<Row> plain(Decoders decoders) {
        Dataset<Row> all = null;
        for (int p = 0; p < plan.partitions; p++) {
            Dataset<Row> one = decoded(p, decoders);
            all = all == null ? one : all.union(one);
        }
        return all;
    }

    private Dataset<Row> decoded(int partition, Decoders decoders) {
        return reader()
            .option("assign", "{\"" + plan.topics.input() + "\":[" + partition + "]}")
            .option("maxOffsetsPerTrigger", Math.max(limits.maxOffsets() / plan.partitions, 1))
            .load().select("value").as(Encoders.BINARY())
            .map(decoders.of(partition), Encoders.BINARY()).toDF(ROW);
    }

    /** All partitions as one source, with its columns as Kafka has them. */
    Dataset<Row> whole(boolean headers) {
        DataStreamReader r = reader().option("subscribe", plan.topics.input())
            .option("includeHeaders", headers);
        if (!limits.realTime()) { // which knows no batches to limit
            r = r.option("maxOffsetsPerTrigger", limits.maxOffsets());
        }
        return r.load();
    }

    private DataStreamReader reader() {
        DataStreamReader r = session.readStream().format("kafka")
            .option("kafka.bootstrap.servers", plan.bootstrap)
            .option("startingOffsets", "earliest").option("failOnDataLoss", "true");
        for (Map.Entry<String, String> e : limits.consumer().entrySet()) {
            r = r.option("kafka." + e.getKey(), e.getValue());
        }
        return r;
    }
}
