package io.streambench.core;

/** Takes results. */
@FunctionalInterface
public interface Out {
    /** One result: its columns, in an array that belongs to the receiver from then on. */
    void result(long[] columns);
}
