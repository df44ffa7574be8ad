package io.streambench.spark;

import io.streambench.core.Bytes;
import java.util.List;

/**
 * Folds the best of {@link Pairs} by a field of the other side, the old one taken back at every
 * change. The state of a group is its accumulator.
 */
final class Regrouped extends Keyed<Long> {
    private static final long serialVersionUID = 1;

    Regrouped(Work.Ref ref) {
        super(ref, false);
    }

    /** A change of the best: | group | length, 4 | the old one | length, 4 | the new one. */
    static byte[] change(long group, byte[] was, byte[] now) {
        byte[] change = Rows.write(8, List.of(was, now));
        Bytes.putLong(change, 0, group);
        return change;
    }

    /** The group of a change. */
    static long group(byte[] change) {
        return Bytes.getLong(change, 0);
    }

    @Override
    void bind() {}

    @Override
    void take(Long key, List<byte[]> changes, long watermark) {
        byte[] state = state();
        long[] acc = state == null ? work.fold.zero() : Bytes.words(state);
        for (byte[] change : changes) {
            List<byte[]> both = Rows.read(change, 8);
            if (both.get(0).length > 0) {
                work.fold.remove(acc, both.get(0));
            }
            acc = work.fold.add(acc, both.get(1));
        }
        keep(Bytes.of(acc));
        emit(work.answer(work.answers.group(key, 0, 0, acc)));
    }
}
