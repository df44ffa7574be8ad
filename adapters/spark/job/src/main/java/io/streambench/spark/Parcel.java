package io.streambench.spark;

import io.streambench.core.Bytes;
import io.streambench.core.Stream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * A record on its way to the sink, as one array, so that operators hand on bytes and nothing else:
 *
 * <pre>
 *   | partition and output, 4 | value …                                        a result, a late event
 *   | partition and output, 4 | at, 4 | key length, 4 | key | headers | value …         a dead letter
 * </pre>
 *
 * A header is the length of its name, the name, the length of its value and the value.
 */
final class Parcel {
    private static final int STREAM_SHIFT = 28;
    private static final int HEAD = 4;
    private static final int LETTER_HEAD = 12;

    private Parcel() {}

    /** A result or a late event. */
    static byte[] of(Stream stream, int partition, byte[] value) {
        byte[] parcel = new byte[HEAD + value.length];
        Bytes.putInt(parcel, 0, stream.ordinal() << STREAM_SHIFT | partition);
        System.arraycopy(value, 0, parcel, HEAD, value.length);
        return parcel;
    }

    /** A dead letter; its key may be null. */
    static byte[] letter(int partition, byte[] key, Map<String, byte[]> headers, byte[] value) {
        int size = LETTER_HEAD + (key == null ? 0 : key.length) + value.length;
        for (Map.Entry<String, byte[]> h : headers.entrySet()) {
            size += 8 + bytes(h.getKey()).length + h.getValue().length;
        }
        byte[] parcel = new byte[size];
        Bytes.putInt(parcel, 0, Stream.DEAD_LETTERS.ordinal() << STREAM_SHIFT | partition);
        Bytes.putInt(parcel, 4, size - value.length);
        Bytes.putInt(parcel, 8, key == null ? -1 : key.length);
        int at = key == null ? LETTER_HEAD : copy(key, parcel, LETTER_HEAD);
        for (Map.Entry<String, byte[]> h : headers.entrySet()) {
            at = put(bytes(h.getKey()), parcel, at);
            at = put(h.getValue(), parcel, at);
        }
        copy(value, parcel, at);
        return parcel;
    }

    private static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private static int put(byte[] src, byte[] dst, int at) {
        Bytes.putInt(dst, at, src.length);
        return copy(src, dst, at + 4);
    }

    private static int copy(byte[] src, byte[] dst, int at) {
        System.arraycopy(src, 0, dst, at, src.length);
        return at + src.length;
    }

    /** The output it is of, as an ordinal of {@link Stream}. */
    static int stream(byte[] parcel) {
        return Bytes.getInt(parcel, 0) >>> STREAM_SHIFT;
    }

    /** The partition it goes to. */
    static int partition(byte[] parcel) {
        return Bytes.getInt(parcel, 0) & (1 << STREAM_SHIFT) - 1;
    }

    private static boolean isLetter(byte[] parcel) {
        return stream(parcel) == Stream.DEAD_LETTERS.ordinal();
    }

    /** The value of the record. */
    static byte[] value(byte[] parcel) {
        int from = isLetter(parcel) ? Bytes.getInt(parcel, 4) : HEAD;
        return Arrays.copyOfRange(parcel, from, parcel.length);
    }

    /** The key of a dead letter; else null. */
    static byte[] key(byte[] parcel) {
        int n = isLetter(parcel) ? Bytes.getInt(parcel, 8) : -1;
        return n < 0 ? null : Arrays.copyOfRange(parcel, LETTER_HEAD, LETTER_HEAD + n);
    }

    /** The headers of a dead letter, name and value in turn; none of any other. */
    static byte[][] headers(byte[] parcel) {
        if (!isLetter(parcel)) {
            return new byte[0][];
        }
        int end = Bytes.getInt(parcel, 4);
        byte[][] parts = new byte[0][];
        for (int at = LETTER_HEAD + Math.max(Bytes.getInt(parcel, 8), 0); at < end;) {
            int n = Bytes.getInt(parcel, at);
            parts = Arrays.copyOf(parts, parts.length + 1);
            parts[parts.length - 1] = Arrays.copyOfRange(parcel, at + 4, at + 4 + n);
            at += 4 + n;
        }
        return parts;
    }
}
