package io.streambench.flink;

import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Selection;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;

/** Rows by their keys: a number, or several as a tuple. */
final class Keyed {
    private Keyed() {}

    /** Rows by the key of the query. */
    static KeyedStream<byte[], Long> byKey(DataStream<byte[]> rows, Plan plan) {
        return rows.keyBy(new One(plan), Types.LONG);
    }

    /** Rows of both sides of a join, or those whose newest is kept, by all their keys. */
    static KeyedStream<byte[], Tuple> byAll(DataStream<byte[]> rows, Plan plan) {
        TypeInformation<?>[] types = new TypeInformation<?>[new Keys(plan).count()];
        java.util.Arrays.fill(types, Types.LONG);
        return rows.keyBy(new All(plan), new TupleTypeInfo<>(types));
    }

    private static final class One implements KeySelector<byte[], Long> {
        private static final long serialVersionUID = 1;

        private final Keys keys;

        One(Plan plan) {
            keys = new Keys(plan);
        }

        @Override
        public Long getKey(byte[] row) {
            return keys.of(row);
        }
    }

    private static final class All implements KeySelector<byte[], Tuple> {
        private static final long serialVersionUID = 1;

        private final Keys keys;
        private final Selection selection;
        private final boolean join;

        All(Plan plan) {
            keys = new Keys(plan);
            selection = new Selection(plan);
            join = plan.query.join() != null;
        }

        @Override
        public Tuple getKey(byte[] row) {
            Tuple key = Tuple.newInstance(keys.count());
            byte[] words = join ? keys.all(selection.side(row), row) : keys.all(row);
            for (int i = 0; i < keys.count(); i++) {
                key.setField(io.streambench.core.Bytes.getLong(words, 8 * i), i);
            }
            return key;
        }
    }
}
