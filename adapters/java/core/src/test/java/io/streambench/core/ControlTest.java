package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlTest {
    private final StubJob job = new StubJob();
    private final HttpClient http = HttpClient.newHttpClient();
    private Control control;

    /** Notes what is asked of it. */
    private static final class StubJob implements Job {
        String said = "";
        RuntimeException refusal;

        @Override
        public void start(Plan plan) {
            said += "start " + plan.query.name() + ",";
            if (refusal != null) {
                throw refusal;
            }
        }

        @Override
        public Status status() {
            return new Status(Status.State.RUNNING, "", Map.of("input-0", 7L), Map.of("a", "b"),
                Map.of("late", 1L), List.of(new Status.Milestone(5, "detected", Map.of("n", "w"))));
        }

        @Override
        public void stop() {
            said += "stop,";
        }
    }

    @BeforeEach
    void start() throws Exception {
        control = new Control(0, () -> job);
        control.start();
    }

    @AfterEach
    void close() throws Exception {
        control.close();
    }

    private HttpResponse<String> ask(String method, String path, String body) throws Exception {
        return http.send(HttpRequest.newBuilder()
            .uri(URI.create("http://127.0.0.1:" + control.port() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build(),
            HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void oneJobAfterTheOther() throws Exception {
        String plan = new Golden("nexmark-q5").json;
        assertEquals(404, ask("GET", "/jobs/current", "").statusCode());
        assertEquals(201, ask("POST", "/jobs", plan).statusCode());
        assertEquals(409, ask("POST", "/jobs", plan).statusCode());
        String status = ask("GET", "/jobs/current", "").body();
        for (String part : List.of("\"state\":\"running\"", "\"positions\":{\"input-0\":7}",
            "\"settings\":{\"a\":\"b\"}", "\"counters\":{\"late\":1}",
            "\"unixNs\":5,\"name\":\"detected\",\"with\":{\"n\":\"w\"}")) {
            assertTrue(status.contains(part), status);
        }
        assertEquals(204, ask("DELETE", "/jobs/current", "").statusCode());
        assertEquals(204, ask("DELETE", "/jobs/current", "").statusCode());
        assertEquals(201, ask("POST", "/jobs", plan).statusCode());
        assertEquals("start q5,stop,start q5,", job.said);
    }

    @Test
    void aJobThatDoesNotStartSaysWhyAndLeavesRoom() throws Exception {
        job.refusal = new IllegalStateException("no brokers", new RuntimeException("port \"9\""));
        var refused = ask("POST", "/jobs", new Golden("fraud").json);
        assertEquals(500, refused.statusCode());
        assertTrue(refused.body().contains("no brokers; caused by"), refused.body());
        assertEquals("start fraud,stop,", job.said);
        assertEquals(404, ask("GET", "/jobs/current", "").statusCode());
    }

    @Test
    void aPlanThatIsNoneIsRefused() throws Exception {
        assertTrue(ask("POST", "/jobs", "{}").body().contains("no schema"));
        assertTrue(ask("POST", "/jobs", "{").body().contains("read plan"));
        assertEquals(400, ask("POST", "/jobs", "").statusCode());
        assertEquals(200, ask("GET", "/health", "").statusCode());
        assertEquals(404, ask("GET", "/elsewhere", "").statusCode());
    }
}
