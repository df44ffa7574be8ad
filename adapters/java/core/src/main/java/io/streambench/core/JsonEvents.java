package io.streambench.core;

import io.streambench.core.Schema.Field;
import io.streambench.core.Schema.Kind;
import io.streambench.core.Schema.Variant;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The form "json": one object with exactly the fields of an event, each once. The tool's own form
 * (fields in order, no spaces, no escapes) is read by position, every other by way of its members.
 */
final class JsonEvents implements Events.Decoder {
    private static final JsonKey SEQ = JsonKey.after('{', Schema.SEQ);
    private static final JsonKey TS = JsonKey.after(',', Schema.TS);

    private final boolean tagged;
    private final String tag;
    private final JsonKey tagKey;
    private final Value[][] shapes; // one more than the schema's where it has a tag: end events
    private final int[] sizes;

    /** A field: {@code dict} is null where its text is not looked at, {@code to} -1 if left out. */
    private record Value(String name, byte[] bytes, Kind kind, Dict dict, int to, JsonKey key) {}

    JsonEvents(Plan plan) {
        Layout l = plan.layout;
        tagged = l.tagged;
        tag = plan.schema.tag();
        tagKey = tagged ? JsonKey.after(',', tag) : null;
        List<Variant> variants = plan.schema.variants();
        shapes = new Value[variants.size() + (tagged ? 1 : 0)][];
        sizes = new int[shapes.length];
        boolean strict = plan.query.deadLetters();
        for (int v = 0; v < variants.size(); v++) {
            List<Field> fields = variants.get(v).fields();
            shapes[v] = new Value[fields.size()];
            sizes[v] = l.size[v];
            for (int i = 0; i < fields.size(); i++) {
                Field f = fields.get(i);
                shapes[v][i] = new Value(f.name(), f.name().getBytes(StandardCharsets.UTF_8),
                    f.kind(), strict || l.at[v][i] >= 0 ? f.dict() : null, l.at[v][i],
                    JsonKey.after(',', f.name()));
            }
        }
        if (tagged) {
            shapes[variants.size()] = new Value[0];
            sizes[variants.size()] = l.head;
        }
    }

    @Override
    public byte[] decode(byte[] src) throws BadEvent {
        byte[] row = own(new JsonCursor(src));
        return row != null ? row : any(src);
    }

    /** Reads the tool's own form, null of any other. */
    private byte[] own(JsonCursor c) {
        long seq = c.integer(SEQ);
        long ts = c.integer(TS);
        int variant = 0;
        if (tagged) {
            long which = c.integer(tagKey);
            if (which < 0 || which >= shapes.length) {
                return null;
            }
            variant = (int) which;
        }
        if (c.foreign()) {
            return null;
        }
        byte[] row = row(seq, ts, variant);
        for (Value f : shapes[variant]) {
            long x = switch (f.kind) {
                case INT -> c.integer(f.key);
                case FLOAT -> c.decimal(f.key);
                default -> c.string(f.key, f.dict);
            };
            if (c.foreign()) {
                return null;
            }
            if (f.to >= 0) {
                Bytes.putLong(row, f.to, x);
            }
        }
        return c.ends() ? row : null;
    }

    private byte[] row(long seq, long ts, int variant) {
        byte[] row = new byte[sizes[variant]];
        Bytes.putLong(row, Row.SEQ_AT, seq);
        Bytes.putLong(row, Row.TS_AT, ts);
        if (tagged) {
            Bytes.putLong(row, Row.TAG_AT, variant);
        }
        return row;
    }

    private static final byte[] SEQ_NAME = Schema.SEQ.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TS_NAME = Schema.TS.getBytes(StandardCharsets.US_ASCII);

    /** Reads any object. */
    private byte[] any(byte[] src) throws BadEvent {
        JsonObject o = new JsonObject(src);
        long seq = o.integer(o.find(SEQ_NAME, 0), Schema.SEQ);
        long ts = o.integer(o.find(TS_NAME, 1), Schema.TS);
        int variant = 0;
        int known = 2;
        if (tagged) {
            long which = o.integer(o.find(tag.getBytes(StandardCharsets.UTF_8), 2), tag);
            if (which < 0 || which >= shapes.length) {
                throw BadEvent.unreadable(0, tag + " " + which + " is unknown");
            }
            variant = (int) which;
            known = 3;
        }
        byte[] row = row(seq, ts, variant);
        Value[] fields = shapes[variant];
        for (int i = 0; i < fields.length; i++) {
            Value f = fields[i];
            int m = o.find(f.bytes, known + i);
            long x = switch (f.kind) {
                case INT -> o.integer(m, f.name);
                case FLOAT -> o.decimal(m, f.name);
                default -> o.string(m, f.name, f.dict);
            };
            if (f.to >= 0) {
                Bytes.putLong(row, f.to, x);
            }
        }
        int want = known + fields.length;
        if (o.size() != want) {
            throw BadEvent.unreadable(src.length,
                o.size() + " fields, where the event has " + want);
        }
        return row;
    }
}
