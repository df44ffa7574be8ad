package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeadLetterTest {
    @Test
    void headersTellPlaceAndReason() throws Exception {
        Events events = new Events(new Golden("poison").plan);
        byte[] seq = {0, 0, 0, 0, 0, 0, 3, (byte) 0xa5};
        BadEvent why = assertThrows(BadEvent.class, () -> events.decode(new byte[0]));
        Map<String, byte[]> headers = DeadLetter.headers(seq, 5, 123, why);
        assertEquals(List.of("seq", "partition", "offset", "attempts", "reason", "error"),
            List.copyOf(headers.keySet()));
        assertEquals("5 123 1 unreadable", String.join(" ", text(headers, "partition"),
            text(headers, "offset"), text(headers, "attempts"), text(headers, "reason")));
        assertEquals(why.getMessage(), text(headers, "error"));
        assertEquals(Partitions.of(933, 8), DeadLetter.partitionOf(seq, 8));
        BadEvent large =
            assertThrows(BadEvent.class, () -> events.decode(new byte[(256 << 10) + 1]));
        assertEquals("too-large", text(DeadLetter.headers(seq, 0, 0, large), "reason"));
        assertThrows(BadEvent.class, () -> events.decode(null));
    }

    private static String text(Map<String, byte[]> headers, String name) {
        return new String(headers.get(name), StandardCharsets.UTF_8);
    }
}
