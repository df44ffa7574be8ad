package io.streambench.core;

import java.nio.charset.StandardCharsets;

/** How values are written in JSON. */
final class Json {
    private Json() {}

    /** A string in quotes, with the escapes the tool writes and no others. */
    static String quote(String s) {
        StringBuilder out = new StringBuilder(s.length() + 2).append('"');
        for (int i = 0; i < s.length(); i++) {
            char ch = s.charAt(i);
            if (ch == '"' || ch == '\\') {
                out.append('\\').append(ch);
            } else if (ch < ' ') {
                out.append(String.format("\\u%04x", (int) ch));
            } else {
                out.append(ch);
            }
        }
        return out.append('"').toString();
    }

    /** A decimal that reads back as the same double. */
    static byte[] number(double x) {
        return Double.toString(x).getBytes(StandardCharsets.US_ASCII);
    }
}
