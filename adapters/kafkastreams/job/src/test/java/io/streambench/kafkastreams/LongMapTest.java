package io.streambench.kafkastreams;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LongMapTest {
    /** Whatever is done, it holds what a plain map would, and tells what has changed since. */
    @Test
    void itIsAMapThatKnowsWhatHasChanged() {
        Random random = new Random(1);
        LongMap<Long> map = new LongMap<>();
        Map<Long, Long> plain = new HashMap<>();
        Map<Long, Long> changelog = new HashMap<>();
        Set<Long> changed = new HashSet<>();
        for (int i = 0; i < 200_000; i++) {
            long key = random.nextInt(500) * (random.nextBoolean() ? 1L << 32 : 1);
            switch (random.nextInt(10)) {
                case 0 -> {
                    boolean logged = map.remove(key);
                    plain.remove(key);
                    changed.remove(key);
                    assertEquals(changelog.containsKey(key), logged);
                    changelog.remove(key);
                }
                case 1 -> {
                    if (random.nextInt(50) == 0) {
                        map.save((k, v) -> {
                            assertEquals(true, changed.remove(k));
                            changelog.put(k, v);
                        });
                        assertEquals(Set.of(), changed);
                        assertEquals(plain, changelog);
                    }
                }
                default -> {
                    map.put(key, (long) i);
                    plain.put(key, (long) i);
                    changed.add(key);
                }
            }
            assertEquals(plain.get(key), map.get(key));
            assertEquals(plain.size(), map.size());
        }
        Map<Long, Long> all = new HashMap<>();
        map.each(all::put);
        assertEquals(plain, all);
    }
}
