package io.streambench.kafkastreams;

import io.streambench.core.Control;
import io.streambench.core.Job;
import io.streambench.core.Plan;
import io.streambench.core.Status;
import io.streambench.core.Status.Milestone;
import io.streambench.core.Status.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.TaskMetadata;
import org.apache.kafka.streams.ThreadMetadata;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** A job: a Kafka Streams application whose id is the run's. */
final class StreamsJob implements Job {
    private static final Duration WITHIN = Duration.ofSeconds(100);
    private static final Duration CLOSE = Duration.ofSeconds(20);
    /** Milestones of a job are few; this many are kept. */
    private static final int MOST = 2000;

    private final Counters counters = new Counters();
    private final List<Milestone> milestones = new ArrayList<>();
    private volatile KafkaStreams streams;
    private volatile Map<String, String> settings = Map.of();
    private volatile Throwable failure;
    private volatile Vacancies vacancies; // null where no stage waits for others

    @Override
    public void start(Plan plan) throws Exception {
        Terms terms = new Terms(plan);
        settings = terms.inForce(); // a setting nobody knows ends it here
        if (Wiring.first(plan).next() != null) {
            vacancies = new Vacancies(terms.config().getAdminConfigs("vacancies"),
                plan.topics.input(), plan.partitions);
        }
        Wiring wiring = new Wiring(plan, counters, p -> vacancies != null && vacancies.test(p));
        System.out.println("job " + plan.runId + "\n" + wiring.describe());
        KafkaStreams s = new KafkaStreams(wiring, terms.config());
        streams = s;
        s.setUncaughtExceptionHandler(e -> {
            failure = failure == null ? e : failure;
            e.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        s.setStateListener((now, before) -> {
            note(now == KafkaStreams.State.REBALANCING ? "rebalance.started"
                : now.name().toLowerCase(java.util.Locale.ROOT), Map.of());
        });
        s.setGlobalStateRestoreListener(new Restores());
        s.start();
        await(s);
    }

    private void await(KafkaStreams s) throws Exception {
        long until = System.nanoTime() + WITHIN.toNanos();
        while (s.state() != KafkaStreams.State.RUNNING) {
            if (failure != null) {
                throw new IllegalStateException("start the topology", failure);
            }
            if (s.state().hasStartedOrFinishedShuttingDown()) {
                throw new IllegalStateException("the application was closed");
            }
            if (System.nanoTime() > until) {
                throw new IllegalStateException("the application is " + s.state() + " after "
                    + WITHIN.toSeconds() + " s");
            }
            Thread.sleep(20);
        }
    }

    private void note(String name, Map<String, String> with) {
        Instant now = Instant.now();
        synchronized (milestones) {
            if (milestones.size() < MOST) {
                milestones.add(new Milestone(now.getEpochSecond() * 1_000_000_000L + now.getNano(),
                    name, with));
            }
        }
    }

    /** Tells of the restoration of stores. */
    private final class Restores implements StateRestoreListener {
        private final Map<TopicPartition, Long> since = new ConcurrentHashMap<>();

        @Override
        public void onRestoreStart(TopicPartition of, String store, long from, long to) {
            since.put(of, System.nanoTime());
            note("restore.started", Map.of("partition", Integer.toString(of.partition()), "records",
                Long.toString(to - from)));
        }

        @Override
        public void onBatchRestored(TopicPartition of, String store, long end, long n) {}

        @Override
        public void onRestoreEnd(TopicPartition of, String store, long total) {
            Long began = since.remove(of);
            note("restored", Map.of("partition", Integer.toString(of.partition()), "records",
                Long.toString(total), "tookNs",
                Long.toString(began == null ? 0 : System.nanoTime() - began)));
        }
    }

    @Override
    public Status status() {
        KafkaStreams s = streams;
        if (failure != null) {
            return new Status(State.FAILED, Control.why(failure), Map.of(), settings, counted(),
                told());
        }
        if (s == null || !s.state().isRunningOrRebalancing()) {
            return new Status(State.STARTING, "", Map.of(), settings, Map.of(), told());
        }
        Map<String, Long> positions = new TreeMap<>();
        int tasks = 0;
        for (ThreadMetadata thread : s.metadataForLocalThreads()) {
            for (TaskMetadata task : thread.activeTasks()) {
                tasks++;
                task.committedOffsets().forEach((tp, at) ->
                    positions.put("committed." + tp.topic() + "-" + tp.partition(), at));
            }
        }
        Map<String, Long> counted = counted();
        counted.put("tasks", (long) tasks);
        counted.put("rebalancing", s.state() == KafkaStreams.State.RUNNING ? 0L : 1L);
        return new Status(State.RUNNING, "", positions, settings, counted, told());
    }

    private List<Milestone> told() {
        synchronized (milestones) {
            return List.copyOf(milestones);
        }
    }

    private Map<String, Long> counted() {
        Map<String, Long> all = new HashMap<>();
        all.put("late", counters.late.sum());
        KafkaStreams s = streams;
        if (s == null) {
            return all;
        }
        double processed = 0;
        double dropped = 0;
        for (Metric m : s.metrics().values()) {
            String group = m.metricName().group();
            if (group.equals("stream-thread-metrics")
                && m.metricName().name().equals("process-total")) {
                processed += number(m);
            } else if (group.equals("stream-task-metrics")
                && m.metricName().name().equals("dropped-records-total")) {
                dropped += number(m);
            }
        }
        all.put("processed", (long) processed);
        all.put("dropped", (long) dropped);
        return all;
    }

    private static double number(Metric m) {
        return m.metricValue() instanceof Number n && !Double.isNaN(n.doubleValue())
            ? n.doubleValue() : 0;
    }

    @Override
    public void stop() {
        KafkaStreams s = streams;
        if (vacancies != null) {
            vacancies.close();
        }
        if (s == null) {
            return;
        }
        streams = null;
        boolean closed = s.close(CloseOptions.timeout(CLOSE).withGroupMembershipOperation(
            CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
        if (!closed) {
            throw new IllegalStateException("the application has not ended within "
                + CLOSE.toSeconds() + " s");
        }
        s.cleanUp();
    }
}
