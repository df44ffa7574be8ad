package io.streambench.spark;

import io.streambench.core.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/** What happens when to the executors and to the batches of the query at hand. */
final class Milestones extends SparkListener {
    private static final int KEPT = 10_000;

    private final List<Status.Milestone> all = new ArrayList<>();

    /** Notes something that happens now. */
    synchronized void note(String name, Map<String, String> with) {
        if (all.size() < KEPT) {
            all.add(new Status.Milestone(now(), name, with));
        }
    }

    private static long now() {
        java.time.Instant i = java.time.Instant.now();
        return i.getEpochSecond() * 1_000_000_000L + i.getNano();
    }

    /** All so far, in order. */
    synchronized List<Status.Milestone> all() {
        return List.copyOf(all);
    }

    /** Forgets those of the query before. */
    synchronized void clear() {
        all.clear();
    }

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded e) {
        note("executor.added", Map.of("executor", e.executorId(), "host",
            e.executorInfo().executorHost()));
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved e) {
        note("executor.removed", Map.of("executor", e.executorId(), "why", e.reason()));
    }
}
