package io.streambench.core;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text in the making: bytes that grow. */
final class Text {
    private byte[] bytes;
    private int size;

    Text(int room) {
        bytes = new byte[room];
    }

    void add(byte[] more) {
        room(more.length);
        System.arraycopy(more, 0, bytes, size, more.length);
        size += more.length;
    }

    /** Adds an integer in decimal. */
    void add(long x) {
        if (x == Long.MIN_VALUE) {
            add(Long.toString(x).getBytes(StandardCharsets.US_ASCII));
            return;
        }
        room(20);
        if (x < 0) {
            bytes[size++] = '-';
            x = -x;
        }
        int digits = 1;
        for (long ten = 10; digits < 19 && x >= ten; ten *= 10) {
            digits++;
        }
        size += digits;
        for (int at = size; digits > 0; digits--) {
            long rest = x / 10;
            bytes[--at] = (byte) ('0' + (x - rest * 10));
            x = rest;
        }
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * (size + more));
        }
    }

    byte[] bytes() {
        return Arrays.copyOf(bytes, size);
    }
}
