package io.streambench.spark;

import org.apache.spark.api.java.function.MapFunction;

/** Reads events in their wire form into rows, once each. */
final class Decode implements MapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    private final Work.Ref work;
    private final Tally.Ends ends;

    Decode(Work.Ref work, Tally.Ends ends) {
        this.work = work;
        this.ends = ends;
    }

    @Override
    public byte[] call(byte[] wire) throws Exception {
        return ends.see(work.get().events.decode(wire));
    }
}
