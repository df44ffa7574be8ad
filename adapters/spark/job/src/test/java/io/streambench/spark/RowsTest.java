package io.streambench.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class RowsTest {
    @Test
    void whatIsWrittenIsRead() {
        List<byte[]> rows = List.of(new byte[] {1}, new byte[0], new byte[] {2, 3});
        byte[] all = Rows.write(8, rows);
        List<byte[]> read = Rows.read(all, 8);
        assertEquals(rows.size(), read.size());
        for (int i = 0; i < rows.size(); i++) {
            assertArrayEquals(rows.get(i), read.get(i));
        }
        assertEquals(0, Rows.write(0, List.of()).length);
    }

    @Test
    void aChangeNamesItsGroupAndBoth() {
        byte[] change = Regrouped.change(-7, new byte[0], new byte[] {4, 5});
        assertEquals(-7, Regrouped.group(change));
        assertArrayEquals(new byte[] {4, 5}, Rows.read(change, 8).get(1));
    }
}
