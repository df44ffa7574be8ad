package io.streambench.core;

/** A job that a {@link Control} starts and stops, one at a time. */
public interface Job {
    /** Starts it and returns once it takes events. What it throws is told to the tool. */
    void start(Plan plan) throws Exception;

    /** What it is doing now. */
    Status status();

    /** Ends it and what it has left behind; twice is harmless. */
    void stop() throws Exception;
}
