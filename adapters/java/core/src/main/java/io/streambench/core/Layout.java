package io.streambench.core;

import io.streambench.core.Query.Aggregate;
import io.streambench.core.Query.Order;
import io.streambench.core.Query.Predicate;
import io.streambench.core.Query.ResultField;
import io.streambench.core.Schema.Field;
import io.streambench.core.Schema.Kind;
import io.streambench.core.Schema.Variant;
import java.util.Arrays;
import java.util.List;

/** Where in a row the values lie that a query needs. */
final class Layout {
    private static final int LEFT_OUT = -1;

    final boolean tagged;
    /** Bytes of a row before its columns. */
    final int head;
    /** Where a field lies in the rows of its variant, by variant and field; LEFT_OUT if nowhere. */
    final int[][] at;
    /** Bytes of a row, by variant. */
    final int[] size;
    private final Schema schema;
    private final Query query;

    Layout(Schema schema, Query query) {
        this.schema = schema;
        this.query = query;
        tagged = schema.tagged();
        head = tagged ? 24 : 16;
        int variants = schema.variants().size();
        at = new int[variants][];
        size = new int[variants];
        for (int v = 0; v < variants; v++) {
            at[v] = new int[schema.variants().get(v).fields().size()];
            Arrays.fill(at[v], LEFT_OUT);
        }
        needEvents();
        if (query.join() != null) {
            needJoin();
        }
        for (int v = 0; v < variants; v++) {
            size[v] = head;
            for (int f = 0; f < at[v].length; f++) {
                if (at[v][f] != LEFT_OUT) {
                    at[v][f] = size[v];
                    size[v] += 8;
                }
            }
        }
    }

    private void needEvents() {
        int from = query.from();
        needAll(from, query.where());
        if (query.regroups()) {
            need(query.join().with(), query.key());
        } else if (!query.key().isEmpty()) {
            need(from, query.key());
        }
        for (Aggregate a : query.aggregates()) {
            if (!a.field().isEmpty()) {
                need(from, a.field());
            }
        }
        if (query.rank() != null && query.aggregates().isEmpty()) {
            need(from, query.rank().by());
        }
        if (query.process() != null) {
            query.process().reads().forEach(name -> need(from, name));
        } else if (query.aggregates().isEmpty()) {
            for (ResultField f : query.output().fields()) {
                if (!ofWindow(f.name())) {
                    need(variantOf(f), sourceOf(f));
                }
            }
        }
        if (query.late() != null) {
            query.late().fields().forEach(f -> need(from, f.name()));
        }
        if (query.latest() != null) {
            query.latest().keys().forEach(name -> need(from, name));
        }
    }

    private void needJoin() {
        Query.Join j = query.join();
        needAll(j.with(), j.withWhere());
        j.keys().forEach(name -> need(query.from(), name));
        j.withKeys().forEach(name -> need(j.with(), name));
        if (j.kind() == Query.JoinKind.BEST) {
            need(j.with(), j.since());
            need(j.with(), j.until());
            for (Order o : j.best()) {
                need(query.from(), o.field());
            }
        }
    }

    private void needAll(int variant, List<Predicate> where) {
        where.forEach(p -> need(variant, p.field()));
    }

    private void need(int variant, String name) {
        String field = looked(name) ? query.lookup().field() : name;
        if (headAt(field) != LEFT_OUT) {
            return;
        }
        Field f = schema.variants().get(variant).fields().get(indexOf(variant, field));
        if (f.kind() == Kind.TEXT) {
            throw new IllegalArgumentException("read plan: the query reads free text: " + field);
        }
        at[variant][indexOf(variant, field)] = 0;
    }

    private boolean looked(String name) {
        return query.lookup() != null && query.lookup().as().equals(name);
    }

    private int indexOf(int variant, String field) {
        Variant v = schema.variants().get(variant);
        int i = v.indexOf(field);
        if (i < 0) {
            throw new IllegalArgumentException(
                "read plan: no field " + field + " in " + v.name());
        }
        return i;
    }

    private int headAt(String field) {
        if (field.equals(Schema.SEQ)) {
            return Row.SEQ_AT;
        }
        if (field.equals(Schema.TS)) {
            return Row.TS_AT;
        }
        return tagged && field.equals(schema.tag()) ? Row.TAG_AT : LEFT_OUT;
    }

    /** Whether a result field of a windowed query comes from the window. */
    boolean ofWindow(String name) {
        return query.window().kind() != Query.WindowKind.NONE
            && (name.equals(Answers.START) || name.equals(Answers.FROM)
                || name.equals(Answers.END));
    }

    /** The variant whose event a result field shows. */
    int variantOf(ResultField f) {
        return f.with() ? query.join().with() : query.from();
    }

    /** The field of the event that a result field shows. */
    static String sourceOf(ResultField f) {
        return f.field().isEmpty() ? f.name() : f.field();
    }

    /**
     * Binds a value of a variant's events by its name: a field, seq, ts, the tag or the lookup's.
     */
    Column column(int variant, String name) {
        long[] table = null;
        String field = name;
        if (looked(name)) {
            table = query.lookup().table();
            field = query.lookup().field();
        }
        int where = headAt(field);
        if (where == LEFT_OUT) {
            where = at[variant][indexOf(variant, field)];
        }
        return new Column(where, table, 1);
    }

    Column[] columns(int variant, List<String> names) {
        return names.stream().map(name -> column(variant, name)).toArray(Column[]::new);
    }

    /** The kind of a field; INT of any other name. */
    Kind kind(int variant, String name) {
        int i = schema.variants().get(variant).indexOf(name);
        return i < 0 ? Kind.INT : schema.variants().get(variant).fields().get(i).kind();
    }
}
