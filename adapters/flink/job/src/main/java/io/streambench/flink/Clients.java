package io.streambench.flink;

import io.streambench.core.Plan;
import java.util.Map;
import java.util.TreeMap;

/**
 * Settings of the Kafka clients: ours, and over them those of the plan that begin with
 * {@code consumer.} or {@code producer.}
 */
record Clients(Map<String, String> consumer, Map<String, String> producer) {
    static Clients of(Plan plan) {
        Map<String, String> consumer = new TreeMap<>();
        // Partitions are made before the job is: there is nothing to discover.
        consumer.put("partition.discovery.interval.ms", "-1");
        // What one poll brings is handed from thread to thread at once.
        consumer.put("max.poll.records", "4000");
        Map<String, String> producer = new TreeMap<>();
        // A dead letter may be as large as the topic takes.
        producer.put("max.request.size", Integer.toString(2 << 20));
        // Longer than any checkpoint, and no longer than brokers allow unless told otherwise.
        producer.put("transaction.timeout.ms", "600000");
        plan.settings.forEach((name, value) -> {
            if (name.startsWith("consumer.")) {
                consumer.put(name.substring("consumer.".length()), value);
            } else if (name.startsWith("producer.")) {
                producer.put(name.substring("producer.".length()), value);
            }
        });
        return new Clients(consumer, producer);
    }
}
