package io.streambench.core;

import io.streambench.core.Query.WindowKind;
import java.io.Serializable;

/**
 * The windows of a query. A watermark here is the largest event time seen less the bound of the
 * query: whatever a framework calls by that name may differ from it by one.
 */
public final class Windows implements Serializable {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    /** The shape. */
    public final transient WindowKind kind;
    /** Whether they are windows of processing time. */
    public final transient boolean processing;
    /** Length of a tumbling, hopping or sliding window. */
    public final transient long sizeMs;
    /** Distance of two windows; of tumbling ones their length. */
    public final transient long slideMs;
    /** Longest silence inside a session, inclusive. */
    public final transient long gapMs;
    /** How far the watermark stays behind the largest event time. */
    public final transient long boundMs;
    /** How late an event may be and still count. */
    public final transient long latenessMs;
    private final transient long beyond; // 1 where the watermark has to be beyond the end

    /** Makes the windows of a plan's query. */
    public Windows(Plan plan) {
        this.plan = plan;
        Query q = plan.query;
        kind = q.window().kind();
        processing = q.window().processing();
        sizeMs = q.window().sizeMs();
        slideMs = kind == WindowKind.HOPPING ? q.window().slideMs() : sizeMs;
        gapMs = q.window().gapMs();
        boundMs = q.boundMs();
        latenessMs = q.latenessMs();
        beyond = kind == WindowKind.SESSION || kind == WindowKind.SLIDING ? 1 : 0;
    }

    /** The watermark after the largest event time seen. */
    public long watermark(long maxTs) {
        return maxTs - boundMs;
    }

    /**
     * The start of the newest tumbling or hopping window an event lies in. The others are those
     * before it, as long as {@link #holds}:
     *
     * <pre>{@code
     * for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) …
     * }</pre>
     */
    public long newest(long ts) {
        return ts - Math.floorMod(ts, slideMs);
    }

    /** Whether the window that starts there, at or before an event, holds it. */
    public boolean holds(long start, long ts) {
        return start > ts - sizeMs;
    }

    /** The end of a tumbling or hopping window. */
    public long end(long start) {
        return start + sizeMs;
    }

    /** The least watermark at which a window is over: its result can be given. */
    public long closesAt(long end) {
        return end + beyond;
    }

    /** The least watermark at which a window is gone: an event of it is too late from then on. */
    public long droppedAt(long end) {
        return end + latenessMs + beyond;
    }

    private Object readResolve() {
        return new Windows(plan);
    }
}
