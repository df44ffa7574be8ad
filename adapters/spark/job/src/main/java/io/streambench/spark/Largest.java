package io.streambench.spark;

import io.streambench.core.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.expressions.Aggregator;

/**
 * Keeps of arrays those with the largest value of the query's rank, ties and all. The buffer is one
 * array that doubles when it is full:
 *
 * <pre>
 *   | bytes in use, 8 | largest value | length, 4 | array | length, 4 | array …
 * </pre>
 */
final class Largest extends Aggregator<byte[], byte[], byte[]> {
    private static final long serialVersionUID = 1;
    private static final int HEAD = 16;

    private final Work.Ref ref;

    Largest(Work.Ref ref) {
        this.ref = ref;
    }

    @Override
    public byte[] zero() {
        byte[] none = new byte[HEAD];
        Bytes.putLong(none, 0, HEAD);
        return none;
    }

    @Override
    public byte[] reduce(byte[] all, byte[] one) {
        Work work = ref.get();
        long value = work.ranking.events() ? work.ranking.of(one)
            : work.ranking.of(Aggregation.accumulator(one, 0, one.length));
        int used = (int) Bytes.getLong(all, 0);
        if (used > HEAD) {
            long largest = Bytes.getLong(all, 8);
            if (value < largest) {
                return all;
            }
            if (value > largest) {
                used = HEAD;
            }
        }
        byte[] into = room(all, used, 4 + one.length);
        Bytes.putLong(into, 8, value);
        Bytes.putInt(into, used, one.length);
        System.arraycopy(one, 0, into, used + 4, one.length);
        Bytes.putLong(into, 0, used + 4 + one.length);
        return into;
    }

    private static byte[] room(byte[] all, int used, int more) {
        return used + more <= all.length ? all
            : Arrays.copyOf(all, Math.max(used + more, 2 * all.length));
    }

    @Override
    public byte[] merge(byte[] a, byte[] b) {
        int usedA = (int) Bytes.getLong(a, 0);
        int usedB = (int) Bytes.getLong(b, 0);
        if (usedB == HEAD) {
            return a;
        }
        if (usedA == HEAD) {
            return b;
        }
        long byA = Bytes.getLong(a, 8);
        long byB = Bytes.getLong(b, 8);
        if (byA != byB) {
            return byA > byB ? a : b;
        }
        byte[] into = room(a, usedA, usedB - HEAD);
        System.arraycopy(b, HEAD, into, usedA, usedB - HEAD);
        Bytes.putLong(into, 0, usedA + usedB - HEAD);
        return into;
    }

    @Override
    public byte[] finish(byte[] all) {
        return Arrays.copyOfRange(all, HEAD, (int) Bytes.getLong(all, 0));
    }

    /** The arrays in what {@link #finish} has made, from a place on. */
    static List<byte[]> list(byte[] finished, int from) {
        List<byte[]> all = new ArrayList<>();
        for (int at = from; at < finished.length;) {
            int n = Bytes.getInt(finished, at);
            all.add(Arrays.copyOfRange(finished, at + 4, at + 4 + n));
            at += 4 + n;
        }
        return all;
    }

    @Override
    public Encoder<byte[]> bufferEncoder() {
        return Encoders.BINARY();
    }

    @Override
    public Encoder<byte[]> outputEncoder() {
        return Encoders.BINARY();
    }
}
