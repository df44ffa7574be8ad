package io.streambench.flink;

import io.streambench.core.Plan;
import io.streambench.core.Selection;
import io.streambench.core.Selection.Side;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Keeps the rows the query reads, and sets dead letters aside. */
final class Sift extends ProcessFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    /** The output of dead letters. */
    static final OutputTag<byte[]> DEAD = new OutputTag<>("dead-letters", Types.BYTES);

    private final Selection selection;
    private final boolean buries;

    Sift(Plan plan) {
        selection = new Selection(plan);
        buries = plan.query.deadLetters();
    }

    @Override
    public void processElement(byte[] row, Context context, Collector<byte[]> out) {
        if (buries && Grave.is(row)) {
            context.output(DEAD, row);
        } else if (selection.side(row) != Side.NONE) {
            out.collect(row);
        }
    }
}
