package io.streambench.spark;

import io.streambench.core.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** What happens when to the executors and to the batches of the query at hand. */
final class Milestones extends SparkListener {
    private static final int KEPT = 10_000;

    private final List<Status.Milestone> all = new ArrayList<>();

    /** Executors that were lost and whose work nobody has been seen to do again. */
    private boolean lost;

    /** Notes something that happens now. */
    private void note(String name, Map<String, String> with) {
        note(now(), name, with);
    }

    /** Notes something that has happened. */
    synchronized void note(long unixNs, String name, Map<String, String> with) {
        if (all.size() < KEPT) {
            all.add(new Status.Milestone(unixNs, name, with));
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
        lost = false;
    }

    private final Map<String, String> hosts = new ConcurrentHashMap<>(); // by executor

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded e) {
        hosts.put(e.executorId(), e.executorInfo().executorHost());
        note("executor.added", Map.of("executor", e.executorId(),
            "node", e.executorInfo().executorHost()));
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved e) {
        String node = hosts.getOrDefault(e.executorId(), "");
        note("executor.removed", Map.of("executor", e.executorId(), "node", node, "why", e.reason()));
        synchronized (this) {
            lost = true;
        }
    }

    /** The first task that starts anew after a loss: its work is another's by then. */
    @Override
    public void onTaskStart(SparkListenerTaskStart e) {
        synchronized (this) {
            boolean again = e.taskInfo().attemptNumber() > 0 || e.stageAttemptId() > 0;
            if (!lost || !again) {
                return;
            }
            lost = false;
        }
        note("task.retried", Map.of("node", e.taskInfo().host()));
    }
}
