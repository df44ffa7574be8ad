package io.streambench.core;

/** One of the outputs of a query. */
public enum Stream {
    /** What the query asks for. */
    ANSWERS,
    /** Events whose window was dropped before they came. */
    LATE,
    /** Events that could not be read. */
    DEAD_LETTERS
}
