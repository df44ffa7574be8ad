package io.streambench.spark;

import io.streambench.core.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows in one array, each behind its length of four bytes. */
final class Rows {
    private Rows() {}

    /** Reads the rows that lie from a place on. */
    static List<byte[]> read(byte[] src, int from) {
        List<byte[]> rows = new ArrayList<>();
        for (int at = from; at < src.length;) {
            int n = Bytes.getInt(src, at);
            rows.add(Arrays.copyOfRange(src, at + 4, at + 4 + n));
            at += 4 + n;
        }
        return rows;
    }

    /** Writes rows behind so many bytes left free; an empty array where there are no rows. */
    static byte[] write(int head, List<byte[]> rows) {
        int size = head;
        for (byte[] row : rows) {
            size += 4 + row.length;
        }
        byte[] all = new byte[size];
        int at = head;
        for (byte[] row : rows) {
            Bytes.putInt(all, at, row.length);
            System.arraycopy(row, 0, all, at + 4, row.length);
            at += 4 + row.length;
        }
        return all;
    }
}
