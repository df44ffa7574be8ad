package io.streambench.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.SourceProgress;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/**
 * Tells of a query that the user brought along, of which nothing is known but what Spark says: how far
 * its sources have read, by topic/partition, and how often in a row it found nothing to do. Spark makes
 * one for every session, by spark.sql.streaming.streamingQueryListeners, and a session for every query:
 * the first is that of the user, which hears of all queries.
 */
public final class Reported extends StreamingQueryListener {
    private static final int PORT = 8090;
    private static final AtomicBoolean MADE = new AtomicBoolean();

    private final boolean first = MADE.compareAndSet(false, true);
    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, Long> positions = new TreeMap<>();
    private String state = "starting";
    private String error = "";
    private long idle;
    private long batches;

    /** Made by Spark; answers GET /jobs/current from then on. */
    public Reported() throws IOException {
        if (!first) {
            return;
        }
        HttpServer server = HttpServer.create(new InetSocketAddress(PORT), 0);
        server.createContext("/", x -> {
            try (x) {
                byte[] body = json.writeValueAsBytes(status());
                x.sendResponseHeaders(200, body.length);
                x.getResponseBody().write(body);
            }
        });
        server.start();
    }

    private synchronized Map<String, Object> status() {
        return Map.of("state", state, "error", error, "positions", positions, "settings", settings(),
            "counters", Map.of("idle", idle, "batches", batches), "milestones", List.of());
    }

    private static Map<String, String> settings() {
        Map<String, String> all = new TreeMap<>();
        if (SparkSession.getDefaultSession().isDefined()) {
            for (var e : SparkSession.getDefaultSession().get().sparkContext().getConf().getAll()) {
                all.put(e._1(), e._2());
            }
        }
        return all;
    }

    @Override
    public synchronized void onQueryStarted(QueryStartedEvent e) {
        state = "running";
    }

    @Override
    public synchronized void onQueryProgress(QueryProgressEvent e) {
        StreamingQueryProgress p = e.progress();
        boolean batch = p.durationMs().containsKey("addBatch");
        batches += batch ? 1 : 0;
        idle = batch ? 0 : idle + 1;
        for (SourceProgress s : p.sources()) {
            read(s.endOffset());
        }
    }

    private void read(String offsets) {
        try {
            JsonNode topics = offsets == null ? null : json.readTree(offsets);
            if (topics == null || !topics.isObject()) {
                return; // no source of Kafka's
            }
            topics.fields().forEachRemaining(topic -> topic.getValue().fields().forEachRemaining(
                p -> positions.put(topic.getKey() + "/" + p.getKey(), p.getValue().asLong())));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public synchronized void onQueryIdle(QueryIdleEvent e) {
        idle++;
    }

    @Override
    public synchronized void onQueryTerminated(QueryTerminatedEvent e) {
        state = "failed";
        error = e.exception().isDefined() ? e.exception().get().lines().findFirst().orElse("")
            : "the query was stopped before the end of its input";
    }
}
