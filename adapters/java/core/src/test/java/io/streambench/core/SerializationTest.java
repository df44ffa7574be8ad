package io.streambench.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a framework ships to its workers is made anew there from the plan. */
class SerializationTest {
    private static Object parts(Plan plan) {
        return new Object[] {new Events(plan), new Selection(plan), new Keys(plan),
            new Windows(plan), new Fold(plan), new Answers(plan),
            new Results(plan, Stream.ANSWERS), new Joins(plan), new Sessions(plan), plan};
    }

    @ParameterizedTest
    @ValueSource(strings = {"iot-telemetry", "nexmark-q4", "clickstream-lateness", "uc2", "poison"})
    void partsArriveWhole(String name) throws Exception {
        Golden g = new Golden(name);
        Object[] again = (Object[]) GoldenTest.again(parts(g.plan));
        Plan plan = (Plan) again[again.length - 1];
        assertNotSame(g.plan, plan);
        assertEquals(g.plan.json, plan.json);
        assertEquals(new Fold(g.plan).width(), ((Fold) again[4]).zero().length);
        assertEquals(new Windows(g.plan).gapMs, ((Windows) again[3]).gapMs);
    }

    @Test
    void aMachineArrivesWhole() throws Exception {
        for (String name : new String[] {"fraud", "cqrs", "shuffle"}) {
            Plan plan = new Golden(name).plan;
            Machine machine = Machine.of(plan);
            Machine again = GoldenTest.again(machine);
            assertEquals(machine.words(), again.words());
            if (machine.manyKeys()) {
                for (byte[] wire : new Golden(name).events(Plan.BINARY)) {
                    byte[] row = new Events(plan).decode(wire);
                    assertArrayEquals(machine.keys(row), again.keys(row));
                }
            }
        }
    }

    @Test
    void aRankingArrivesWhole() throws Exception {
        Plan plan = new Golden("nexmark-q5").plan;
        assertEquals(7, GoldenTest.again(new Ranking(plan)).of(new long[] {7, 0}));
    }
}
