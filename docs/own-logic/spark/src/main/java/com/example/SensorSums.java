package com.example;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.window;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.api.java.UDF6;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;

/**
 * The query of iot-telemetry in one second windows, written by hand: sum, number and largest of each
 * sensor's readings, with the sum of the events' numbers, by which the oracle tells what is wrong.
 */
public final class SensorSums {
    /** A field of an event in the form binary: 8 bytes, little-endian. */
    private static final UserDefinedFunction FIELD = udf((UDF2<byte[], Integer, Long>) (value, at) ->
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(at), DataTypes.LongType);

    /** A result in the form binary: its fields, then count and seqsum. */
    private static final UserDefinedFunction RESULT = udf(
        (UDF6<Long, Long, Long, Long, Long, Long, byte[]>) (sensor, start, sums, n, most, seqs) ->
            ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(sensor).putLong(start).putLong(sums).putLong(n).putLong(most)
                .putLong(n).putLong(seqs).array(), DataTypes.BinaryType);

    public static void main(String[] args) throws Exception {
        Map<String, String> given = arguments(args);
        SparkSession spark = SparkSession.builder().appName("sensor sums").getOrCreate();
        Dataset<Row> readings = spark.readStream().format("kafka")
            .option("kafka.bootstrap.servers", given.get("bootstrap"))
            .option("subscribe", given.get("input"))
            .option("startingOffsets", "earliest")
            .load()
            .select(field(0).as("seq"), field(8).as("ts"), field(16).as("sensor"),
                field(32).as("milli_c")); // site lies at 24, humidity and battery at 40 and 48

        // An end event moves the watermark, and counts for nothing: it is in a window of its own, far
        // behind the last, which never closes.
        // Spark's watermark follows the partition that is furthest ahead: 2 s are for events that come
        // late by themselves, the rest for partitions that are read a little later than others.
        Column real = col("seq").geq(0);
        readings
            .withColumn("time", expr("timestamp_millis(ts)"))
            .withWatermark("time", "5 seconds")
            .groupBy(window(col("time"), "1 second"), col("sensor"))
            .agg(sum(when(real, col("milli_c"))).as("sum"),
                count(when(real, lit(1))).as("count"),
                max(when(real, col("milli_c"))).as("max"),
                sum(when(real, col("seq"))).as("seqsum"))
            .where(col("count").gt(0))
            .select(RESULT.apply(col("sensor"), expr("unix_millis(window.start)"), col("sum"),
                col("count"), col("max"), col("seqsum")).as("value"))
            .writeStream().format("kafka")
            .option("kafka.bootstrap.servers", given.get("bootstrap"))
            .option("topic", given.get("results"))
            .option("checkpointLocation", given.get("state"))
            .outputMode("append")
            .trigger(Trigger.ProcessingTime(Long.parseLong(given.get("checkpoint-ms"))))
            .start()
            .awaitTermination();
    }

    private static Column field(int at) {
        return FIELD.apply(col("value"), lit(at));
    }

    /** Reads "--name value" pairs. */
    static Map<String, String> arguments(String[] args) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            all.put(args[i].substring(2), args[i + 1]);
        }
        return all;
    }
}
