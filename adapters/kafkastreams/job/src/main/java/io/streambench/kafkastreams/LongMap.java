package io.streambench.kafkastreams;

import java.util.function.Supplier;

/**
 * Values by integer keys, in one flat table that is probed linearly; each remembers whether it has
 * changed since it was last saved and whether the changelog knows it. Not for several threads.
 *
 * @param <V> of values
 */
final class LongMap<V> {
    private static final int LEAST = 16;
    private static final byte USED = 1;
    private static final byte CHANGED = 2;
    private static final byte LOGGED = 4;

    private long[] keys = new long[LEAST];
    private Object[] values = new Object[LEAST];
    private byte[] flags = new byte[LEAST];
    private int mask = LEAST - 1;
    private int size;
    private int changed; // at least as many entries are marked as changed

    /** Sees an entry. */
    interface Visitor<V> {
        void visit(long key, V value);
    }

    int size() {
        return size;
    }

    /** The value of a key, null if there is none. */
    V get(long key) {
        int i = find(key);
        return flags[i] == 0 ? null : at(i);
    }

    /** The value of a key, which counts as changed; one is made where there is none. */
    V change(long key, Supplier<V> fresh) {
        int i = find(key);
        if (flags[i] == 0) {
            i = insert(i, key, fresh.get());
        }
        mark(i);
        return at(i);
    }

    /** Puts a value that has changed. */
    void put(long key, V value) {
        int i = find(key);
        if (flags[i] == 0) {
            i = insert(i, key, value);
        } else {
            values[i] = value;
        }
        mark(i);
    }

    /** Puts a value that the changelog knows. */
    void putRestored(long key, V value) {
        int i = find(key);
        if (flags[i] == 0) {
            i = insert(i, key, value);
        } else {
            values[i] = value;
        }
        flags[i] = USED | LOGGED;
    }

    /** Removes a key and says whether the changelog knows it. */
    boolean remove(long key) {
        int i = find(key);
        if (flags[i] == 0) {
            return false;
        }
        boolean logged = (flags[i] & LOGGED) != 0;
        if ((flags[i] & CHANGED) != 0) {
            changed--;
        }
        size--;
        close(i);
        return logged;
    }

    /** Shows every entry. */
    void each(Visitor<V> to) {
        for (int i = 0; i < flags.length; i++) {
            if (flags[i] != 0) {
                to.visit(keys[i], at(i));
            }
        }
    }

    /** Shows every entry the changelog knows. */
    void eachLogged(Visitor<V> to) {
        for (int i = 0; i < flags.length; i++) {
            if ((flags[i] & LOGGED) != 0) {
                to.visit(keys[i], at(i));
            }
        }
    }

    /** Shows every entry that has changed, and takes it as saved. */
    void save(Visitor<V> to) {
        for (int i = 0; changed > 0 && i < flags.length; i++) {
            if ((flags[i] & CHANGED) != 0) {
                to.visit(keys[i], at(i));
                flags[i] = USED | LOGGED;
                changed--;
            }
        }
    }

    private void mark(int i) {
        if ((flags[i] & CHANGED) == 0) {
            flags[i] |= CHANGED;
            changed++;
        }
    }

    @SuppressWarnings("unchecked")
    private V at(int i) {
        return (V) values[i];
    }

    /** Where a key is, or the free place it would take. */
    private int find(long key) {
        int i = place(key);
        while (flags[i] != 0 && keys[i] != key) {
            i = i + 1 & mask;
        }
        return i;
    }

    private int place(long key) {
        long h = key * 0x9e3779b97f4a7c15L;
        return (int) (h ^ h >>> 32) & mask;
    }

    private int insert(int i, long key, V value) {
        if (2 * (size + 1) > mask) {
            grow();
            i = find(key);
        }
        keys[i] = key;
        values[i] = value;
        flags[i] = USED;
        size++;
        return i;
    }

    private void grow() {
        long[] oldKeys = keys;
        Object[] oldValues = values;
        byte[] oldFlags = flags;
        int room = 2 * oldKeys.length;
        keys = new long[room];
        values = new Object[room];
        flags = new byte[room];
        mask = room - 1;
        for (int i = 0; i < oldFlags.length; i++) {
            if (oldFlags[i] != 0) {
                int to = find(oldKeys[i]);
                keys[to] = oldKeys[i];
                values[to] = oldValues[i];
                flags[to] = oldFlags[i];
            }
        }
    }

    /** Takes an entry out and moves up those behind it that would no longer be found. */
    private void close(int hole) {
        for (int i = hole + 1 & mask; flags[i] != 0; i = i + 1 & mask) {
            if ((i - place(keys[i]) & mask) >= (i - hole & mask)) {
                keys[hole] = keys[i];
                values[hole] = values[i];
                flags[hole] = flags[i];
                hole = i;
            }
        }
        flags[hole] = 0;
        values[hole] = null;
    }
}
