package io.streambench.spark;

import io.streambench.core.Plan;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.Trigger;

/**
 * The settings of a query that are no settings of the session.
 *
 * @param trigger how batches begin: {@code default}, a duration, or {@code realtime}
 * @param maxOffsets the most records in a batch, of all partitions
 * @param consumer settings of the consumers, by Kafka's names
 * @param producer settings of the producers
 */
record Limits(String trigger, long maxOffsets, Map<String, String> consumer,
    Map<String, String> producer) {

    private static final String DEFAULT = "default";
    private static final String REAL_TIME = "realtime";
    /** What one core reads in about a second: a batch is to last no longer. */
    private static final long A_SECOND = 150_000;

    /** Reads them from a plan. */
    static Limits of(Plan plan) {
        long slots = Math.max(1, (long) plan.workers * plan.slots);
        String most = plan.settings.get("maxOffsetsPerTrigger");
        return new Limits(plan.settings.getOrDefault("trigger", DEFAULT),
            most == null ? slots * A_SECOND : Long.parseLong(most),
            behind("consumer.", plan.settings), behind("producer.", plan.settings));
    }

    private static Map<String, String> behind(String prefix, Map<String, String> settings) {
        Map<String, String> found = new TreeMap<>();
        settings.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /** Whether the query is to run in real-time mode. */
    boolean realTime() {
        return trigger.startsWith(REAL_TIME);
    }

    /** Sets the trigger of a query. */
    <T> DataStreamWriter<T> triggered(DataStreamWriter<T> w) {
        if (trigger.equals(DEFAULT)) {
            return w;
        }
        try {
            if (realTime()) {
                String[] parts = trigger.split(":", 2);
                return w.trigger(Trigger.RealTime(parts.length > 1 ? parts[1] : "5 seconds"));
            }
            return w.trigger(Trigger.ProcessingTime(trigger));
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("setting trigger: " + e.getMessage(), e);
        }
    }
}
