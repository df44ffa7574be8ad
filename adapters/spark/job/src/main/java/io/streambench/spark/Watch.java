package io.streambench.spark;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.execution.streaming.runtime.MicroBatchExecution;
import org.apache.spark.sql.execution.streaming.runtime.StreamingQueryWrapper;
import org.apache.spark.sql.execution.streaming.runtime.WatermarkTracker;
import org.apache.spark.sql.streaming.StateOperatorProgress;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryProgress;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Looks at a running query: its batches, and partitions that are empty. Spark's least watermark of
 * several sources waits for a source that has nothing; here a partition that has had no event for a
 * while is left out of the least until it has one. A partition that has had one never is, so that no
 * event comes late because another partition was faster.
 */
final class Watch implements AutoCloseable {
    private static final long LOOK_MS = 100;
    /** For how long a partition may be without any event while others have some. */
    private static final long EMPTY_NS = 2_000_000_000L;
    /** And over how many batches with events: a partition that has any is in every batch. */
    private static final long EMPTY_BATCHES = 3;

    private final StreamingQuery query;
    private final Tally tally;
    private final Milestones milestones;
    private final int partitions;
    private final boolean timed;
    private final Thread looking;
    private volatile boolean closed;
    private long batch = -1;
    private long dropped;
    private long batches;
    private long fed; // batches with events

    private long since; // the first batch with events was over
    private long passed; // watermarks were passed over so often

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
                    passEmpty();
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
            if (p.numInputRows() > 0 && fed++ == 0) {
                since = System.nanoTime();
            }
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

    /** Leaves partitions that are empty out of the watermark. */
    private synchronized void passEmpty() {
        if (fed < EMPTY_BATCHES || System.nanoTime() - since < EMPTY_NS
            || !(query instanceof StreamingQueryWrapper w)
            || !(w.streamingQuery() instanceof MicroBatchExecution running)) {
            return;
        }
        WatermarkTracker tracker = running.watermarkTracker();
        long least = Long.MAX_VALUE;
        boolean empty = false;
        for (Option<Object> watermark
            : CollectionConverters.asJava(tracker.watermarkMap()).values()) {
            if (watermark.isEmpty()) {
                empty = true;
            } else {
                least = Math.min(least, (Long) watermark.get());
            }
        }
        if (empty && least < Long.MAX_VALUE && least > tracker.currentWatermark()) {
            tracker.setWatermark(least);
            passed++;
        }
    }

    /** Adds what batches have counted. */
    synchronized void count(Map<String, Long> counters) {
        progress();
        counters.put("batches", batches);
        counters.put("dropped", dropped);
        counters.put("passed", passed);
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
