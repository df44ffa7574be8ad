package io.streambench.core;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Any flat JSON object, by its members: what is read slowly is rare. */
final class JsonObject {
    private static final int MOST = 64;

    private final byte[] src;
    private final Member[] members = new Member[MOST];
    private int size;

    /** A string inside its quotes, or a number. */
    private record Span(int from, int to, boolean escaped) {}

    /** A name and a value, which begins at {@code at}; {@code text} if it is a string. */
    private record Member(Span name, Span value, boolean text, int at) {}

    JsonObject(byte[] src) throws BadEvent {
        this.src = src;
        int at = space(expect(space(0), '{'));
        if (at < src.length && src[at] == '}') {
            throw BadEvent.unreadable(at, "the object is empty");
        }
        for (;;) {
            if (size == MOST) {
                throw BadEvent.unreadable(at, "more than " + MOST + " fields");
            }
            at = space(member(at));
            if (at < src.length && src[at] == ',') {
                at = space(at + 1);
                continue;
            }
            at = space(expect(at, '}'));
            if (at != src.length) {
                throw BadEvent.unreadable(at, (src.length - at) + " bytes follow the event");
            }
            return;
        }
    }

    /** The number of members. */
    int size() {
        return size;
    }

    /** The member of a name, looked for first where our own order has it. */
    int find(byte[] name, int guess) throws BadEvent {
        for (int i = 0; i < size; i++) {
            int k = (guess + i) % size;
            Span s = members[k].name;
            byte[] text = s.escaped ? unescape(s.from, s.to) : src;
            if (s.escaped ? Arrays.equals(text, name) : Bytes.equal(name, src, s.from, s.to)) {
                return k;
            }
        }
        throw BadEvent.unreadable(src.length,
            "field " + quoted(name, 0, name.length) + " is missing");
    }

    /** The integer a member has. */
    long integer(int member, String name) throws BadEvent {
        Member m = members[member];
        if (!m.text) {
            JsonCursor c = new JsonCursor(src, m.value.from);
            long x = c.integer();
            if (c.at() == m.value.to) {
                return x;
            }
        }
        throw BadEvent.unreadable(m.at, name + " is not an integer of 64 bits");
    }

    /** The bits of the float a member has. */
    long decimal(int member, String name) throws BadEvent {
        Member m = typed(member, name, false);
        double x = JsonCursor.parse(src, m.value.from, m.value.to);
        if (Double.isInfinite(x)) {
            throw BadEvent.unreadable(m.at, name + " is out of range");
        }
        return Double.doubleToRawLongBits(x);
    }

    /** The index of the string a member has; 0 without a Dict. */
    long string(int member, String name, Dict dict) throws BadEvent {
        Member m = typed(member, name, true);
        if (dict == null) {
            return 0;
        }
        byte[] in = m.value.escaped ? unescape(m.value.from, m.value.to) : src;
        int from = m.value.escaped ? 0 : m.value.from;
        int to = m.value.escaped ? in.length : m.value.to;
        int index = dict.find(in, from, to);
        if (index < 0) {
            throw BadEvent.unreadable(m.at, name + " " + quoted(in, from, to) + " is unknown");
        }
        return index;
    }

    private Member typed(int member, String name, boolean text) throws BadEvent {
        Member m = members[member];
        if (m.text != text) {
            throw BadEvent.unreadable(m.at, name + " has a value of the wrong type");
        }
        return m;
    }

    private int member(int at) throws BadEvent {
        Span name = string(at);
        int value = space(expect(space(name.to + 1), ':'));
        if (value < src.length && src[value] == '"') {
            Span s = string(value);
            members[size++] = new Member(name, s, true, value);
            return s.to + 1;
        }
        int end = JsonCursor.number(src, value);
        if (end < 0) {
            throw BadEvent.unreadable(value, "neither a number nor a string");
        }
        members[size++] = new Member(name, new Span(value, end, false), false, value);
        return end;
    }

