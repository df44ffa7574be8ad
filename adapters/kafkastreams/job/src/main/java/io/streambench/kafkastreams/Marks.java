package io.streambench.kafkastreams;

import io.streambench.core.Bytes;
import java.util.Arrays;

/**
 * How far event time has come: the largest event time of each task a partition is fed by, and the
 * least of these, which is what a watermark may follow.
 *
 * <p>Stream time as Streams has it is the largest time a task has seen. Behind a repartition that
 * is the time of whichever task is ahead, and events of the others would be late without being so.
 * So each task tells all partitions how far it is, in records between its rows, and the least
 * counts.
 */
final class Marks {
    /** No event yet. */
    static final long NONE = Long.MIN_VALUE / 2;
    /** The stream has ended: later than any window, timer and bound. */
    static final long END = Long.MAX_VALUE / 2;

    /** A task whose partition holds nothing: nobody waits for it. */
    static final long VACANT = Long.MIN_VALUE;

    private final long[] of;
    private long least = NONE;
    private boolean changed;

    Marks(int tasks) {
        of = new long[tasks];
        Arrays.fill(of, NONE);
    }

    /** Takes the mark of a task, which never falls, and says whether the least has risen. */
    boolean raise(int task, long mark) {
        long was = of[task];
        if (mark <= was && was != NONE) {
            return false; // of one that was vacant any mark is more
        }
        of[task] = mark;
        changed = true;
        return was <= least && risen();
    }

    private boolean risen() {
        long now = END;
        boolean any = false;
        for (long m : of) {
            if (m != VACANT) {
                now = Math.min(now, m);
                any = true;
            }
        }
        if (!any || now <= least) {
            return false;
        }
        least = now;
        return true;
    }

    /** The least mark of all tasks. */
    long least() {
        return least;
    }

    /** What is to be kept, null if nothing has changed since. */
    byte[] save() {
        if (!changed) {
            return null;
        }
        changed = false;
        return Bytes.of(of);
    }

    /** Takes back what was kept. */
    void restore(byte[] saved) {
        long[] words = Bytes.words(saved);
        System.arraycopy(words, 0, of, 0, words.length);
        risen();
        changed = false;
    }
}
