package io.streambench.core;

import java.nio.charset.StandardCharsets;

/**
 * A key with the punctuation around it: {@code ,"name":}. Keys of up to 16 bytes are compared as
 * two words that may overlap.
 */
final class JsonKey {
    private final byte[] text;
    private final int length;
    private final long head; // its first and its last 8 bytes; of a shorter key the same
    private final long tail;
    private final long mask; // the bytes of a word that are the key's
    private final int tailAt;

    private JsonKey(byte[] text) {
        this.text = text;
        length = text.length;
        byte[] first = java.util.Arrays.copyOf(text, 8);
        head = Bytes.getLong(first, 0);
        if (length < 8) {
            tail = head;
            mask = -1L >>> 64 - 8 * length;
            tailAt = 0;
        } else {
            tailAt = length - 8;
            tail = Bytes.getLong(text, tailAt);
            mask = -1L;
        }
    }

    /** The key of a name behind a comma or a brace. */
    static JsonKey after(char lead, String name) {
        return new JsonKey((lead + Json.quote(name) + ":").getBytes(StandardCharsets.UTF_8));
    }

    /** The offset behind the key, -1 where it does not stand. */
    int skip(byte[] src, int at) {
        if (length > 16 || at + tailAt + 8 > src.length) {
            return at + length <= src.length && Bytes.equal(text, src, at, at + length)
                ? at + length : -1;
        }
        return (Bytes.getLong(src, at) & mask) == head
            && (Bytes.getLong(src, at + tailAt) & mask) == tail ? at + length : -1;
    }
}
