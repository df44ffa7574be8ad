package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import java.util.ArrayList;
import java.util.List;

/** Lists of rows in one array: the length of each, in four bytes, and the row. */
final class Rows {
    private Rows() {}

    /** Writes lists one behind the other, each with the number of its rows in front. */
    @SafeVarargs
    static byte[] pack(List<byte[]>... lists) {
        int size = 0;
        for (List<byte[]> list : lists) {
            size += 4;
            for (byte[] row : list) {
                size += 4 + row.length;
            }
        }
        byte[] packed = new byte[size];
        int at = 0;
        for (List<byte[]> list : lists) {
            Bytes.putInt(packed, at, list.size());
            at += 4;
            for (byte[] row : list) {
                Bytes.putInt(packed, at, row.length);
                System.arraycopy(row, 0, packed, at + 4, row.length);
                at += 4 + row.length;
            }
        }
        return packed;
    }

    /** Reads so many lists that {@link #pack} wrote. */
    static List<List<byte[]>> unpack(byte[] packed, int lists) {
        List<List<byte[]>> all = new ArrayList<>(lists);
        int at = 0;
        for (int i = 0; i < lists; i++) {
            int n = Bytes.getInt(packed, at);
            at += 4;
            List<byte[]> list = new ArrayList<>(n);
            for (int r = 0; r < n; r++) {
                int length = Bytes.getInt(packed, at);
                list.add(java.util.Arrays.copyOfRange(packed, at + 4, at + 4 + length));
                at += 4 + length;
            }
            all.add(list);
        }
        return all;
    }
}
