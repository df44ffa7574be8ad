package io.streambench.core;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An event nobody can read, as a record of the dead letters: key, time and value are those it came
 * with, and headers tell the rest.
 */
public final class DeadLetter {
    /** The header of the input's records that holds the event's number, where they have headers. */
    public static final String SEQ_HEADER = "seq";

    private DeadLetter() {}

    /**
     * The headers of a dead letter, in their order.
     *
     * @param seq the value of the event's own header, null without
     */
    public static Map<String, byte[]> headers(byte[] seq, int partition, long offset,
        BadEvent why) {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        headers.put(SEQ_HEADER, seq == null ? new byte[] {-1, -1, -1, -1, -1, -1, -1, -1} : seq);
        headers.put("partition", text(Integer.toString(partition)));
        headers.put("offset", text(Long.toString(offset)));
        headers.put("attempts", text("1")); // what cannot be read now never can
        headers.put("reason", text(why.reason.word));
        headers.put("error", text(why.getMessage()));
        return headers;
    }

    /** The partition of the output in which it lies: that of its number. */
    public static int partitionOf(byte[] seq, int partitions) {
        long n = 0;
        for (int i = 0; seq != null && i < seq.length; i++) {
            n = n << 8 | seq[i] & 0xff;
        }
        return Partitions.of(seq == null ? -1 : n, partitions);
    }

    private static byte[] text(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }
}
