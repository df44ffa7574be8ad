package io.streambench.core;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The question a workload asks, as data. An event of variant {@code from} that meets every
 * predicate of {@code where} is looked up, keyed, windowed and aggregated; a query without window,
 * process, join and latest answers every such event on its own.
 *
 * @param from index of the variant read; events of others are ignored but move the watermark
 * @param lookup null if there is none, as {@code rank}, {@code process}, {@code join}, {@code
 *     latest} and {@code late} are
 * @param scale factors of fields of a per-event result, by name
 * @param key the field events are grouped by; empty where there is none. Of a join with aggregates
 *     it is a field of the other side
 * @param late shape of the late output: one row of the event's own fields for every event whose
 *     window was dropped before it came
 * @param deadLetters whether events that cannot be read go to an output of their own
 * @param maxEventB the largest event accepted, in bytes of its wire form; 0 for no limit
 * @param retracts whether every result has a last column op: INSERT, UPDATE or RETRACT
 * @param boundMs how far the watermark stays behind the largest event time
 * @param latenessMs how late an event may be and still change a window that has closed
 */
public record Query(String name, int from, List<Predicate> where, Lookup lookup,
    Map<String, Long> scale, String key, Window window, List<Aggregate> aggregates, Rank rank,
    Process process, Join join, Latest latest, Output late, boolean deadLetters, int maxEventB,
    boolean retracts, long boundMs, long latenessMs, Output output) {

    /** Column op of a result that is new. */
    public static final long INSERT = 0;
    /** Column op of a result in place of the one its identity has. */
    public static final long UPDATE = 1;
    /** Column op of a result that takes back the same row delivered before. */
    public static final long RETRACT = 2;

    /** A comparison. */
    public enum Op { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL }

    /**
     * Holds for an event whose field compares to a value. With {@code modulus} above 0 the field's
     * remainder (floored, never negative) is compared.
     */
    public record Predicate(String field, Op op, long value, long modulus) {}

    /** Adds to each event the value {@code as = table[field]}. */
    public record Lookup(String field, long[] table, String as) {}

    /** The shapes of window. */
    public enum WindowKind { NONE, TUMBLING, HOPPING, SESSION, SLIDING }

    /**
     * Groups events in time. Windows are [start, end); a session ends at its last event plus the
     * gap.
     *
     * @param processing processing time in place of event time
     * @param gapInclusive whether two events exactly one gap apart share a session
     */
    public record Window(WindowKind kind, boolean processing, long sizeMs, long slideMs, long gapMs,
        boolean gapInclusive) {}

    /** The aggregate functions. */
    public enum Func {
        COUNT, SUM, MIN, MAX,
        /** Two results, sum then count. */
        AVG,
        DISTINCT,
        /** The k largest, largest first, missing ones as the smallest long. */
        TOP_K,
        /** By (ts, seq), as LAST is. */
        FIRST,
        LAST, SUM_SQUARES,
        /** The sum by the count, rounded toward minus infinity. */
        MEAN
    }

    /**
     * Folds one field of a key's events in a window.
     *
     * @param field empty for COUNT
     * @param k of TOP_K
     * @param as name of the (first) result
     */
    public record Aggregate(Func func, String field, int k, String as) {
        /** The number of columns it yields. */
        public int width() {
            return switch (func) {
                case AVG -> 2;
                case TOP_K -> k;
                default -> 1;
            };
        }
    }

    /**
     * Keeps, per window over all keys, every row whose value is the maximum.
     *
     * @param by an aggregate, or a field where the query has no aggregates: then rows are events
     */
    public record Rank(String by) {}

    /** A keyed state machine by its name; see {@link Machine}. */
    public record Process(String name, List<String> reads, boolean sorted, long timerMs) {}

    /** How long the two sides of a join wait for each other. */
    public enum JoinKind {
        /** For ever: every pair is a result, once, when the later of the two has come. */
        TABLE,
        /** Pairs what lies in the same window, and answers when that closes. */
        WINDOW,
        /**
         * Keeps, for each event of the other side, the best of this side: an upsert each change.
         */
        BEST
    }

    /** One criterion by which events are ordered; best first. */
    public record Order(String field, boolean largest) {}

    /**
     * Pairs events of variant {@code from} with those of another variant, by equal keys.
     *
     * @param with variant of the other side, {@code withWhere} what its events have to meet
     * @param withUnique no two events of the other side have the same keys
     * @param since of a BEST join the fields of the other side between which the time of an event
     *     of this side must lie, both inclusive; {@code until} is the other one
     * @param best orders the events of this side and tells any two apart
     * @param distinct of the pairs of one identity and window only one is a result
     */
    public record Join(JoinKind kind, int with, List<Predicate> withWhere, boolean withUnique,
        List<String> keys, List<String> withKeys, String since, String until, List<Order> best,
        boolean distinct) {}

    /** Keeps the newest event, by (ts, seq), of every {@code key} and these keys. */
    public record Latest(List<String> keys) {}

    /** How several results of one identity relate. */
    public enum ResultKind {
        /** Each identity once. */
        APPEND,
        /** The last value of an identity counts. */
        UPSERT,
        /** Values of one identity are added up. */
        ADDITIVE
    }

    /**
     * A field of a result line.
     *
     * @param field the field of the event it shows, where that has another name; else empty
     * @param with whether it is of the other side of a join
     * @param dict null but of a DICT
     */
    public record ResultField(String name, boolean identity, String field, boolean with,
        Schema.Kind kind, Dict dict) {}

    /** The shape of a result line. */
    public record Output(ResultKind kind, List<ResultField> fields) {}

    /** Whether results carry count and seqsum behind the fields of their line. */
    public boolean singleLevel() {
        return !aggregates.isEmpty() && rank == null && join == null;
    }

    /** Whether every event is answered at once and on its own, without state. */
    public boolean perEvent() {
        return window.kind() == WindowKind.NONE && process == null && join == null
            && latest == null;
    }

    /** Whether what a join pairs is folded by {@code key}, a field of the other side. */
    public boolean regroups() {
        return join != null && !aggregates.isEmpty();
    }

    /**
     * The number of columns a field of a result takes: that of the aggregate it names, else one.
     */
    public int width(ResultField field) {
        for (Aggregate a : aggregates) {
            if (a.as().equals(field.name())) {
                return a.width();
            }
        }
        return 1;
    }

    /** The number of columns of a result's line, without count, seqsum and op. */
    public int lineWidth() {
        int n = 0;
        for (ResultField f : output.fields()) {
            n += width(f);
        }
        return n;
    }

    /** The number of columns of a result. */
    public int width() {
        return lineWidth() + (singleLevel() ? 2 : 0) + (retracts ? 1 : 0);
    }

    static Query read(JsonNode n) {
        Map<String, Long> scale = new LinkedHashMap<>();
        n.path("scale").fields()
            .forEachRemaining(e -> scale.put(e.getKey(), e.getValue().asLong()));
        List<Aggregate> aggregates = new ArrayList<>();
        for (JsonNode a : n.path("aggregates")) {
            aggregates.add(new Aggregate(name(Func.class, a.path("func")), a.path("field").asText(),
                a.path("k").asInt(), a.path("as").asText()));
        }
        return new Query(n.path("name").asText(), n.path("from").asInt(),
            predicates(n.path("where")), lookup(n.path("lookup")), Map.copyOf(scale),
            n.path("key").asText(), window(n.path("window")), List.copyOf(aggregates),
            n.hasNonNull("rank") ? new Rank(n.path("rank").path("by").asText()) : null,
            process(n.path("process")), join(n.path("join")),
            n.hasNonNull("latest") ? new Latest(texts(n.path("latest").path("keys"))) : null,
            output(n.path("late")), n.path("deadLetters").asBoolean(), n.path("maxEventB").asInt(),
            n.path("retracts").asBoolean(), n.path("boundMs").asLong(),
            n.path("latenessMs").asLong(), output(n.path("output")));
    }

    private static boolean absent(JsonNode n) {
        return n.isMissingNode() || n.isNull();
    }

    /** Reads a constant by its name in kebab case. */
    private static <E extends Enum<E>> E name(Class<E> of, JsonNode n) {
        return Enum.valueOf(of, n.asText().toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    private static List<String> texts(JsonNode n) {
        List<String> texts = new ArrayList<>();
        n.forEach(t -> texts.add(t.asText()));
        return List.copyOf(texts);
    }

    private static List<Predicate> predicates(JsonNode n) {
        List<Predicate> all = new ArrayList<>();
        for (JsonNode p : n) {
            all.add(new Predicate(p.path("field").asText(), name(Op.class, p.path("op")),
                p.path("value").asLong(), p.path("modulus").asLong()));
        }
        return List.copyOf(all);
    }

    private static Lookup lookup(JsonNode n) {
        if (absent(n)) {
            return null;
        }
        long[] table = new long[n.path("table").size()];
        for (int i = 0; i < table.length; i++) {
            table[i] = n.path("table").get(i).asLong();
        }
        return new Lookup(n.path("field").asText(), table, n.path("as").asText());
    }

    private static Window window(JsonNode n) {
        return new Window(name(WindowKind.class, n.path("kind")), n.path("processing").asBoolean(),
            n.path("sizeMs").asLong(), n.path("slideMs").asLong(), n.path("gapMs").asLong(),
            n.path("gapInclusive").asBoolean());
    }

    private static Process process(JsonNode n) {
        if (absent(n)) {
            return null;
        }
        return new Process(n.path("name").asText(), texts(n.path("reads")),
            n.path("sorted").asBoolean(), n.path("timerMs").asLong());
    }

    private static Join join(JsonNode n) {
        if (absent(n)) {
            return null;
        }
        List<Order> best = new ArrayList<>();
        for (JsonNode o : n.path("best")) {
            best.add(new Order(o.path("field").asText(), o.path("largest").asBoolean()));
        }
        return new Join(name(JoinKind.class, n.path("kind")), n.path("with").asInt(),
            predicates(n.path("withWhere")), n.path("withUnique").asBoolean(),
            texts(n.path("keys")), texts(n.path("withKeys")), n.path("since").asText(),
            n.path("until").asText(), List.copyOf(best), n.path("distinct").asBoolean());
    }

    private static Output output(JsonNode n) {
        if (absent(n)) {
            return null;
        }
        List<ResultField> fields = new ArrayList<>();
        for (JsonNode f : n.path("fields")) {
            fields.add(new ResultField(f.path("name").asText(), f.path("identity").asBoolean(),
                f.path("field").asText(), f.path("with").asBoolean(),
                Schema.Kind.of(f.path("kind").asText()), Schema.readDict(f.path("dict"))));
        }
        return new Output(name(ResultKind.class, n.path("kind")), List.copyOf(fields));
    }
}
