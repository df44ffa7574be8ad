package io.streambench.kafkastreams;

/** Where an operator's answers go. */
interface Outlet {
    /** An answer: the columns of a result. */
    void answer(long[] columns);

    /** A row that came after its window was gone. */
    void late(byte[] row);

    /** A record for the stage behind, in the partition that owns a key. */
    void pass(long key, byte[] record);
}
