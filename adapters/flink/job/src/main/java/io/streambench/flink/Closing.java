package io.streambench.flink;

import org.apache.flink.streaming.api.windowing.triggers.Trigger;
import org.apache.flink.streaming.api.windowing.triggers.TriggerResult;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/**
 * Answers windows of event time when they close, where late events change none. Flink sets a timer
 * for the removal of a window with each of its events anyway, and without lateness that is when it
 * closes: a second timer of the trigger's own, for the same time, would only have to be found again
 * for every event.
 */
final class Closing extends Trigger<Object, TimeWindow> {
    private static final long serialVersionUID = 1;

    @Override
    public TriggerResult onElement(
        Object element, long timestamp, TimeWindow window, TriggerContext context) {
        return TriggerResult.CONTINUE;
    }

    @Override
    public TriggerResult onEventTime(long time, TimeWindow window, TriggerContext context) {
        return time == window.maxTimestamp() ? TriggerResult.FIRE : TriggerResult.CONTINUE;
    }

    @Override
    public TriggerResult onProcessingTime(long time, TimeWindow window, TriggerContext context) {
        return TriggerResult.CONTINUE;
    }

    @Override
    public boolean canMerge() {
        return true;
    }

    @Override
    public void onMerge(TimeWindow window, OnMergeContext context) {}

    @Override
    public void clear(TimeWindow window, TriggerContext context) {}
}
