package io.streambench.core;

import io.streambench.core.Schema.Field;
import io.streambench.core.Schema.Kind;
import io.streambench.core.Schema.Variant;
import java.util.List;

/**
 * The form "binary": little-endian, eight bytes a field; a string is an offset and a length of 32
 * bits each, from the event's first byte, and its bytes follow the fields in their order.
 */
final class BinaryEvents implements Events.Decoder {
    private final Layout layout;
    private final Shape[] shapes; // one more than the schema's where it has a tag: end events
    private final String tag;

    /** A variant of event. */
    private static final class Shape {
        final int fixed; // length without the bytes of strings
        final int size; // of the row
        final int[] from; // of plain columns: where they lie in the event
        final int[] to; // and in the row
        final Text[] texts; // in their order

        Shape(int head, Variant v, int[] at, int size, boolean strict) {
            this.size = size;
            fixed = head + 8 * v.fields().size();
            int[] src = new int[v.fields().size()];
            int[] dst = new int[src.length];
            Text[] strings = new Text[src.length];
            int n = 0;
            int m = 0;
            for (int i = 0; i < src.length; i++) {
                Field f = v.fields().get(i);
                int where = head + 8 * i;
                if (f.kind() == Kind.DICT || f.kind() == Kind.TEXT) {
                    Dict dict = strict || at[i] >= 0 ? f.dict() : null;
                    strings[m++] = new Text(f.name(), where, dict, at[i]);
                } else if (at[i] >= 0) {
                    src[n] = where;
                    dst[n++] = at[i];
                }
            }
            from = java.util.Arrays.copyOf(src, n);
            to = java.util.Arrays.copyOf(dst, n);
            texts = java.util.Arrays.copyOf(strings, m);
        }
    }

    /** A string: where its place stands, and the Dict in which it is to be found, or null. */
    private record Text(String name, int at, Dict dict, int to) {}

    BinaryEvents(Plan plan) {
        layout = plan.layout;
        tag = plan.schema.tag();
        List<Variant> variants = plan.schema.variants();
        shapes = new Shape[variants.size() + (layout.tagged ? 1 : 0)];
        boolean strict = plan.query.deadLetters();
        for (int v = 0; v < variants.size(); v++) {
            shapes[v] =
                new Shape(layout.head, variants.get(v), layout.at[v], layout.size[v], strict);
        }
        if (layout.tagged) {
            shapes[variants.size()] = new Shape(layout.head, new Variant("end", List.of()),
                new int[0], layout.head, strict);
        }
    }

    @Override
    public byte[] decode(byte[] src) throws BadEvent {
        int head = layout.head;
        if (src.length < head) {
            throw BadEvent.unreadable(src.length, "the event ends before its number and time");
        }
        Shape shape = shapes[0];
        if (layout.tagged) {
            long variant = Bytes.getLong(src, Row.TAG_AT);
            if (variant < 0 || variant >= shapes.length) {
                throw BadEvent.unreadable(Row.TAG_AT, tag + " " + variant + " is unknown");
            }
            shape = shapes[(int) variant];
        }
        int next = shape.fixed;
        if (src.length < next) {
            throw BadEvent.unreadable(src.length,
                "the event ends inside its " + next + " bytes of fields");
        }
        byte[] row = new byte[shape.size];
        System.arraycopy(src, 0, row, 0, head);
        int[] from = shape.from;
        int[] to = shape.to;
        for (int i = 0; i < from.length; i++) {
            Bytes.putLong(row, to[i], Bytes.getLong(src, from[i]));
        }
        for (Text t : shape.texts) {
            next = text(t, src, next, row);
        }
        if (next != src.length) {
            throw BadEvent.unreadable(next, (src.length - next) + " bytes follow the event");
        }
        return row;
    }

    /** Reads a string, which has to begin at {@code next}, and returns where it ends. */
    private static int text(Text t, byte[] src, int next, byte[] row) throws BadEvent {
        long where = Bytes.getLong(src, t.at);
        long offset = where & 0xffffffffL;
        long end = offset + (where >>> 32);
        if (offset != next || end > src.length) {
            throw BadEvent.unreadable(t.at, "a string at " + offset + ".." + end + " of "
                + src.length + " bytes, where one begins at " + next);
        }
        if (t.dict != null) {
            int index = t.dict.find(src, next, (int) end);
            if (index < 0) {
                throw BadEvent.unreadable(next,
                    t.name + " " + JsonObject.quoted(src, next, (int) end) + " is unknown");
            }
            if (t.to >= 0) {
                Bytes.putLong(row, t.to, index);
            }
        }
        return (int) end;
    }
}
