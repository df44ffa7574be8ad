package com.example;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * The query of iot-telemetry in one second windows, written by hand: sum, number and largest of each
 * sensor's readings, with the sum of the events' numbers, by which the oracle tells what is wrong.
 */
public final class SensorSums {
    private static final long WINDOW_MS = 1000;
    private static final long BOUND_MS = 2000;

    /** An event of the stream, as far as the query needs it. */
    public static final class Reading {
        public long seq;
        public long ts;
        public long sensor;
        public long milliC;
    }

    /** A result, and on its way there the sums so far. */
    public static final class Sums {
        public long sensor;
        public long windowStart;
        public long sum;
        public long count;
        public long max = Long.MIN_VALUE;
        public long seqSum;
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> given = arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(Integer.parseInt(given.get("parallelism")));
        env.enableCheckpointing(Long.parseLong(given.get("checkpoint-ms")));

        KafkaSource<Reading> source = KafkaSource.<Reading>builder()
            .setBootstrapServers(given.get("bootstrap"))
            .setGroupId(given.get("group"))
            .setTopics(given.get("input"))
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setDeserializer(KafkaRecordDeserializationSchema.valueOnly(new FromBinary()))
            .build();
        // Results are read as they become visible: under exactly-once with the next checkpoint.
        boolean exactlyOnce = given.get("guarantee").equals("exactly-once");
        KafkaSink<Sums> sink = KafkaSink.<Sums>builder()
            .setBootstrapServers(given.get("bootstrap"))
            .setDeliveryGuarantee(
                exactlyOnce ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
            .setTransactionalIdPrefix(given.get("run-id"))
            .setProperty("transaction.timeout.ms", "600000") // brokers allow a quarter of an hour
            .setRecordSerializer(KafkaRecordSerializationSchema.<Sums>builder()
                .setTopic(given.get("results"))
                .setValueSerializationSchema(new ToBinary())
                .build())
            .build();

        WatermarkStrategy<Reading> watermarks = WatermarkStrategy
            .<Reading>forBoundedOutOfOrderness(Duration.ofMillis(BOUND_MS))
            .withTimestampAssigner((r, t) -> r.ts);
        env.fromSource(source, watermarks, "readings")
            .filter(r -> r.seq >= 0) // the end events have moved the watermark, and count for nothing
            .keyBy(r -> r.sensor)
            .window(TumblingEventTimeWindows.of(Duration.ofMillis(WINDOW_MS)))
            .aggregate(new Add(), new Name())
            .sinkTo(sink);
        env.execute("sensor sums");
    }

    /** Adds readings up. */
    static final class Add implements AggregateFunction<Reading, Sums, Sums> {
        @Override
        public Sums createAccumulator() {
            return new Sums();
        }

        @Override
        public Sums add(Reading r, Sums s) {
            s.sum += r.milliC;
            s.count++;
            s.max = Math.max(s.max, r.milliC);
            s.seqSum += r.seq;
            return s;
        }

        @Override
        public Sums getResult(Sums s) {
            return s;
        }

        @Override
        public Sums merge(Sums a, Sums b) {
            a.sum += b.sum;
            a.count += b.count;
            a.max = Math.max(a.max, b.max);
            a.seqSum += b.seqSum;
            return a;
        }
    }

    /** Writes into a result whose it is. */
    static final class Name extends ProcessWindowFunction<Sums, Sums, Long, TimeWindow> {
        @Override
        public void process(Long sensor, Context of, Iterable<Sums> sums, Collector<Sums> out) {
            Sums s = sums.iterator().next();
            s.sensor = sensor;
            s.windowStart = of.window().getStart();
            out.collect(s);
        }
    }

    /** An event in the form binary: 8 bytes a field, little-endian. */
    static final class FromBinary extends AbstractDeserializationSchema<Reading> {
        @Override
        public Reading deserialize(byte[] value) {
            ByteBuffer b = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
            Reading r = new Reading();
            r.seq = b.getLong(0);
            r.ts = b.getLong(8);
            r.sensor = b.getLong(16); // site follows at 24
            r.milliC = b.getLong(32); // humidity and battery follow at 40 and 48
            return r;
        }
    }

    /** A result in the form binary: its fields, then count and seqsum. */
    static final class ToBinary implements SerializationSchema<Sums> {
        @Override
        public byte[] serialize(Sums s) {
            return ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(s.sensor).putLong(s.windowStart)
                .putLong(s.sum).putLong(s.count).putLong(s.max)
                .putLong(s.count).putLong(s.seqSum)
                .array();
        }
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
