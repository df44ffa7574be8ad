package io.streambench.spark;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.spark.sql.execution.streaming.runtime.MicroBatchExecution;
import org.apache.spark.sql.execution.streaming.runtime.StreamingQueryWrapper;
import org.apache.spark.sql.execution.streaming.runtime.WatermarkTracker;
import org.apache.spark.sql.streaming.StateOperatorProgress;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryProgress;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Looks at a running query: its batches and positions, and partitions that are idle. Spark's least
 * watermark of several sources waits for a source that has nothing; here a partition whose watermark
 * has not moved for a while is left out of the least, until it moves again.
 */
final class Watch implements AutoCloseable {
    private static final long LOOK_MS = 100;
    /** For how long the watermark of a partition may stand still while others move. */
    private static final long IDLE_NS = 3_000_000_000L;
    /** And over how many batches with events: one that has any would be in every batch. */
    private static final long IDLE_BATCHES = 3;

    private final StreamingQuery query;
    private final Tally tally;
    private final Milestones milestones;
    private final int partitions;
    private final boolean timed;
    private final Thread looking;
    private final Map<UUID, Seen> seen = new HashMap<>();
    private volatile boolean closed;
    private long batch = -1;
    private long dropped;
    private long batches;
    private long fed; // batches with events

    /** What was seen of a partition's watermark: when it moved last, and after how many batches. */
    private record Seen(long watermark, long atNs, long fed) {}

    Watch(StreamingQuery query, Tally tally, Milestones milestones, int partitions, boolean timed) {
        this.query = query;
        this.tally = tally;
        this.milestones = milestones;
        this.partitions = partitions;
        this.timed = timed;
        looking = new Thread(this::look, "watch " + query.name());
        looking.setDaemon(true);
        looking.start();
    }

    /** Whether the end events of all partitions were read. */
    boolean ended() {
        return tally.ended();
    }

    private void look() {
        try {
            while (!closed && query.isActive()) {
                Thread.sleep(LOOK_MS);
                progress();
                if (timed && partitions > 1 && !ended()) {
                    wakeIdle();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void progress() {
        for (StreamingQueryProgress p : query.recentProgress()) {
            // What has no addBatch is no batch: it is told that there is nothing to do.
            if (p.batchId() <= batch || !p.durationMs().containsKey("addBatch")) {
                continue;
            }
            batch = p.batchId();
            batches++;
            fed += p.numInputRows() > 0 ? 1 : 0;
            for (StateOperatorProgress o : p.stateOperators()) {
                dropped += o.numRowsDroppedByWatermark();
            }
            long took = p.durationMs().getOrDefault("triggerExecution", 0L);
            long start = 1_000_000 * Instant.parse(p.timestamp()).toEpochMilli();
            milestones.note(start, "batch.started", Map.of("batch", Long.toString(batch)));
            milestones.note(start + 1_000_000 * took, "batch.committed",
                Map.of("batch", Long.toString(batch), "tookMs", Long.toString(took)));
        }
    }

    /** Leaves partitions that are idle out of the watermark. */
    private synchronized void wakeIdle() {
        if (!(query instanceof StreamingQueryWrapper w)
            || !(w.streamingQuery() instanceof MicroBatchExecution running)) {
            return;
        }
        WatermarkTracker tracker = running.watermarkTracker();
        if (tracker == null) {
            return; // it is only starting
        }
        long now = System.nanoTime();
        long least = Long.MAX_VALUE;
        boolean idle = false;
        boolean moving = false;
        for (Map.Entry<UUID, Option<Object>> e
            : CollectionConverters.asJava(tracker.watermarkMap()).entrySet()) {
            long watermark = e.getValue().isEmpty() ? Long.MIN_VALUE : (Long) e.getValue().get();
            Seen s = seen.get(e.getKey());
            if (s == null || s.watermark() != watermark) {
                s = new Seen(watermark, now, fed);
                seen.put(e.getKey(), s);
            }
            if (now - s.atNs() > IDLE_NS && fed - s.fed() >= IDLE_BATCHES) {
                idle = true;
            } else if (watermark > Long.MIN_VALUE) {
                moving = true;
                least = Math.min(least, watermark);
            }
        }
        if (idle && moving && least > tracker.currentWatermark()) {
            tracker.setWatermark(least);
        }
    }

    /** Adds what batches have counted. */
    synchronized void count(Map<String, Long> counters) {
        progress();
        counters.put("batches", batches);
        counters.put("dropped", dropped);
        StreamingQueryProgress last = query.lastProgress();
        if (last != null) {
            long state = 0;
            long rows = 0;
            for (StateOperatorProgress o : last.stateOperators()) {
                state += o.memoryUsedBytes();
                rows += o.numRowsTotal();
            }
            counters.put("stateB", state);
            counters.put("stateRows", rows);
        }
    }

    /** How far the sources are: the number of the last batch. */
    synchronized Map<String, Long> positions() {
        return new TreeMap<>(Map.of("batch", batch));
    }

    @Override
    public void close() {
        closed = true;
        looking.interrupt();
    }
}
