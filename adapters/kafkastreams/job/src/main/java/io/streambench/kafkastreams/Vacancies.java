package io.streambench.kafkastreams;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/**
 * Says which partitions of the input hold nothing although others have for a second: keys may be
 * fewer than partitions, and a stage that waited for the mark of a task without events would answer
 * at the end of the stream alone. A partition that has ever held an event is waited for, however
 * long it is silent.
 */
final class Vacancies implements IntPredicate, AutoCloseable {
    private static final long PAUSE_MS = 250;
    private static final long PATIENCE_NS = 1_000_000_000L;

    private final Admin admin;
    private final Map<TopicPartition, OffsetSpec> all = new HashMap<>();
    private final Thread looks;
    private volatile boolean[] vacant;

    Vacancies(Map<String, Object> config, String topic, int partitions) {
        admin = Admin.create(config);
        vacant = new boolean[partitions];
        for (int p = 0; p < partitions; p++) {
            all.put(new TopicPartition(topic, p), OffsetSpec.latest());
        }
        looks = new Thread(this::look, "vacancies");
        looks.setDaemon(true);
        looks.start();
    }

    @Override
    public boolean test(int partition) {
        return vacant[partition];
    }

    /** Looks until every partition holds something. */
    private void look() {
        long since = 0;
        boolean some = true;
        while (some && !Thread.currentThread().isInterrupted()) {
            try {
                boolean[] now = new boolean[vacant.length];
                int empty = 0;
                for (Map.Entry<TopicPartition, ListOffsetsResultInfo> e
                    : admin.listOffsets(all).all().get().entrySet()) {
                    if (e.getValue().offset() == 0) {
                        now[e.getKey().partition()] = true;
                        empty++;
                    }
                }
                some = empty > 0;
                if (empty < now.length && since == 0) {
                    since = System.nanoTime();
                }
                vacant = since != 0 && System.nanoTime() - since >= PATIENCE_NS ? now
                    : new boolean[now.length];
                Thread.sleep(PAUSE_MS);
            } catch (InterruptedException e) {
                return;
            } catch (Exception e) {
                // The next look may do better.
                System.out.println("look for empty partitions: " + e);
                try {
                    Thread.sleep(PAUSE_MS);
                } catch (InterruptedException end) {
                    return;
                }
            }
        }
    }

    @Override
    public void close() {
        looks.interrupt();
        admin.close(java.time.Duration.ofSeconds(5));
    }
}
