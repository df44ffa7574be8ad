package io.streambench.flink;

import io.streambench.core.Row;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;

/**
 * The watermark of one partition: the largest event time less a bound. It is told as soon as it
 * advances, which is at most once a millisecond of event time: a timer of processing time would add
 * its period to the latency of every window, and let events through that came too late. The end event
 * moves it to the end of time.
 */
final class Watermarks implements WatermarkGenerator<byte[]> {
    private final long boundMs;
    private long newest = Long.MIN_VALUE;

    private Watermarks(long boundMs) {
        this.boundMs = boundMs;
    }

    static WatermarkStrategy<byte[]> strategy(long boundMs) {
        WatermarkGeneratorSupplier<byte[]> supplier = context -> new Watermarks(boundMs);
        return WatermarkStrategy.forGenerator(supplier)
            .withTimestampAssigner((row, recordTime) -> Row.ts(row));
    }

    @Override
    public void onEvent(byte[] row, long ts, WatermarkOutput out) {
        if (ts <= newest) {
            return;
        }
        newest = ts;
        if (Row.end(row)) {
            newest = Long.MAX_VALUE;
            out.emitWatermark(Watermark.MAX_WATERMARK);
            return;
        }
        out.emitWatermark(new Watermark(ts - boundMs - 1));
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput out) {}
}
