package io.streambench.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.streaming.ExpiredTimerInfo;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StatefulProcessor;
import org.apache.spark.sql.streaming.TTLConfig;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.TimerValues;
import org.apache.spark.sql.streaming.ValueState;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;

/**
 * State of a key as one array of bytes, rows in and parcels out. All rows of a batch are handed over
 * together, in no order, with the watermark as it was when the batch began; timers of the batch fire
 * after that.
 *
 * <p>Rows that are late reach it too: their column of event time is gone by then, and Spark drops only
 * what has one. What is too late is decided here.
 */
abstract class Keyed<K> extends StatefulProcessor<K, byte[], byte[]> {
    private static final long serialVersionUID = 1;

    private final Work.Ref ref;
    private final boolean timed;
    private transient ValueState<byte[]> state;
    private transient List<byte[]> out;

    /** What the job is made of. */
    protected transient Work work;

    Keyed(Work.Ref ref, boolean timed) {
        this.ref = ref;
        this.timed = timed;
    }

    @Override
    public final void init(OutputMode mode, TimeMode time) {
        state = getHandle().getValueState("state", Encoders.BINARY(), TTLConfig.NONE());
        work = ref.get();
        bind();
    }

    @Override
    public final Iterator<byte[]> handleInputRows(K key, Iterator<byte[]> rows, TimerValues now) {
        List<byte[]> taken = new ArrayList<>();
        while (rows.hasNext()) {
            taken.add(rows.next());
        }
        out = new ArrayList<>();
        take(key, taken, timed ? now.getCurrentWatermarkInMs() : Long.MIN_VALUE);
        return CollectionConverters.asScala(out.iterator());
    }

    @Override
    public final Iterator<byte[]> handleExpiredTimer(K key, TimerValues now, ExpiredTimerInfo timer) {
        out = new ArrayList<>();
        due(key, now.getCurrentWatermarkInMs());
        return CollectionConverters.asScala(out.iterator());
    }

    /** Readies what is not serialised. */
    abstract void bind();

    /** Takes the rows of a batch. */
    abstract void take(K key, List<byte[]> rows, long watermark);

    /** Does what the watermark calls for. */
    void due(K key, long watermark) {}

    /** The state of the key at hand; null without. */
    final byte[] state() {
        return state.get();
    }

    /** Keeps a state; one without bytes is none. */
    final void keep(byte[] bytes) {
        if (bytes.length == 0) {
            state.clear();
        } else {
            state.update(bytes);
        }
    }

    /** Has {@link #due} be called once the watermark has come that far. */
    final void wake(long watermark) {
        getHandle().registerTimer(watermark);
    }

    /** Hands on a parcel. */
    final void emit(byte[] parcel) {
        out.add(parcel);
    }
}
