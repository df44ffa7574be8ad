package io.streambench.spark;

import io.streambench.core.BadEvent;
import io.streambench.core.DeadLetter;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import scala.collection.Seq;

/** Answers every event on its own. What cannot be read is a dead letter where the query has those. */
final class Answering {
    private Answering() {}

    /** Answers events that are values alone. */
    static final class Values implements MapPartitionsFunction<byte[], byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;
        private final Tally tally;

        Values(Work.Ref ref, Tally tally) {
            this.ref = ref;
            this.tally = tally;
        }

        @Override
        public Iterator<byte[]> call(Iterator<byte[]> in) {
            Work work = ref.get();
            return new Found<>(in) {
                @Override
                byte[] of(byte[] wire) throws Exception {
                    return answer(work, tally, work.events.decode(wire));
                }
            };
        }
    }

    /** Answers records: value, key, partition, offset, headers. */
    static final class Records implements MapPartitionsFunction<Row, byte[]> {
        private static final long serialVersionUID = 1;

        private final Work.Ref ref;
        private final Tally tally;

        Records(Work.Ref ref, Tally tally) {
            this.ref = ref;
            this.tally = tally;
        }

        @Override
        public Iterator<byte[]> call(Iterator<Row> in) {
            Work work = ref.get();
            return new Found<>(in) {
                @Override
                byte[] of(Row record) {
                    byte[] wire = record.getAs(0);
                    try {
                        return answer(work, tally, work.events.decode(wire));
                    } catch (BadEvent e) {
                        tally.letters.add(1L);
                        return letter(work, record, wire, e);
                    }
                }
            };
        }
    }

    private static byte[] answer(Work work, Tally tally, byte[] row) {
        if (io.streambench.core.Row.end(row)) {
            tally.end();
            return null;
        }
        if (!work.selection.test(row)) {
            return null;
        }
        tally.selected.add(1L);
        return work.answer(work.answers.event(row));
    }

    private static byte[] letter(Work work, Row record, byte[] wire, BadEvent why) {
        byte[] seq = null;
        if (!record.isNullAt(4)) {
            Seq<Row> headers = record.getSeq(4);
            for (int i = 0; i < headers.size(); i++) {
                if (headers.apply(i).getString(0).equals(DeadLetter.SEQ_HEADER)) {
                    seq = headers.apply(i).getAs(1);
                }
            }
        }
        return Parcel.letter(DeadLetter.partitionOf(seq, work.plan.partitions), record.getAs(1),
            DeadLetter.headers(seq, record.getInt(2), record.getLong(3), why), wire);
    }

    /** The columns {@link Records} reads. */
    static final List<String> COLUMNS = List.of("value", "key", "partition", "offset", "headers");

    /** An iterator over what is found of another's elements, null for nothing. */
    private abstract static class Found<T> implements Iterator<byte[]> {
        private final Iterator<T> in;
        private byte[] next;

        Found(Iterator<T> in) {
            this.in = in;
        }

        abstract byte[] of(T element) throws Exception;

        @Override
        public boolean hasNext() {
            while (next == null && in.hasNext()) {
                try {
                    next = of(in.next());
                } catch (RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IllegalStateException(e.getMessage(), e);
                }
            }
            return next != null;
        }

        @Override
        public byte[] next() {
            if (!hasNext()) {
                throw new java.util.NoSuchElementException();
            }
            byte[] found = next;
            next = null;
            return found;
        }
    }
}
