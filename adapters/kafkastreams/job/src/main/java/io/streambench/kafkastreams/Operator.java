package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import io.streambench.core.Plan;
import io.streambench.core.Selection.Side;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What answers a query in a task: a store of the task that events are added to and that event time
 * drives. It knows nothing of topics; records become calls in {@link Stage}.
 *
 * <p>A changelog key begins with one byte that says what it is of.
 */
abstract class Operator extends State {
    private static final byte[] OF_MARKS = {'m'};

    final Plan plan;
    /** How far the tasks are this one is fed by. */
    final Marks marks;
    /** Where answers go; bound before the first event. */
    Outlet out;

    Operator(String name, Plan plan, int feeders) {
        super(name);
        this.plan = plan;
        marks = new Marks(feeders);
    }

    /** Takes the store of Streams' own that it keeps its entries in, where it has one. */
    void bind(KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]> rows) {
        throw new IllegalStateException("BUG: " + name() + " has no store of Streams");
    }

    /** Takes a row of a side, which may be late. */
    abstract void add(byte[] row, Side side);

    /** Takes a record of {@link Outlet#pass} of the stage before. */
    void take(byte[] record) {
        throw new IllegalStateException("BUG: " + name() + " takes no records of a stage before");
    }

    /** Answers what the largest event time seen allows; it never falls. */
    abstract void advance(long maxTs);

    /** The stream has ended; everything up to {@link Marks#END} was advanced to. */
    void end() {}

    /** The clock of the machine; called several times a second. */
    void tick(long nowMs) {}

    /** The next event time above one seen at which advancing may change something. */
    long next(long maxTs) {
        return maxTs + 1;
    }

    /** Takes back an entry of its own. */
    abstract void restoreEntry(byte[] key, byte[] value);

    /**
     * Makes what is not kept from what is, once all entries are back and {@link #out} is bound;
     * again where a task goes on that was suspended.
     */
    void resume() {}

    /** Writes its own entries that have changed. */
    abstract void saveEntries();

    @Override
    final void restore(byte[] key, byte[] value) {
        if (key[0] == OF_MARKS[0]) {
            if (value != null) {
                marks.restore(value);
            }
            return;
        }
        restoreEntry(key, value);
    }

    @Override
    final void save() {
        if (plan.query.perEvent()) {
            return; // it has no changelog
        }
        saveEntries();
        byte[] kept = marks.save();
        if (kept != null) {
            log(OF_MARKS, kept);
        }
    }

    /** A changelog key of integers. */
    static byte[] key(char kind, long... words) {
        byte[] key = new byte[1 + 8 * words.length];
        key[0] = (byte) kind;
        for (int i = 0; i < words.length; i++) {
            Bytes.putLong(key, 1 + 8 * i, words[i]);
        }
        return key;
    }

    /** A changelog key of bytes. */
    static byte[] entry(char kind, byte[] of) {
        byte[] key = new byte[1 + of.length];
        key[0] = (byte) kind;
        System.arraycopy(of, 0, key, 1, of.length);
        return key;
    }

    /** An integer of a changelog key. */
    static long word(byte[] key, int i) {
        return Bytes.getLong(key, 1 + 8 * i);
    }
}
