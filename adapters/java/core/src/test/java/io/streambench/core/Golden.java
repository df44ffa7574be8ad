package io.streambench.core;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** A vector of golden_test.go: a plan, the first events of a stream, and what the oracle says. */
final class Golden {
    private static final String ROOT = "/golden/";

    final String name;
    final String json;
    final Plan plan;

    Golden(String name) {
        this.name = name;
        json = text("plan.json");
        plan = Plan.parse(json);
    }

    /** All vectors. */
    static List<Golden> all() {
        List<Golden> all = new ArrayList<>();
        for (String name : names()) {
            all.add(new Golden(name));
        }
        if (all.size() < 20) {
            throw new IllegalStateException("hardly any vector is there");
        }
        return all;
    }

    private static List<String> names() {
        java.net.URL root = Golden.class.getResource(ROOT);
        try (var files = java.nio.file.Files.list(java.nio.file.Path.of(root.toURI()))) {
            return files.filter(java.nio.file.Files::isDirectory)
                .map(p -> p.getFileName().toString()).sorted().toList();
        } catch (IOException | java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The plan, with events and results in the form json. */
    Plan jsonPlan() {
        return Plan.parse(json.replace("\"form\":\"binary\"", "\"form\":\"json\""));
    }

    private static byte[] raw(String path) {
        try (InputStream in = Golden.class.getResourceAsStream(ROOT + path)) {
            if (in == null) {
                return null;
            }
            byte[] bytes = in.readAllBytes();
            if (path.endsWith(".gz")) {
                return new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String text(String file) {
        byte[] bytes = raw(name + "/" + file);
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }

    private List<String> lines(String file) {
        String text = text(file);
        return text.isEmpty() ? List.of() : Arrays.asList(text.split("\n"));
    }

    /** The events in a form, without an end event; none of a damaged stream in binary. */
    List<byte[]> events(String form) {
        List<byte[]> events = new ArrayList<>();
        byte[] all = raw(text("stream") + "." + form + ".gz");
        for (int at = 0; all != null && at < all.length;) {
            int n = Bytes.getInt(all, at);
            events.add(Arrays.copyOfRange(all, at + 4, at + 4 + n));
            at += 4 + n;
        }
        return events;
    }

    /** The end event in a form. */
    byte[] end(String form) {
        return form.equals(Plan.BINARY) ? HexFormat.of().parseHex(lines("end").get(0))
            : lines("end").get(1).getBytes(StandardCharsets.UTF_8);
    }

    /** Rows of integers, one a line. */
    private static List<long[]> rows(List<String> lines) {
        List<long[]> rows = new ArrayList<>();
        for (String line : lines) {
            rows.add(Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray());
        }
        return rows;
    }

    List<long[]> results() {
        return rows(lines("results.gz"));
    }

    List<long[]> late() {
        return rows(lines("late"));
    }

    /** The first events value by value. */
    List<String> decoded() {
        return lines("decoded.gz");
    }

    /** Dead letters: place in the stream, reason, what is wrong. */
    List<String[]> dead() {
        return lines("dead").stream().map(line -> line.split("\t", 3)).toList();
    }

    /** An event nobody wrote, and its values or, in quotes, what is wrong with it. */
    record Odd(byte[] wire, String says) {}

    static List<Odd> odd(String form) {
        String text = new String(raw("odd." + form + ".gz"), StandardCharsets.UTF_8);
        return Arrays.stream(text.split("\n")).map(line -> line.split("\t", 2))
            .map(p -> new Odd(HexFormat.of().parseHex(p[0]), p[1])).toList();
    }

    /** Results and how they travel. */
    record Encoded(long[] row, byte[] binary, String json) {}

    List<Encoded> encoded() {
        return lines("encoded.gz").stream().map(line -> {
            String[] parts = line.split("\t", 3);
            return new Encoded(rows(List.of(parts[0])).get(0), HexFormat.of().parseHex(parts[1]),
                parts[2]);
        }).toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
