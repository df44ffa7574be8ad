package io.streambench.core;

import io.streambench.core.Query.Aggregate;
import io.streambench.core.Query.Func;
import io.streambench.core.Query.ResultField;
import io.streambench.core.Schema.Kind;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes results of one output in the wire form of the plan. One may serve several threads. */
public final class Results implements Serializable {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    private final Stream stream;
    private final transient Wire[] columns;
    private final transient boolean binary;
    private final transient boolean strings;

    /** A column as it travels: {@code quoted} are the values of a DICT as JSON writes them. */
    private record Wire(String name, Kind kind, Dict dict, byte[] key, byte[][] quoted) {}

    /**
     * Makes the writer of one of the query's outputs.
     *
     * @throws IllegalArgumentException if it has no such output, or for dead letters, which travel
     *     as they came ({@link DeadLetter})
     */
    public Results(Plan plan, Stream stream) {
        this.plan = plan;
        this.stream = stream;
        binary = plan.form.equals(Plan.BINARY);
        List<ResultField> fields = wireFields(plan.query, stream);
        columns = new Wire[fields.size()];
        boolean any = false;
        for (int i = 0; i < columns.length; i++) {
            ResultField f = fields.get(i);
            any |= f.kind() == Kind.DICT;
            columns[i] = new Wire(f.name(), f.kind(), f.dict(),
                ((i == 0 ? "{" : ",") + Json.quote(f.name()) + ":")
                    .getBytes(StandardCharsets.UTF_8),
                binary || f.kind() != Kind.DICT || f.dict().size() > 1 << 16 ? null
                    : quoted(f.dict()));
        }
        strings = any;
    }

    private static byte[][] quoted(Dict dict) {
        byte[][] quoted = new byte[dict.size()][];
        for (int i = 0; i < quoted.length; i++) {
            quoted[i] = quote(dict, i);
        }
        return quoted;
    }

    private static byte[] quote(Dict dict, int index) {
        return Json.quote(dict.at(index)).getBytes(StandardCharsets.UTF_8);
    }

    /** The columns of an output, each with a name of its own. */
    private static List<ResultField> wireFields(Query q, Stream stream) {
        List<ResultField> all = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        switch (stream) {
            case ANSWERS -> {
                for (ResultField f : q.output().fields()) {
                    for (int i = 0; i < q.width(f); i++) {
                        add(all, taken, i > 0 && counts(q, f.name()) ? plain(f.name()) : f);
                    }
                }
                if (q.singleLevel()) {
                    add(all, taken, plain("count"));
                    add(all, taken, plain("seqsum"));
                }
                if (q.retracts()) {
                    add(all, taken, plain("op"));
                }
            }
            case LATE -> {
                if (q.late() == null) {
                    throw new IllegalArgumentException("query " + q.name() + " has no late output");
                }
                q.late().fields().forEach(f -> add(all, taken, f));
            }
            case DEAD_LETTERS -> throw new IllegalArgumentException("dead letters are no results");
        }
        return all;
    }

    private static boolean counts(Query q, String as) {
        for (Aggregate a : q.aggregates()) {
            if (a.as().equals(as) && a.func() == Func.AVG) {
                return true;
            }
        }
        return false;
    }

    private static ResultField plain(String name) {
        return new ResultField(name, false, "", false, Kind.INT, null);
    }

    private static void add(List<ResultField> all, Set<String> taken, ResultField f) {
        String name = f.name();
        while (!taken.add(name)) {
            name = "_" + name;
        }
        all.add(new ResultField(name, f.identity(), f.field(), f.with(), f.kind(), f.dict()));
    }

    /** The number of columns. */
    public int width() {
        return columns.length;
    }

    /** The partition of the output in which all that is said of one result has to lie. */
    public int partition(long[] row) {
        return Partitions.of(row[0], plan.partitions);
    }

    /** Writes a result, whose columns are those of {@link Answers} or of a {@link Machine}. */
    public byte[] encode(long[] row) {
        return binary ? encodeBinary(row) : encodeJson(row);
    }

    private byte[] encodeBinary(long[] row) {
        int fixed = 8 * columns.length;
        if (!strings) {
            byte[] out = new byte[fixed];
            for (int i = 0; i < columns.length; i++) {
                Bytes.putLong(out, 8 * i, row[i]);
            }
            return out;
        }
        int size = fixed;
        byte[][] texts = new byte[columns.length][];
        for (int i = 0; i < columns.length; i++) {
            if (columns[i].kind == Kind.DICT) {
                texts[i] = columns[i].dict.bytes((int) row[i]);
                size += texts[i].length;
            }
        }
        byte[] out = new byte[size];
        int next = fixed;
        for (int i = 0; i < columns.length; i++) {
            if (texts[i] == null) {
                Bytes.putLong(out, 8 * i, row[i]);
                continue;
            }
            Bytes.putInt(out, 8 * i, next);
            Bytes.putInt(out, 8 * i + 4, texts[i].length);
            System.arraycopy(texts[i], 0, out, next, texts[i].length);
            next += texts[i].length;
        }
        return out;
    }

    private byte[] encodeJson(long[] row) {
        Text out = new Text(32 * columns.length);
        for (int i = 0; i < columns.length; i++) {
            Wire c = columns[i];
            out.add(c.key);
            switch (c.kind) {
                case FLOAT -> out.add(Json.number(Double.longBitsToDouble(row[i])));
                case DICT -> out.add(c.quoted != null ? c.quoted[(int) row[i]]
                    : quote(c.dict, (int) row[i]));
                default -> out.add(row[i]);
            }
        }
        out.add(END);
        return out.bytes();
    }

    private static final byte[] END = {'}'};

    private Object readResolve() {
        return new Results(plan, stream);
    }
}
