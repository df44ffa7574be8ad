package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import io.streambench.core.Plan;

/** Windows on the heap. What has changed goes to the changelog when Streams prepares a commit. */
final class HeapWindows extends WindowOperator {
    HeapWindows(String name, Plan plan, int feeders, Lines lines) {
        super(name, plan, feeders, lines);
    }

    private final class Rows extends Pane {
        final LongMap<long[]> rows = new LongMap<>();

        Rows(long start) {
            super(start);
        }

        @Override
        long[] add(long key, byte[] row) {
            long[] acc = rows.change(key, fold::zero);
            long[] grown = fold.add(acc, row);
            if (grown != acc) {
                rows.put(key, grown);
            }
            return grown;
        }

        @Override
        void each(LongMap.Visitor<long[]> to) {
            rows.each(to);
        }

        @Override
        void drop() {
            rows.eachLogged((key, acc) -> log(key('w', start, key), null));
        }
    }

    @Override
    Pane fresh(long start) {
        return new Rows(start);
    }

    @Override
    void saveEntries() {
        for (Pane p : panes()) {
            ((Rows) p).rows.save((key, acc) -> log(key('w', p.start, key), Bytes.of(acc)));
        }
    }

    @Override
    void restoreEntry(byte[] key, byte[] value) {
        LongMap<long[]> rows = ((Rows) restored(word(key, 0))).rows;
        if (value == null) {
            rows.remove(word(key, 1));
        } else {
            rows.putRestored(word(key, 1), Bytes.words(value));
        }
    }

    @Override
    void resume() {
        panes().removeIf(p -> ((Rows) p).rows.size() == 0);
        super.resume();
    }
}
