package io.streambench.core;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The control server of a virtual machine that serves one job after the other.
 *
 * <pre>
 *   POST   /jobs          a plan: starts the job; 201, 400 if it is none, 409 if a job is there,
 *                         500 with why it failed
 *   GET    /jobs/current  its status; 404 if there is none
 *   DELETE /jobs/current  stops it; 204
 *   GET    /health        200 once the server listens
 * </pre>
 *
 * Errors are JSON with the member {@code error}.
 */
public final class Control implements AutoCloseable {
    private final ObjectMapper json = new ObjectMapper();
    private final HttpServer server;
    private final Supplier<Job> jobs;
    private final Object starting = new Object();
    private volatile Job current;

    /**
     * Makes the server, which answers once it is started; {@code jobs} makes a job for each plan.
     */
    public Control(int port, Supplier<Job> jobs) throws IOException {
        this.jobs = jobs;
        server = HttpServer.create(new InetSocketAddress(port), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread t = new Thread(task, "control");
            t.setDaemon(true);
            return t;
        }));
        server.createContext("/", this::serve);
    }

    /** Starts to answer. */
    public void start() {
        server.start();
    }

    /** The port it listens at. */
    public int port() {
        return server.getAddress().getPort();
    }

    private void serve(HttpExchange x) throws IOException {
        try (x) {
            String what = x.getRequestMethod() + " " + x.getRequestURI().getPath();
            try {
                switch (what) {
                    case "POST /jobs" -> post(x);
                    case "GET /jobs/current" -> get(x);
                    case "DELETE /jobs/current" -> delete(x);
                    case "GET /health" -> answer(x, 200, Map.of("state", "up"));
                    default -> answer(x, 404, Map.of("error", "nothing is at " + what));
                }
            } catch (Exception | Error e) {
                e.printStackTrace();
                answer(x, 500, Map.of("error", why(e)));
            }
        }
    }

    private void post(HttpExchange x) throws Exception {
        String body = new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        synchronized (starting) {
            if (current != null) {
                answer(x, 409, Map.of("error", "a job is running: delete it first"));
                return;
            }
            Plan plan;
            try {
                plan = Plan.parse(body);
            } catch (IllegalArgumentException e) {
                answer(x, 400, Map.of("error", why(e)));
                return;
            }
            Job job = jobs.get();
            current = job;
            try {
                job.start(plan);
            } catch (Exception | Error e) {
                current = null;
                try {
                    job.stop();
                } catch (Exception also) {
                    e.addSuppressed(also);
                }
                throw e;
            }
            answer(x, 201, status(job));
        }
    }

    private void get(HttpExchange x) throws IOException {
        Job job = current;
        if (job == null) {
            answer(x, 404, Map.of("error", "there is no job"));
            return;
        }
        answer(x, 200, status(job));
    }

    private void delete(HttpExchange x) throws Exception {
        Job job = current;
        if (job != null) {
            job.stop();
            current = null;
        }
        x.sendResponseHeaders(204, -1);
    }

    private static Map<String, Object> status(Job job) {
        Status s = job.status();
        return Map.of("state", s.state().name().toLowerCase(Locale.ROOT), "error", s.error(),
            "positions", s.positions(), "settings", s.settings(), "counters", s.counters(),
            "milestones", s.milestones());
    }

    private void answer(HttpExchange x, int code, Object body) throws IOException {
        byte[] bytes = json.writeValueAsBytes(body);
        x.getResponseHeaders().set("Content-Type", "application/json");
        x.sendResponseHeaders(code, bytes.length);
        x.getResponseBody().write(bytes);
    }

    /** A failure and its causes in a few lines. */
    public static String why(Throwable e) {
        StringBuilder said = new StringBuilder();
        for (Throwable t = e; t != null && said.length() < 4000; t = t.getCause()) {
            said.append(said.length() == 0 ? "" : "; caused by ").append(t);
        }
        return said.toString();
    }

    /** Stops the job and the server. */
    @Override
    public void close() throws Exception {
        Job job = current;
        if (job != null) {
            job.stop();
            current = null;
        }
        server.stop(0);
    }
}
