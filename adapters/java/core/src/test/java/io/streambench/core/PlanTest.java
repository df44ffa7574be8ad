package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PlanTest {
    @Test
    void aPlanSaysWhatTheJobIs() throws Exception {
        Plan plan = GoldenTest.again(new Golden("clickstream-lateness").plan);
        assertEquals("golden", plan.runId);
        assertEquals("kafka-1:9093", plan.bootstrap);
        assertEquals(8, plan.partitions);
        assertEquals("golden.results", plan.topics.of(Stream.ANSWERS));
        assertEquals(true, plan.exactlyOnce());
        assertEquals(1000, plan.checkpointMs);
        assertEquals(Map.of("a.b", "c"), plan.settings);
        assertEquals(true, plan.query.window().gapInclusive());
        assertEquals(60_000, plan.query.latenessMs());
        assertEquals(7, plan.query.width());
        assertEquals("7", Settings.text(plan, "x", "7"));
    }

    @Test
    void recordKeysAreThoseOfTheDriver() {
        assertEquals("ad_id", new Golden("ysb").plan.recordKey(0));
        assertEquals("seq", new Golden("shuffle").plan.recordKey(0));
        assertEquals("auction", new Golden("nexmark-q5").plan.recordKey(2));
        assertEquals("id", new Golden("nexmark-q5").plan.recordKey(1));
    }

    @Test
    void whatIsNoPlanIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Plan.parse("{}"));
        String json = new Golden("nexmark-q5").json;
        assertThrows(IllegalArgumentException.class,
            () -> Plan.parse(json.replace("\"key\":\"auction\"", "\"key\":\"url\"")));
        assertThrows(IllegalArgumentException.class,
            () -> Plan.parse(json.replace("\"key\":\"auction\"", "\"key\":\"nobody\"")));
        assertThrows(IllegalArgumentException.class,
            () -> Plan.parse(json.replace("\"hopping\"", "\"round\"")));
    }
}
