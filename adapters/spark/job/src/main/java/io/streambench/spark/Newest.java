package io.streambench.spark;

import io.streambench.core.Joins;
import java.util.List;

/** Keeps the newest event of a key, which is its state, and answers when there is a newer one. */
final class Newest extends Keyed<byte[]> {
    private static final long serialVersionUID = 1;

    Newest(Work.Ref ref) {
        super(ref, false);
    }

    @Override
    void bind() {}

    @Override
    void take(byte[] key, List<byte[]> rows, long watermark) {
        byte[] was = state();
        byte[] newest = was;
        for (byte[] row : rows) {
            if (newest == null || Joins.newer(row, newest)) {
                newest = row;
            }
        }
        if (newest != was) {
            keep(newest);
            emit(work.answer(work.answers.event(newest)));
        }
    }
}
