package io.streambench.flink;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Asks the brokers which partitions have held nothing at all since the stream began. There are such
 * where there are fewer keys than partitions. Silence alone does not tell them from partitions whose
 * events are on their way, and a watermark that passes those would drop them.
 */
final class EmptyPartitions implements AutoCloseable {
    /** How long a partition is empty, while others are not, before nobody waits for it. */
    private static final long PATIENCE_MS = 1000;
    private static final long LOOK_EVERY_MS = 250;

    private final Properties client;
    private final String topic;
    private final int partitions;
    private final AtomicReference<CompletableFuture<Void>> news =
        new AtomicReference<>(new CompletableFuture<>());
    private volatile boolean[] empty;
    private volatile boolean closed;
    private Thread thread;

    EmptyPartitions(Properties client, String topic, int partitions) {
        this.client = client;
        this.topic = topic;
        this.partitions = partitions;
        empty = new boolean[partitions];
    }

    /** Begins to ask. */
    void start() {
        thread = new Thread(this::look, "empty-partitions");
        thread.setDaemon(true);
        thread.setContextClassLoader(getClass().getClassLoader());
        thread.start();
    }

    /** Whether nobody is to wait for a partition. */
    boolean empty(int partition) {
        return empty[partition];
    }

    /** Completes when {@link #empty} has changed. */
    CompletableFuture<Void> news() {
        return news.get();
    }

    private void look() {
        List<TopicPartition> all = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
            all.add(new TopicPartition(topic, p));
        }
        ByteArrayDeserializer none = new ByteArrayDeserializer();
        long began = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(client, none, none)) {
            while (!closed) {
                long now = System.nanoTime();
                Map<TopicPartition, Long> ends = ends(consumer, all);
                if (began == 0 && ends.values().stream().anyMatch(end -> end > 0)) {
                    began = now;
                }
                if (began != 0 && now - began > PATIENCE_MS * 1_000_000) {
                    tell(all, ends);
                }
                Thread.sleep(LOOK_EVERY_MS);
            }
        } catch (InterruptedException | InterruptException e) {
            // closed
        }
    }

    private Map<TopicPartition, Long> ends(
        KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> all) {
        try {
            return consumer.endOffsets(all, Duration.ofSeconds(5));
        } catch (InterruptException e) {
            throw e;
        } catch (RuntimeException e) {
            return Map.of(); // it is asked again, and the source itself tells of brokers that are gone
        }
    }

    private void tell(List<TopicPartition> all, Map<TopicPartition, Long> ends) {
        boolean[] now = new boolean[partitions];
        boolean changed = false;
        for (TopicPartition p : all) {
            now[p.partition()] = ends.getOrDefault(p, 1L) == 0;
            changed |= now[p.partition()] != empty[p.partition()];
        }
        if (changed) {
            empty = now;
            news.getAndSet(new CompletableFuture<>()).complete(null);
        }
    }

    @Override
    public void close() {
        closed = true;
        if (thread != null) {
            thread.interrupt();
            thread = null;
        }
    }
}
