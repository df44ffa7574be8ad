package io.streambench.core;

import java.util.List;
import java.util.Map;

/**
 * What a job says of itself, as JSON at GET /jobs/current.
 *
 * @param state where it is
 * @param error why it has failed, with the framework's own words; else empty
 * @param positions how far parts of it are, by name: of the input, of internal topics, committed
 * @param settings those in force, read back from the framework
 * @param counters cumulative
 * @param milestones what happened when, in order
 */
public record Status(State state, String error, Map<String, Long> positions,
    Map<String, String> settings, Map<String, Long> counters, List<Milestone> milestones) {

    /** Where a job is. */
    public enum State { STARTING, RUNNING, ENDED, FAILED }

    /** Something that happened: its wall-clock time, what, and whatever belongs to it. */
    public record Milestone(long unixNs, String name, Map<String, String> with) {}

    /** A status without anything but its state. */
    public static Status of(State state) {
        return new Status(state, "", Map.of(), Map.of(), Map.of(), List.of());
    }
}
