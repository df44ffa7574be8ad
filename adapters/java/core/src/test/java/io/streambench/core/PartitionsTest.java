package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PartitionsTest {
    /** The examples of docs/kafka.md. */
    @Test
    void keysLieWhereTheDriverPutsThem() {
        for (long sensor : new long[] {489, 685, 152, 3}) {
            assertEquals(0, Partitions.of(sensor, 8));
        }
        assertEquals(2, Partitions.of(1, 8));
    }

    @Test
    void hashesAreThoseOfTheTool() {
        byte[] empty = {};
        assertEquals(0xcbf29ce484222325L, Partitions.fnv1a64(empty, 0, 0));
        byte[] a = "a".getBytes(StandardCharsets.US_ASCII);
        assertEquals(0xaf63dc4c8601ec8cL, Partitions.fnv1a64(a, 0, 1));
        assertEquals(0xe220a8397b1dcdafL, Partitions.mix64(0x9e3779b97f4a7c15L));
    }
}
