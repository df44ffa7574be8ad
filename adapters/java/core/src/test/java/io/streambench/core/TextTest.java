package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TextTest {
    @Test
    void integersAreWrittenAsTheyAre() {
        for (long ten = 1, i = 0; i < 19; i++, ten *= 10) {
            for (long x : new long[] {ten - 1, ten, ten + 1, -ten, 9 * ten}) {
                one(x);
            }
        }
        one(0);
        one(Long.MAX_VALUE);
        one(Long.MIN_VALUE);
    }

    private static void one(long x) {
        Text out = new Text(1);
        out.add(x);
        assertEquals(Long.toString(x), new String(out.bytes(), StandardCharsets.US_ASCII));
    }
}
