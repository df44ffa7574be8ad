package io.streambench.flink;

import io.streambench.core.BadEvent;
import io.streambench.core.Bytes;
import io.streambench.core.DeadLetter;
import io.streambench.core.Row;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A dead letter on its way from the source to its sink, in the place of a row:
 *
 * <pre>
 *   | -2 | no time | partition of the dlq | time | key | body | headers: name, value, … |
 * </pre>
 *
 * Lengths are of 32 bits, that of a key that is not there is -1.
 */
final class Grave {
    /** Stands where a row has its event's number. */
    private static final long MARK = -2;

    private Grave() {}

    /** Whether something is a grave and no row. */
    static boolean is(byte[] row) {
        return Row.seq(row) == MARK;
    }

    static byte[] of(ConsumerRecord<byte[], byte[]> record, BadEvent why) {
        Header header = record.headers().lastHeader(DeadLetter.SEQ_HEADER);
        byte[] seq = header == null ? null : header.value();
        Map<String, byte[]> headers =
            DeadLetter.headers(seq, record.partition(), record.offset(), why);
        int size = 40 + length(record.key()) + record.value().length;
        for (Map.Entry<String, byte[]> h : headers.entrySet()) {
            size += 8 + h.getKey().length() + h.getValue().length;
        }
        ByteBuffer b = ByteBuffer.allocate(size);
        b.position(16);
        long number = seq != null && seq.length == 8 ? ByteBuffer.wrap(seq).getLong() : -1;
        b.putLong(number).putLong(record.timestamp());
        put(b, record.key());
        put(b, record.value());
        headers.forEach((name, value) -> {
            put(b, name.getBytes(StandardCharsets.US_ASCII));
            put(b, value);
        });
        byte[] grave = b.array();
        Bytes.putLong(grave, 0, MARK);
        Bytes.putLong(grave, 8, Long.MIN_VALUE);
        return grave;
    }

    private static int length(byte[] v) {
        return v == null ? 0 : v.length;
    }

    private static void put(ByteBuffer b, byte[] v) {
        b.putInt(v == null ? -1 : v.length);
        if (v != null) {
            b.put(v);
        }
    }

    private static byte[] get(ByteBuffer b) {
        int n = b.getInt();
        if (n < 0) {
            return null;
        }
        byte[] v = new byte[n];
        b.get(v);
        return v;
    }

    /** The record of a dead letter. */
    static ProducerRecord<byte[], byte[]> record(byte[] grave, String topic, int partitions) {
        ByteBuffer b = ByteBuffer.wrap(grave);
        b.position(16);
        int partition = io.streambench.core.Partitions.of(b.getLong(), partitions);
        long time = b.getLong();
        byte[] key = get(b);
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(topic, partition, time < 0 ? null : time, key, get(b));
        while (b.hasRemaining()) {
            record.headers().add(new String(get(b), StandardCharsets.US_ASCII), get(b));
        }
        return record;
    }
}
