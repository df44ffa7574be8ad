package io.streambench.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Little-endian integers in byte arrays, at any offset. */
public final class Bytes {
    private static final VarHandle LONG =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
        MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Bytes() {}

    /** The 64 bits at an offset. */
    public static long getLong(byte[] src, int at) {
        return (long) LONG.get(src, at);
    }

    /** Writes 64 bits at an offset. */
    public static void putLong(byte[] dst, int at, long value) {
        LONG.set(dst, at, value);
    }

    /** The 32 bits at an offset. */
    public static int getInt(byte[] src, int at) {
        return (int) INT.get(src, at);
    }

    /** Writes 32 bits at an offset. */
    public static void putInt(byte[] dst, int at, int value) {
        INT.set(dst, at, value);
    }

    /** Whether {@code src[from..to)} is a value. */
    static boolean equal(byte[] value, byte[] src, int from, int to) {
        return Arrays.equals(value, 0, value.length, src, from, to);
    }

    /** Integers as bytes, eight each: the form in which stores and state backends keep them. */
    public static byte[] of(long... words) {
        byte[] bytes = new byte[8 * words.length];
        for (int i = 0; i < words.length; i++) {
            putLong(bytes, 8 * i, words[i]);
        }
        return bytes;
    }

    /** The integers {@link #of} wrote. */
    public static long[] words(byte[] bytes) {
        long[] words = new long[bytes.length / 8];
        for (int i = 0; i < words.length; i++) {
            words[i] = getLong(bytes, 8 * i);
        }
        return words;
    }
}
