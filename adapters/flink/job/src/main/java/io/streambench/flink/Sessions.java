package io.streambench.flink;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.streaming.api.windowing.assigners.MergingWindowAssigner;
import org.apache.flink.streaming.api.windowing.triggers.EventTimeTrigger;
import org.apache.flink.streaming.api.windowing.triggers.Trigger;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/**
 * Sessions in which two events exactly one gap apart are together. Flink's own are so too, but close
 * one millisecond before an event that would belong to them can still come in time. These end one
 * millisecond later, and so may no longer be joined where they only touch.
 */
final class Sessions extends MergingWindowAssigner<Object, TimeWindow> {
    private static final long serialVersionUID = 1;

    private final long gapMs;

    Sessions(long gapMs) {
        this.gapMs = gapMs;
    }

    /** The end of a session: its last event plus the gap. */
    static long end(TimeWindow window) {
        return window.getEnd() - 1;
    }

    @Override
    public Collection<TimeWindow> assignWindows(
        Object element, long timestamp, WindowAssignerContext context) {
        return Collections.singletonList(new TimeWindow(timestamp, timestamp + gapMs + 1));
    }

    @Override
    public void mergeWindows(Collection<TimeWindow> windows, MergeCallback<TimeWindow> callback) {
        List<TimeWindow> sorted = new ArrayList<>(windows);
        sorted.sort(Comparator.comparingLong(TimeWindow::getStart));
        List<TimeWindow> together = new ArrayList<>();
        TimeWindow all = null;
        for (TimeWindow w : sorted) {
            if (all != null && w.getStart() < all.getEnd()) {
                all = all.cover(w);
            } else {
                merge(together, all, callback);
                together = new ArrayList<>();
                all = w;
            }
            together.add(w);
        }
        merge(together, all, callback);
    }

    private static void merge(
        List<TimeWindow> together, TimeWindow all, MergeCallback<TimeWindow> callback) {
        if (together.size() > 1) {
            callback.merge(together, all);
        }
    }

    @Override
    public Trigger<Object, TimeWindow> getDefaultTrigger() {
        return EventTimeTrigger.create();
    }

    @Override
    public TypeSerializer<TimeWindow> getWindowSerializer(ExecutionConfig config) {
        return new TimeWindow.Serializer();
    }

    @Override
    public boolean isEventTime() {
        return true;
    }
}
