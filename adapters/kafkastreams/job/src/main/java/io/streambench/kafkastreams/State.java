package io.streambench.kafkastreams;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateRestoreCallback;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;

/**
 * A state store of our own: what a task knows is on the heap, and what has changed since the last
 * commit goes to the store's changelog when Streams prepares the next one, in the same transaction
 * as offsets and results.
 *
 * <pre>
 *   event --> heap (long[] by key)           commit --> save() --> changelog
 *                 ^------------------ restore() <-------------------/
 * </pre>
 *
 * A store of Streams without cache writes a changelog record an event, which is most of what an
 * event then costs; its cache keeps serialised entries in a sorted map. Streams asks a cached
 * store to empty its cache before it flushes the producer (StreamTask.prepareCommit), and that
 * call is the one place in which a change may wait until a commit and still be part of it.
 */
abstract class State implements StateStore, CachedStateStore<byte[], byte[]> {
    private final String name;
    private InternalProcessorContext<?, ?> context;
    private boolean open;

    State(String name) {
        this.name = name;
    }

    /** Takes a record of the changelog; the value is null where the key is gone. */
    abstract void restore(byte[] key, byte[] value);

    /** Writes what has changed since the last call, by {@link #log}. */
    abstract void save();

    /** Writes a record to the changelog; null removes the key. */
    final void log(byte[] key, byte[] value) {
        context.logChange(name, Bytes.wrap(key), value, System.currentTimeMillis(), null,
            Position.emptyPosition());
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final void init(StateStoreContext of, StateStore root) {
        context = (InternalProcessorContext<?, ?>) of;
        StateRestoreCallback callback = this::restore;
        of.register(root, callback);
        open = true;
    }

    @Override
    public final void flushCache() {
        save();
    }

    @Override
    public final void clearCache() {}

    @Override
    public final boolean setFlushListener(CacheFlushListener<byte[], byte[]> listener,
        boolean old) {
        return false;
    }

    @Override
    public final void commit(Map<TopicPartition, Long> changelogOffsets) {}

    @Override
    public final void close() {
        open = false;
    }

    @Override
    public final boolean persistent() {
        return false;
    }

    @Override
    public final boolean isOpen() {
        return open;
    }
}
