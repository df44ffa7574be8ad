package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FoldTest {
    private static List<byte[]> rows(Golden g) throws BadEvent {
        Events events = new Events(g.plan);
        Selection selection = new Selection(g.plan);
        List<byte[]> rows = new ArrayList<>();
        for (byte[] wire : g.events(Plan.BINARY)) {
            byte[] row = events.decode(wire);
            if (selection.side(row) == Selection.Side.THIS) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static long[] fold(Fold fold, List<byte[]> rows) {
        long[] acc = fold.zero();
        for (byte[] row : rows) {
            acc = fold.add(acc, row);
        }
        return acc;
    }

    @Test
    void accumulatorsOfPartsMakeThatOfTheWhole() throws Exception {
        Golden g = new Golden("every-aggregate");
        Fold fold = new Fold(g.plan);
        List<byte[]> rows = rows(g);
        long[] whole = fold(fold, rows);
        Random random = new Random(1);
        for (int n = 0; n < 50; n++) {
            List<byte[]> one = new ArrayList<>();
            List<byte[]> other = new ArrayList<>();
            rows.forEach(row -> (random.nextInt(3) == 0 ? one : other).add(row));
            long[] merged = fold.merge(fold(fold, one), Bytes.words(Bytes.of(fold(fold, other))));
            assertArrayEquals(whole, merged);
            assertArrayEquals(whole, fold.merge(fold.zero(), merged));
        }
    }

    @Test
    void whatWasFoldedCanBeTakenBack() throws Exception {
        Golden g = new Golden("sliding-average");
        Fold fold = new Fold(g.plan);
        List<byte[]> rows = rows(g);
        long[] all = fold(fold, rows);
        long[] first = fold(fold, rows.subList(0, 700));
        long[] rest = fold(fold, rows.subList(700, rows.size()));
        long[] left = all.clone();
        fold.subtract(left, first);
        assertArrayEquals(rest, left);
        rows.subList(700, rows.size()).forEach(row -> fold.remove(all, row));
        assertArrayEquals(first, all);
        assertEquals(700, first[Fold.COUNT]);
    }
}
