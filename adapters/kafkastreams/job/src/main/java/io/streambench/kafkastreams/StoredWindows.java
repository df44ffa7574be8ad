package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import io.streambench.core.Plan;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Windows in a store of Streams' own, RocksDB or one in memory, behind its cache of records. Streams
 * writes the changelog of that store and restores it.
 *
 * <pre>
 *   start | key --> accumulator        big-endian: a window is a range of the store
 * </pre>
 */
final class StoredWindows extends WindowOperator {
    private KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]> store;

    StoredWindows(String name, Plan plan, int feeders, Lines lines) {
        super(name, plan, feeders, lines);
    }

    @Override
    void bind(KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]> rows) {
        store = rows;
    }

    private static org.apache.kafka.common.utils.Bytes at(long start, long key) {
        return org.apache.kafka.common.utils.Bytes.wrap(
            ByteBuffer.allocate(16).putLong(start).putLong(key).array());
    }

    /** The entries of a window. No iterator is open when they are returned. */
    private List<KeyValue<org.apache.kafka.common.utils.Bytes, byte[]>> entries(long start) {
        List<KeyValue<org.apache.kafka.common.utils.Bytes, byte[]>> all = new ArrayList<>();
        try (KeyValueIterator<org.apache.kafka.common.utils.Bytes, byte[]> i =
            store.range(at(start, 0), at(start, -1))) { // by their bytes -1 is the largest key
            i.forEachRemaining(all::add);
        }
        return all;
    }

    private final class Rows extends Pane {
        Rows(long start) {
            super(start);
        }

        @Override
        long[] add(long key, byte[] row) {
            org.apache.kafka.common.utils.Bytes place = at(start, key);
            byte[] was = store.get(place);
            long[] acc = fold.add(was == null ? fold.zero() : Bytes.words(was), row);
            store.put(place, Bytes.of(acc));
            return acc;
        }

        @Override
        void each(LongMap.Visitor<long[]> to) {
            for (var e : entries(start)) {
                to.visit(ByteBuffer.wrap(e.key.get()).getLong(8), Bytes.words(e.value));
            }
        }

        @Override
        void drop() {
            for (var e : entries(start)) {
                store.delete(e.key);
            }
        }
    }

    @Override
    Pane fresh(long start) {
        return new Rows(start);
    }

    @Override
    void saveEntries() {} // Streams does

    @Override
    void restoreEntry(byte[] key, byte[] value) {
        throw new IllegalStateException("BUG: " + name() + " has logged no entries");
    }

    /** Finds the windows that the store holds: each first entry behind the last of the one before. */
    @Override
    void resume() {
        panes().clear();
        org.apache.kafka.common.utils.Bytes from = at(0, 0);
        while (from != null) {
            try (KeyValueIterator<org.apache.kafka.common.utils.Bytes, byte[]> i =
                store.range(from, null)) {
                from = null;
                if (i.hasNext()) {
                    long start = ByteBuffer.wrap(i.next().key.get()).getLong();
                    restored(start);
                    from = at(start + 1, 0);
                }
            }
        }
        super.resume();
    }
}
