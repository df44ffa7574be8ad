package io.streambench.kafkastreams;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Bytes;

/**
 * Values by keys of several integers; each remembers whether it has changed since it was last saved
 * and whether the changelog knows it.
 *
 * @param <V> of values
 */
final class ByteMap<V> {
    private final Map<Bytes, Slot<V>> slots = new HashMap<>();
    private List<Bytes> changed = new ArrayList<>();

    private static final class Slot<V> {
        V value;
        boolean changed;
        boolean logged;
    }

    /** Sees an entry. */
    interface Visitor<V> {
        void visit(byte[] key, V value);
    }

    /** The value of a key, null if there is none. */
    V get(byte[] key) {
        Slot<V> s = slots.get(Bytes.wrap(key));
        return s == null ? null : s.value;
    }

    /** The value of a key, which counts as changed; one is made where there is none. */
    V change(byte[] key, Supplier<V> fresh) {
        Bytes k = Bytes.wrap(key);
        Slot<V> s = slots.computeIfAbsent(k, none -> new Slot<>());
        if (s.value == null) {
            s.value = fresh.get();
        }
        if (!s.changed) {
            s.changed = true;
            changed.add(k);
        }
        return s.value;
    }

    /** Puts a value that has changed. */
    void put(byte[] key, V value) {
        change(key, () -> value);
        slots.get(Bytes.wrap(key)).value = value;
    }

    /** Puts a value that the changelog knows; null removes the key. */
    void restore(byte[] key, V value) {
        Bytes k = Bytes.wrap(key);
        if (value == null) {
            slots.remove(k);
            return;
        }
        Slot<V> s = new Slot<>();
        s.value = value;
        s.logged = true;
        slots.put(k, s);
    }

    /** Shows every entry. */
    void each(Visitor<V> to) {
        slots.forEach((key, s) -> to.visit(key.get(), s.value));
    }

    /** Shows every entry the changelog knows. */
    void eachLogged(Visitor<V> to) {
        slots.forEach((key, s) -> {
            if (s.logged) {
                to.visit(key.get(), s.value);
            }
        });
    }

    /** Shows every entry that has changed, and takes it as saved. */
    void save(Visitor<V> to) {
        if (changed.isEmpty()) {
            return;
        }
        List<Bytes> all = changed;
        changed = new ArrayList<>();
        for (Bytes key : all) {
            Slot<V> s = slots.get(key);
            if (s != null && s.changed) {
                to.visit(key.get(), s.value);
                s.changed = false;
                s.logged = true;
            }
        }
    }

    boolean isEmpty() {
        return slots.isEmpty();
    }
}