    private Span string(int at) throws BadEvent {
        int from = expect(at, '"');
        boolean escaped = false;
        for (int i = from; i < src.length; i++) {
            byte b = src[i];
            if (b == '"') {
                return new Span(from, i, escaped);
            }
            if (b >= 0 && b < ' ') {
                throw BadEvent.unreadable(i, "a control character in a string");
            }
            if (b == '\\') {
                escaped = true;
                int n = escape(i);
                if (n == 0) {
                    throw BadEvent.unreadable(i, "an escape JSON does not have");
                }
                i += n - 1;
            }
        }
        throw BadEvent.unreadable(src.length, "the event ends inside a string");
    }

    /** The length of the escape that begins there, 0 if JSON has no such escape. */
    private int escape(int at) {
        if (src.length - at < 2) {
            return 0;
        }
        if (src[at + 1] != 'u') {
            return "\"\\/bfnrt".indexOf(src[at + 1]) < 0 ? 0 : 2;
        }
        int high = hex(at + 2);
        if (high < 0) {
            return 0;
        }
        return pair(at, high) >= 0 ? 12 : 6;
    }

    /** The code point of two escapes that are a surrogate pair, -1 if they are none. */
    private int pair(int at, int high) {
        if (!Character.isHighSurrogate((char) high) || src.length - at < 12 || src[at + 6] != '\\'
            || src[at + 7] != 'u') {
            return -1;
        }
        int low = hex(at + 8);
        return low >= 0 && Character.isLowSurrogate((char) low)
            ? Character.toCodePoint((char) high, (char) low) : -1;
    }

    private int hex(int at) {
        if (src.length - at < 4) {
            return -1;
        }
        int x = 0;
        for (int i = at; i < at + 4; i++) {
            int digit = src[i] < 0 ? -1 : Character.digit(src[i], 16);
            if (digit < 0) {
                return -1;
            }
            x = x << 4 | digit;
        }
        return x;
    }

    /** A string whose escapes are known to be good; half of a surrogate pair is replaced. */
    private byte[] unescape(int from, int to) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int at = from; at < to;) {
            if (src[at] != '\\') {
                out.write(src[at++]);
                continue;
            }
            int n = escape(at);
            int rune = src[at + 1];
            if (n == 12) {
                rune = pair(at, hex(at + 2));
            } else if (n == 6) {
                rune = hex(at + 2);
                rune = Character.isSurrogate((char) rune) ? 0xfffd : rune;
            } else {
                int which = "bfnrt".indexOf(rune);
                rune = which < 0 ? rune : "\b\f\n\r\t".charAt(which);
            }
            out.writeBytes(Character.toString(rune).getBytes(StandardCharsets.UTF_8));
            at += n;
        }
        return out.toByteArray();
    }

    private int expect(int at, char want) throws BadEvent {
        if (at >= src.length) {
            throw BadEvent.unreadable(src.length,
                "the event ends where " + quoted(want) + " should be");
        }
        if (src[at] != want) {
            throw BadEvent.unreadable(at,
                quoted((char) (src[at] & 0xff)) + " where " + quoted(want) + " should be");
        }
        return at + 1;
    }

    private int space(int at) {
        while (at < src.length
            && (src[at] == ' ' || src[at] == '\n' || src[at] == '\t' || src[at] == '\r')) {
            at++;
        }
        return at;
    }

    /** A byte for people. */
    private static String quoted(char ch) {
        if (ch < ' ' || ch == 0x7f) {
            return String.format("'\\x%02x'", (int) ch);
        }
        return ch == '\'' || ch == '\\' ? "'\\" + ch + "'" : "'" + ch + "'";
    }

    /** The first 40 characters of a text for people. */
    static String quoted(byte[] s, int from, int to) {
        String text = new String(s, from, to - from, StandardCharsets.UTF_8);
        return Json.quote(text.substring(0, Math.min(40, text.length())));
    }
}
