package io.streambench.core;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Settings as they are declared and as they are in force: a flat map of names to text, in the order
 * of the names.
 */
public final class Settings {
    private final SortedMap<String, String> values = new TreeMap<>();

    /** Puts a setting in force; null is left out. */
    public Settings put(String name, Object value) {
        if (value != null) {
            values.put(name, String.valueOf(value));
        }
        return this;
    }

    /** Puts all of a map, each name behind a prefix. */
    public Settings putAll(String prefix, Map<?, ?> map) {
        map.forEach((name, value) -> put(prefix + name, value));
        return this;
    }

    /** Puts what this virtual machine was started with. */
    public Settings virtualMachine() {
        Runtime r = Runtime.getRuntime();
        put("java.version", System.getProperty("java.version"));
        put("java.vm.name", System.getProperty("java.vm.name"));
        put("java.heap.max", r.maxMemory());
        put("java.processors", r.availableProcessors());
        StringBuilder collectors = new StringBuilder();
        for (var gc : java.lang.management.ManagementFactory.getGarbageCollectorMXBeans()) {
            collectors.append(collectors.length() == 0 ? "" : ", ").append(gc.getName());
        }
        return put("java.collectors", collectors);
    }

    /** A setting of a plan as a number; {@code otherwise} where it has none. */
    public static long number(Plan plan, String name, long otherwise) {
        String text = plan.settings.get(name);
        return text == null ? otherwise : Long.parseLong(text);
    }

    /** A setting of a plan; {@code otherwise} where it has none. */
    public static String text(Plan plan, String name, String otherwise) {
        return plan.settings.getOrDefault(name, otherwise);
    }

    /** All settings. */
    public Map<String, String> all() {
        return Collections.unmodifiableMap(new TreeMap<>(values));
    }
}
