package io.streambench.core;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The shape of a workload's events. Every event starts with seq and ts, which are not listed here,
 * then the tag where there is one, then the fields of its variant in order. A tag one above the
 * last variant's is that of an end event, which has no fields.
 *
 * @param tag the field whose value is the index of the variant; empty with one variant
 */
public record Schema(String tag, List<Variant> variants) {
    /** The number every event has. */
    public static final String SEQ = "seq";
    /** The event time every event has, milliseconds since 1970. */
    public static final String TS = "ts";

    /** How the 64 bits of a value are read. */
    public enum Kind {
        /** The integer itself. */
        INT,
        /** The bits of a double. */
        FLOAT,
        /** An index into the field's Dict. */
        DICT,
        /** Free text, which no query reads. */
        TEXT;

        static Kind of(String name) {
            return switch (name) {
                case "", "int" -> INT;
                case "float" -> FLOAT;
                case "dict" -> DICT;
                case "text" -> TEXT;
                default -> throw new IllegalArgumentException("read plan: kind " + name);
            };
        }
    }

    /** One typed field; {@code dict} is null but of a DICT. */
    public record Field(String name, Kind kind, Dict dict) {}

    /** One shape of event. */
    public record Variant(String name, List<Field> fields) {
        /** The index of a field, -1 if there is none of that name. */
        public int indexOf(String field) {
            for (int i = 0; i < fields.size(); i++) {
                if (fields.get(i).name().equals(field)) {
                    return i;
                }
            }
            return -1;
        }
    }

    /** Whether events have a tag. */
    public boolean tagged() {
        return !tag.isEmpty();
    }

    static Schema read(JsonNode node) {
        List<Variant> variants = new ArrayList<>();
        for (JsonNode v : node.path("variants")) {
            List<Field> fields = new ArrayList<>();
            for (JsonNode f : v.path("fields")) {
                fields.add(new Field(f.path("name").asText(), Kind.of(f.path("kind").asText()),
                    readDict(f.path("dict"))));
            }
            variants.add(new Variant(v.path("name").asText(), List.copyOf(fields)));
        }
        return new Schema(node.path("tag").asText(), List.copyOf(variants));
    }

    static Dict readDict(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (node.isObject()) {
            return Dict.numbered(node.path("prefix").asText(), node.path("size").asInt());
        }
        String[] values = new String[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = node.get(i).asText();
        }
        return Dict.of(values);
    }
}
