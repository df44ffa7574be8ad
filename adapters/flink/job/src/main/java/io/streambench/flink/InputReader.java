package io.streambench.flink;

import io.streambench.core.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;

/**
 * Reads partitions as Flink's own reader does, and adds two things.
 *
 * <ul>
 *   <li>A partition that the brokers know to be empty is idle: the others decide the watermark. One
 *       that has held an event never is, whatever it waits for, so that none is dropped.
 *   <li>Watermarks are no part of a checkpoint. A partition that has ended goes on, after a failure,
 *       before its end event, and so moves the watermark to the end once more.
 * </ul>
 */
final class InputReader implements SourceReader<byte[], KafkaPartitionSplit> {
    private final SourceReader<byte[], KafkaPartitionSplit> kafka;
    private final EmptyPartitions empty;
    private final Map<String, Partition> partitions = new HashMap<>();
    private int unheard;
    private boolean looks;
    private CompletableFuture<Void> waited; // what it last waited for of kafka
    private CompletableFuture<Void> either;
    private CompletableFuture<Void> news;
    private Watched output;
    private Partition stray; // that went on behind its end

    InputReader(SourceReader<byte[], KafkaPartitionSplit> kafka, EmptyPartitions empty) {
        this.kafka = kafka;
        this.empty = empty;
    }

    /** A partition as far as it was read. */
    private final class Partition implements SourceOutput<byte[]> {
        final int number;
        boolean heard;
        boolean ended;
        boolean idle;
        SourceOutput<byte[]> to;

        Partition(int number, boolean heard) {
            this.number = number;
            this.heard = heard;
        }

        @Override
        public void collect(byte[] row) {
            hear(row);
            to.collect(row);
        }

        @Override
        public void collect(byte[] row, long timestamp) {
            hear(row);
            to.collect(row, timestamp);
        }

        private void hear(byte[] row) {
            if (ended) {
                stray = this;
            }
            if (!heard) {
                heard = true;
                idle = false;
                unheard--;
            }
            if (Row.end(row)) {
                ended = true;
            }
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            to.emitWatermark(watermark);
        }

        @Override
        public void markIdle() {
            to.markIdle();
        }

        @Override
        public void markActive() {
            to.markActive();
        }
    }

    /** The output of the task, whose partitions are watched. */
    private final class Watched implements ReaderOutput<byte[]> {
        final ReaderOutput<byte[]> to;

        Watched(ReaderOutput<byte[]> to) {
            this.to = to;
        }

        @Override
        public SourceOutput<byte[]> createOutputForSplit(String split) {
            Partition p = partitions.get(split);
            p.to = to.createOutputForSplit(split);
            return p;
        }

        @Override
        public void releaseOutputForSplit(String split) {
            to.releaseOutputForSplit(split);
        }

        @Override
        public void collect(byte[] row) {
            to.collect(row);
        }

        @Override
        public void collect(byte[] row, long timestamp) {
            to.collect(row, timestamp);
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            to.emitWatermark(watermark);
        }

        @Override
        public void markIdle() {
            to.markIdle();
        }

        @Override
        public void markActive() {
            to.markActive();
        }
    }

    @Override
    public void start() {
        kafka.start();
    }

    @Override
    public void addSplits(List<KafkaPartitionSplit> splits) {
        for (KafkaPartitionSplit s : splits) {
            Partition p = new Partition(s.getPartition(), s.getStartingOffset() > 0);
            partitions.put(s.splitId(), p);
            unheard += p.heard ? 0 : 1;
        }
        if (unheard > 0 && !looks) {
            looks = true;
            empty.start();
        }
        kafka.addSplits(splits);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<byte[]> to) throws Exception {
        if (output == null || output.to != to) {
            output = new Watched(to);
        }
        if (looks) {
            markEmpty();
        }
        InputStatus status = kafka.pollNext(output);
        if (stray != null) {
            throw new Refusal("read event at partition " + stray.number
                + ": an event behind the end of the stream: somebody else writes to the topic");
        }
        return status;
    }

    /** Has the partitions be idle that are empty, until each has been heard of. */
    private void markEmpty() {
        if (unheard == 0) {
            looks = false;
            empty.close();
            return;
        }
        CompletableFuture<Void> now = empty.news();
        if (now == news) {
            return;
        }
        news = now;
        for (Map.Entry<String, Partition> e : partitions.entrySet()) {
            Partition p = e.getValue();
            if (p.heard || p.idle == empty.empty(p.number)) {
                continue;
            }
            p.idle = !p.idle;
            output.createOutputForSplit(e.getKey());
            if (p.idle) {
                p.markIdle();
            } else {
                p.markActive();
            }
        }
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        CompletableFuture<Void> available = kafka.isAvailable();
        if (!looks || available.isDone()) {
            return available;
        }
        CompletableFuture<Void> told = empty.news();
        if (told != news) {
            return CompletableFuture.completedFuture(null);
        }
        if (either == null || waited != available || either.isDone()) {
            waited = available;
            either = CompletableFuture.anyOf(available, told).thenApply(x -> null);
        }
        return either;
    }

    @Override
    public List<KafkaPartitionSplit> snapshotState(long checkpoint) {
        List<KafkaPartitionSplit> splits = new ArrayList<>();
        for (KafkaPartitionSplit s : kafka.snapshotState(checkpoint)) {
            Partition p = partitions.get(s.splitId());
            splits.add(p != null && p.ended
                ? new KafkaPartitionSplit(s.getTopicPartition(), s.getStartingOffset() - 1) : s);
        }
        return splits;
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
        kafka.notifyCheckpointComplete(checkpoint);
        if (partitions.values().stream().allMatch(p -> p.ended)) {
            // The offsets to be committed wait for the end of a poll, which takes ten seconds where
            // nothing comes any more. To resume what is not paused changes nothing and wakes it.
            kafka.pauseOrResumeSplits(List.of(), partitions.keySet());
        }
    }

    @Override
    public void notifyCheckpointAborted(long checkpoint) throws Exception {
        kafka.notifyCheckpointAborted(checkpoint);
    }

    @Override
    public void notifyNoMoreSplits() {
        kafka.notifyNoMoreSplits();
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        kafka.handleSourceEvents(event);
    }

    @Override
    public void close() throws Exception {
        empty.close();
        kafka.close();
    }
}
