package io.streambench.core;

/** Says that an event cannot be read, and why. It has no stack trace: there may be many of them. */
public final class BadEvent extends Exception {
    private static final long serialVersionUID = 1;

    /** Why an event is a dead letter. */
    public enum Reason {
        /** It was looked at and is none of the schema's. */
        UNREADABLE("unreadable"),
        /** It is larger than the query accepts, whatever it holds. */
        TOO_LARGE("too-large");

        /** The word of the header {@code reason}. */
        public final String word;

        Reason(String word) {
            this.word = word;
        }
    }

    /** Why it is one. */
    public final Reason reason;

    BadEvent(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    static BadEvent unreadable(int offset, String what) {
        return new BadEvent(Reason.UNREADABLE, "decode event: offset " + offset + ": " + what);
    }
}
