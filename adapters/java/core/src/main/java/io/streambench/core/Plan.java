package io.streambench.core;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a job is to do, as it came from the tool: schema, query, topics and terms. It is immutable
 * and travels as its JSON, so that whatever is made from it (operators, codecs) is made anew where
 * it arrives.
 */
public final class Plan implements Serializable {
    private static final long serialVersionUID = 1;

    /** The form in which events and results are little-endian words. */
    public static final String BINARY = "binary";
    /** The guarantee under which results are written in transactions. */
    public static final String EXACTLY_ONCE = "exactly-once";

    /** The JSON it was read from. */
    public final String json;
    /** Begins the names of everything the job makes at the brokers. */
    public final transient String runId;
    /** Where the brokers are, as the job sees them: HOST:PORT,… */
    public final transient String bootstrap;
    /** Partitions of the input, and of each output. */
    public final transient int partitions;
    /** The wire form of events and results: binary or json. */
    public final transient String form;
    /** at-most-once, at-least-once or exactly-once. */
    public final transient String guarantee;
    /** Interval of checkpoints or commits. */
    public final transient long checkpointMs;
    /** How many workers there are, and slots of each. */
    public final transient int workers;
    /** Slots of a worker. */
    public final transient int slots;
    /** Names of the topics. */
    public final transient Topics topics;
    /** The name of the workload. */
    public final transient String workload;
    /** What some processes are made from. */
    public final transient long seed;
    /** Parameters of the workload that its process is made from, by name. */
    public final transient Map<String, String> params;
    /** The set of recovery settings: defaults, equal-detection or vendor-tuned. */
    public final transient String profile;
    /** Settings the scenario hands to the system as they are. */
    public final transient Map<String, String> settings;
    private final transient String routeBy;
    /** The shape of events. */
    public final transient Schema schema;
    /** The question asked of them. */
    public final transient Query query;
    /** Where in a row the query's values lie. */
    final transient Layout layout;

    /** Names of the topics; those the query has no output for are empty. */
    public record Topics(String input, String results, String late, String deadLetters) {
        /** The topic of an output. */
        public String of(Stream stream) {
            return switch (stream) {
                case ANSWERS -> results;
                case LATE -> late;
                case DEAD_LETTERS -> deadLetters;
            };
        }
    }

    private Plan(String json, JsonNode n) {
        this.json = json;
        runId = n.path("runId").asText();
        bootstrap = n.path("bootstrap").asText();
        partitions = n.path("partitions").asInt();
        form = n.path("form").asText();
        guarantee = n.path("guarantee").asText();
        checkpointMs = n.path("checkpointMs").asLong();
        workers = n.path("workers").asInt();
        slots = n.path("slots").asInt();
        JsonNode t = n.path("topics");
        topics = new Topics(t.path("input").asText(), t.path("results").asText(),
            t.path("late").asText(), t.path("deadLetters").asText());
        workload = n.path("workload").asText();
        seed = Long.parseUnsignedLong(n.path("seed").asText("0"));
        params = texts(n.path("params"));
        profile = n.path("profile").asText();
        settings = texts(n.path("settings"));
        routeBy = n.path("routeBy").asText();
        schema = Schema.read(n.path("schema"));
        query = Query.read(n.path("query"));
        layout = new Layout(schema, query);
    }

    /**
     * Reads a plan.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static Plan parse(String json) {
        JsonNode n;
        try {
            n = new ObjectMapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("read plan: " + e.getOriginalMessage(), e);
        }
        if (!n.hasNonNull("schema") || !n.hasNonNull("query")) {
            throw new IllegalArgumentException("read plan: it has no schema or no query");
        }
        return new Plan(json, n);
    }

    /** Whether results are to become visible all or none. */
    public boolean exactlyOnce() {
        return guarantee.equals(EXACTLY_ONCE);
    }

    /**
     * The field of a variant that is the key of the input's records and says in which partition
     * they lie: a query grouped by it finds all events of a key in one partition.
     */
    public String recordKey(int variant) {
        return routeBy.isEmpty() ? schema.variants().get(variant).fields().get(0).name() : routeBy;
    }

    private static Map<String, String> texts(JsonNode n) {
        Map<String, String> texts = new LinkedHashMap<>();
        n.fields().forEachRemaining(e -> texts.put(e.getKey(), e.getValue().asText()));
        return Map.copyOf(texts);
    }

    private Object readResolve() {
        return parse(json);
    }
}
