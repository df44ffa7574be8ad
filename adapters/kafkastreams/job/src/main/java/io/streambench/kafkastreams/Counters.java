package io.streambench.kafkastreams;

import java.util.concurrent.atomic.LongAdder;

/** What the tasks of a job count in this virtual machine. */
final class Counters {
    /** Events that came after their windows were gone. */
    final LongAdder late = new LongAdder();
}
