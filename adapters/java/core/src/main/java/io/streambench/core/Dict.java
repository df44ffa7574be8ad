package io.streambench.core;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The values a field of kind dict can have. Everywhere but on the wire a value is its index. */
public abstract class Dict {
    /** The number of values. */
    public abstract int size();

    /** The value at an index, as the bytes that travel. The array is not to be changed. */
    public abstract byte[] bytes(int index);

    /**
     * The index of the value that stands in {@code src[from..to)}, -1 if it is none of the Dict.
     */
    public abstract int find(byte[] src, int from, int to);

    /** The value at an index. */
    public final String at(int index) {
        return new String(bytes(index), StandardCharsets.UTF_8);
    }

    /** A Dict of values listed one by one. */
    public static Dict of(String... values) {
        return new Listed(values);
    }

    /** The Dict of {@code prefix0, prefix1, …}, so many of them. */
    public static Dict numbered(String prefix, int size) {
        return new Numbered(prefix, size);
    }

    /** Values in a table that hashes their ends, which tell them apart well enough. */
    private static final class Listed extends Dict {
        private final byte[][] values;
        private final int[] slots; // index + 1, 0 where empty
        private final int mask;

        Listed(String[] texts) {
            values = new byte[texts.length][];
            mask = Math.max(Integer.highestOneBit(Math.max(texts.length, 1)) * 8, 8) - 1;
            slots = new int[mask + 1];
            Map<String, Integer> first = new HashMap<>();
            for (int i = 0; i < texts.length; i++) {
                values[i] = texts[i].getBytes(StandardCharsets.UTF_8);
                if (first.putIfAbsent(texts[i], i) != null) {
                    continue;
                }
                int at = hash(values[i], 0, values[i].length) & mask;
                while (slots[at] != 0) {
                    at = (at + 1) & mask;
                }
                slots[at] = i + 1;
            }
        }

        @Override
        public int size() {
            return values.length;
        }

        @Override
        public byte[] bytes(int index) {
            return values[index];
        }

        @Override
        public int find(byte[] src, int from, int to) {
            for (int at = hash(src, from, to) & mask;; at = (at + 1) & mask) {
                int index = slots[at] - 1;
                if (index < 0) {
                    return -1;
                }
                if (Bytes.equal(values[index], src, from, to)) {
                    return index;
                }
            }
        }

        private static int hash(byte[] s, int from, int to) {
            int n = to - from;
            long head;
            long tail = 0;
            if (n >= 8) {
                head = Bytes.getLong(s, from);
                tail = Bytes.getLong(s, to - 8);
            } else if (n >= 4) {
                head = Bytes.getInt(s, from);
                tail = Bytes.getInt(s, to - 4);
            } else if (n > 0) {
                head = s[from] | s[from + n / 2] << 8 | s[to - 1] << 16;
            } else {
                head = 0;
            }
            long h = (head ^ 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
            h = (h ^ h >>> 32 ^ tail + n) * 0x94d049bb133111ebL;
            return (int) (h >>> 32);
        }
    }

    /** Values that are a prefix and their own index: two million names need no table. */
    private static final class Numbered extends Dict {
        private final byte[] prefix;
        private final int size;

        Numbered(String prefix, int size) {
            this.prefix = prefix.getBytes(StandardCharsets.UTF_8);
            this.size = size;
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public byte[] bytes(int index) {
            byte[] digits = Integer.toString(index).getBytes(StandardCharsets.US_ASCII);
            byte[] value = new byte[prefix.length + digits.length];
            System.arraycopy(prefix, 0, value, 0, prefix.length);
            System.arraycopy(digits, 0, value, prefix.length, digits.length);
            return value;
        }

        @Override
        public int find(byte[] src, int from, int to) {
            int at = from + prefix.length;
            int digits = to - at;
            if (digits < 1 || digits > 9 || !Bytes.equal(prefix, src, from, at)) {
                return -1;
            }
            if (digits > 1 && src[at] == '0') {
                return -1;
            }
            int index = 0;
            for (; at < to; at++) {
                int digit = src[at] - '0';
                if (digit < 0 || digit > 9) {
                    return -1;
                }
                index = index * 10 + digit;
            }
            return index < size ? index : -1;
        }
    }
}
