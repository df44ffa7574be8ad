package io.streambench.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.streambench.core.Stream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParcelTest {
    private static final byte[] VALUE = {1, 2, 3};

    @Test
    void aResultKnowsWhereItGoes() {
        byte[] parcel = Parcel.of(Stream.LATE, 5, VALUE);
        assertEquals(Stream.LATE.ordinal(), Parcel.stream(parcel));
        assertEquals(5, Parcel.partition(parcel));
        assertArrayEquals(VALUE, Parcel.value(parcel));
        assertNull(Parcel.key(parcel));
        assertEquals(0, Parcel.headers(parcel).length);
    }

    @Test
    void aDeadLetterCarriesKeyAndHeaders() {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        headers.put("seq", new byte[] {9});
        headers.put("error", new byte[0]);
        for (byte[] key : new byte[][] {{7, 8}, {}, null}) {
            byte[] parcel = Parcel.letter(3, key, headers, VALUE);
            assertEquals(Stream.DEAD_LETTERS.ordinal(), Parcel.stream(parcel));
            assertEquals(3, Parcel.partition(parcel));
            assertArrayEquals(VALUE, Parcel.value(parcel));
            assertArrayEquals(key, Parcel.key(parcel));
            byte[][] parts = Parcel.headers(parcel);
            assertEquals(4, parts.length);
            assertEquals("seq", new String(parts[0]));
            assertArrayEquals(new byte[] {9}, parts[1]);
            assertEquals("error", new String(parts[2]));
            assertEquals(0, parts[3].length);
        }
    }
}
