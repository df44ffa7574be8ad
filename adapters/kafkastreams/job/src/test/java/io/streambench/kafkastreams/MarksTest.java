package io.streambench.kafkastreams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MarksTest {
    @Test
    void theLeastOfAllTasksCounts() {
        Marks marks = new Marks(2);
        assertFalse(marks.raise(0, 10));
        assertEquals(Marks.NONE, marks.least());
        assertTrue(marks.raise(1, 5));
        assertEquals(5, marks.least());
        assertFalse(marks.raise(0, 20));
        assertFalse(marks.raise(0, 15)); // it never falls
        assertTrue(marks.raise(1, Marks.END));
        assertEquals(20, marks.least());
    }

    @Test
    void whatWasKeptIsTakenBack() {
        Marks marks = new Marks(2);
        marks.raise(0, 10);
        marks.raise(1, 7);
        byte[] kept = marks.save();
        assertNull(marks.save());
        Marks other = new Marks(2);
        other.restore(kept);
        assertEquals(7, other.least());
        assertNull(other.save());
    }

    @Test
    void aTaskWithoutEventsIsNotWaitedFor() {
        Marks marks = new Marks(2);
        marks.raise(0, 10);
        assertTrue(marks.raise(1, Marks.VACANT));
        assertEquals(10, marks.least());
        assertFalse(marks.raise(1, 3)); // it has some after all; what was said stays
        assertFalse(marks.raise(0, 20));
        assertEquals(10, marks.least());
        assertTrue(marks.raise(1, 15));
        assertEquals(15, marks.least());
    }
}
