package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one reader of events takes, the other takes as the same. */
class OddEventsTest {
    @ParameterizedTest
    @ValueSource(strings = {"binary", "json"})
    void oddEventsAreReadAsTheToolReadsThem(String form) {
        Golden g = new Golden("floats-by-name");
        Plan plan = form.equals(Plan.BINARY) ? g.plan : g.jsonPlan();
        Events events = new Events(plan);
        Column[] columns = {plan.layout.column(0, "identifier"), plan.layout.column(0, "valueInW")};
        List<Golden.Odd> all = Golden.odd(form);
        assertTrue(all.size() > 1000);
        for (Golden.Odd odd : all) {
            String says;
            String want = odd.says();
            try {
                byte[] row = events.decode(odd.wire());
                says = Row.seq(row) + " " + Row.ts(row) + " " + columns[0].get(row) + " "
                    + columns[1].get(row);
                if (!want.startsWith("\"")) {
                    String[] parts = want.split(" ");
                    want = parts[0] + " " + parts[1] + " " + parts[2] + " " + parts[4];
                }
            } catch (BadEvent e) {
                says = e.getMessage();
                want = offset(want.substring(1));
                says = offset(says);
            }
            assertEquals(want, says, () -> new String(odd.wire(), StandardCharsets.UTF_8));
        }
    }

    /** An error up to the offset it names: its words are for people. */
    private static String offset(String error) {
        int at = error.indexOf(": ", error.indexOf("offset"));
        return at < 0 ? error : error.substring(0, at);
    }
}
