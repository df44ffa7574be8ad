package io.streambench.core;

import java.io.Serializable;

/** Reads events in their wire form, binary or json, into rows. One may serve several threads. */
public final class Events implements Serializable {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    private final transient Decoder decoder;
    private final transient int maxB;

    /** Makes the reader of a plan's events. */
    public Events(Plan plan) {
        this.plan = plan;
        decoder = plan.form.equals(Plan.BINARY) ? new BinaryEvents(plan) : new JsonEvents(plan);
        maxB = plan.query.maxEventB();
    }

    /** Reads the one event that is in a record's value. */
    interface Decoder {
        byte[] decode(byte[] src) throws BadEvent;
    }

    /**
     * Reads one event.
     *
     * @throws BadEvent if nobody can. Where the query has dead letters it is one ({@link
     *     DeadLetter}), else the job cannot go on.
     */
    public byte[] decode(byte[] wire) throws BadEvent {
        if (wire == null) {
            throw BadEvent.unreadable(0, "the record has no value");
        }
        if (maxB > 0 && wire.length > maxB) {
            throw new BadEvent(BadEvent.Reason.TOO_LARGE,
                wire.length + " bytes, where an event has at most " + maxB);
        }
        return decoder.decode(wire);
    }

    private Object readResolve() {
        return new Events(plan);
    }
}
