package io.streambench.core;

import java.io.Serializable;

/**
 * A named process: a pure function of a key's state and an event or a timer. A framework hosts it
 * in its own process function.
 *
 * <pre>
 *   event --keys--> key, key, … --step(state)--> results, timer
 *                                  watermark --fire(state)--> results, timer
 *                              end of stream --end(state)---> results
 * </pre>
 */
public interface Machine extends Serializable {
    /** The number of words of a key's state, all 0 at first. */
    int words();

    /**
     * Whether the events of a key are to be folded in order of (ts, seq), each once the watermark
     * (the largest event time less the bound) is beyond its time; of one time, events come before a
     * timer. Else they are folded as they arrive.
     */
    default boolean sorted() {
        return false;
    }

    /** Whether {@link #keys} tells the keys of an event; else it has one, {@link Keys#of}. */
    default boolean manyKeys() {
        return false;
    }

    /** The keys an event belongs to, which may be none. The array is not to be changed. */
    default long[] keys(byte[] row) {
        throw new IllegalStateException("its events have one key");
    }

    /**
     * Folds an event of a key into its state.
     *
     * @return the timer to set, milliseconds of event time; 0 leaves it as it is, a negative number
     *     clears it
     */
    long step(long[] state, long key, byte[] row, Out out);

    /**
     * Is called once the watermark has reached the key's timer, which is cleared by then.
     *
     * @return as of {@link #step}
     */
    default long fire(long[] state, long key, long atMs, Out out) {
        return 0;
    }

    /** The most by which a timer lies behind the event that sets it; 0 without timers. */
    default long timerMs() {
        return 0;
    }

    /** Whether {@link #end} has anything to say. */
    default boolean ends() {
        return false;
    }

    /** Is called for every key when the stream has ended. */
    default void end(long[] state, long key, Out out) {}

    /**
     * The machine of a plan's query, which names one.
     *
     * @throws IllegalArgumentException if nobody has written it in Java
     */
    static Machine of(Plan plan) {
        return switch (plan.query.process().name()) {
            case "fraud" -> new Fraud(plan);
            case "cqrs" -> new Cqrs(plan);
            case "shuffle" -> new Shuffle(plan);
            default -> throw new IllegalArgumentException(
                "process " + plan.query.process().name() + " is not written in Java");
        };
    }
}
