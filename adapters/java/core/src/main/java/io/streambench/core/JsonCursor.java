package io.streambench.core;

import java.nio.charset.StandardCharsets;

/** Reads JSON as the tool writes it, from its beginning. It stops at what is foreign. */
final class JsonCursor {
    private static final long ONES = 0x0101010101010101L;
    private static final long TOPS = 0x80 * ONES;
    private static final long[] TENS =
        {1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000};

    private final byte[] src;
    private int at; // -1 once something was foreign

    JsonCursor(byte[] src) {
        this(src, 0);
    }

    JsonCursor(byte[] src, int at) {
        this.src = src;
        this.at = at;
    }

    boolean foreign() {
        return at < 0;
    }

    /** The offset behind what was read, -1 if it was foreign. */
    int at() {
        return at;
    }

    /** Whether the object ends here, and the event with it. */
    boolean ends() {
        return at == src.length - 1 && src[at] == '}';
    }

    private boolean past(JsonKey key) {
        if (at >= 0) {
            at = key.skip(src, at);
        }
        return at >= 0;
    }

    /** Reads a key and an integer. */
    long integer(JsonKey key) {
        return past(key) ? integer() : 0;
    }

    /**
     * Reads an integer of 64 bits. Eight digits are read at a time: a loop over single digits is
     * mispredicted at the end of nearly every number.
     */
    long integer() {
        boolean negative = at < src.length && src[at] == '-';
        int first = negative ? at + 1 : at;
        int i = first;
        long v = 0;
        while (i + 8 <= src.length) {
            long x = Bytes.getLong(src, i);
            // A byte that is no digit sets its top bit in one of the two.
            long other = (x + 0x46 * ONES | x - '0' * ONES) & TOPS;
            int n = Long.numberOfTrailingZeros(other) >>> 3;
            v = v * TENS[n] + digits(x, n);
            i += n;
            if (n < 8 || i - first > 16) {
                break;
            }
        }
        while (i < src.length && (src[i] - '0' & 0xff) <= 9 && i - first < 20) {
            v = v * 10 + (src[i] - '0');
            i++;
        }
        // Nineteen digits cannot pass 2^64, and a second digit cannot follow a zero.
        int n = i - first;
        boolean fits = v >= 0 || negative && v == Long.MIN_VALUE;
        if (n == 0 || n > 19 || n > 1 && src[first] == '0' || !fits) {
            at = -1;
            return 0;
        }
        at = i;
        return negative ? -v : v;
    }

    /** The value of the first n bytes, which are digits. */
    private static long digits(long x, int n) {
        if (n == 0) {
            return 0;
        }
        // The digits move to the end, zeros before them; then pairs, fours and eights are joined.
        x = (x ^ '0' * ONES) << 64 - 8 * n;
        x = x * 10 + (x >>> 8);
        long pairs = 0x000000ff000000ffL;
        return (x & pairs) * (100 + (1_000_000L << 32)) + (x >>> 16 & pairs) * (1 + (10_000L << 32))
            >>> 32;
    }

    /** Reads a key and a float; its bits. */
    long decimal(JsonKey key) {
        if (!past(key)) {
            return 0;
        }
        int end = number(src, at);
        if (end < 0) {
            at = -1;
            return 0;
        }
        double x = parse(src, at, end);
        at = Double.isInfinite(x) ? -1 : end;
        return Double.doubleToRawLongBits(x);
    }

    static double parse(byte[] src, int from, int to) {
        return Double.parseDouble(new String(src, from, to - from, StandardCharsets.ISO_8859_1));
    }

    /** Reads a key and a string; its index where there is a Dict. One with escapes is foreign. */
    long string(JsonKey key, Dict dict) {
        if (!past(key) || at >= src.length || src[at] != '"') {
            at = -1;
            return 0;
        }
        int from = at + 1;
        int end = quote(from);
        int index = end < 0 || dict == null ? 0 : dict.find(src, from, end);
        at = end < 0 || index < 0 ? -1 : end + 1;
        return index;
    }

    /**
     * The offset of the quote that ends a string, -1 if an escape or anything foreign is before it.
     */
    private int quote(int i) {
        for (; i + 8 <= src.length; i += 8) {
            long x = Bytes.getLong(src, i);
            long quote = x ^ '"' * ONES;
            long backslash = x ^ '\\' * ONES;
            long special = (x - ' ' * ONES & ~x | quote - ONES & ~quote
                | backslash - ONES & ~backslash) & TOPS;
            if (special != 0) {
                i += Long.numberOfTrailingZeros(special) >>> 3;
                return src[i] == '"' ? i : -1;
            }
        }
        for (; i < src.length; i++) {
            byte b = src[i];
            if (b == '"') {
                return i;
            }
            if (b == '\\' || b >= 0 && b < ' ') {
                return -1;
            }
        }
        return -1;
    }

    /** The offset behind a number of JSON's grammar, -1 if there is none. */
    static int number(byte[] src, int at) {
        if (at < src.length && src[at] == '-') {
            at++;
        }
        int end = digitsEnd(src, at);
        if (end == at || end > at + 1 && src[at] == '0') {
            return -1;
        }
        at = end;
        if (at < src.length && src[at] == '.') {
            end = digitsEnd(src, at + 1);
            if (end == at + 1) {
                return -1;
            }
            at = end;
        }
        if (at < src.length && (src[at] | 0x20) == 'e') {
            at++;
            if (at < src.length && (src[at] == '+' || src[at] == '-')) {
                at++;
            }
            end = digitsEnd(src, at);
            if (end == at) {
                return -1;
            }
            at = end;
        }
        return at;
    }

    private static int digitsEnd(byte[] src, int at) {
        while (at < src.length && src[at] >= '0' && src[at] <= '9') {
            at++;
        }
        return at;
    }
}
