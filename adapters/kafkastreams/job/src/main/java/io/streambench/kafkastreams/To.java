package io.streambench.kafkastreams;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;

/**
 * The key of a record that is written: the bytes that travel, null for none, and the partition it
 * goes to. We choose partitions and not the client, so that a key lies in the same one wherever it
 * is looked for.
 */
record To(byte[] key, int partition) {
    /** The partition of a record that goes to all of them. */
    static final int ALL = -1;

    /** Writes the key. */
    static final Serializer<To> SERIALIZER = (topic, to) -> to.key;

    /** What a record of an internal topic is, its key. */
    static final byte[][] KINDS = {{0}, {1}, {2}, {3}, {4}};
    /** A row of this side of a query. */
    static final int THESE = 0;
    /** A row of the other side of a join. */
    static final int OTHER = 1;
    /** A row of the other side that nobody pairs with. */
    static final int BARREN = 2;
    /** A record for the operator of the next stage. */
    static final int PASSED = 3;
    /** How far a task is: its number and its mark. */
    static final int MARK = 4;

    /** Sends records where their keys say. */
    static StreamPartitioner<To, byte[]> partitioner(int partitions) {
        List<Optional<Set<Integer>>> one = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
            one.add(Optional.of(Set.of(p)));
        }
        Optional<Set<Integer>> all =
            Optional.of(IntStream.range(0, partitions).boxed().collect(Collectors.toSet()));
        return (topic, to, value, n) -> {
            if (n != partitions) {
                throw new IllegalStateException(
                    topic + " has " + n + " partitions, where the plan has " + partitions);
            }
            return to.partition == ALL ? all : one.get(to.partition);
        };
    }
}
