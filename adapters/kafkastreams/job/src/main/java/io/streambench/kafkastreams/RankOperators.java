package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Plan;
import io.streambench.core.Ranking;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A rank is decided in two rounds: every task finds the leaders of its own keys (or events) when a
 * window closes there and passes them to the partition that owns the window; there the best are
 * answered once every task has closed it, which the marks between its records tell.
 *
 * <pre>
 *   task 0: leaders of w, mark --\
 *   task 1: leaders of w, mark ---> partition of w: best of all, once the least mark is beyond w
 * </pre>
 */
final class RankOperators {
    private RankOperators() {}

    /** The lines of windows of aggregates that are ranked: only the leaders of a task go on. */
    static WindowOperator.Lines leaders(Plan plan) {
        Ranking ranking = new Ranking(plan);
        Answers answers = new Answers(plan);
        Windows windows = new Windows(plan);
        return new WindowOperator.Lines() {
            @Override
            public void close(WindowOperator.Pane of, Outlet out) {
                long[] best = {Long.MIN_VALUE};
                of.each((key, acc) -> best[0] = Math.max(best[0], ranking.of(acc)));
                of.each((key, acc) -> {
                    if (ranking.of(acc) == best[0]) {
                        long[] line = answers.group(key, of.start, windows.end(of.start), acc);
                        out.pass(of.start, record(of.start, best[0], line));
                    }
                });
            }

            @Override
            public void refine(long start, long key, long[] acc, Outlet out) {
                throw new IllegalStateException("BUG: a rank is not refined");
            }
        };
    }

    private static byte[] record(long start, long by, long[] columns) {
        byte[] record = new byte[16 + 8 * columns.length];
        Bytes.putLong(record, 0, start);
        Bytes.putLong(record, 8, by);
        for (int i = 0; i < columns.length; i++) {
            Bytes.putLong(record, 16 + 8 * i, columns[i]);
        }
        return record;
    }

    /** What leads a window so far: records of one value. */
    private static final class Leaders {
        long best = Long.MIN_VALUE;
        List<byte[]> records = new ArrayList<>(1);
        boolean changed;
        boolean logged;

        void meet(long by, java.util.function.Supplier<byte[]> record) {
            if (by < best) {
                return;
            }
            if (by > best) {
                best = by;
                records = new ArrayList<>(1);
            }
            records.add(record.get());
            changed = true;
        }
    }

    /** Windows that hold leaders, in order of their starts. */
    private abstract static class Contest extends Operator {
        final Windows windows;
        final TreeMap<Long, Leaders> open = new TreeMap<>();

        Contest(String name, Plan plan, int feeders) {
            super(name, plan, feeders);
            windows = new Windows(plan);
        }

        /** The leaders of a window, which is over. */
        abstract void close(long start, Leaders leaders);

        Leaders leaders(long start) {
            return open.computeIfAbsent(start, none -> new Leaders());
        }

        @Override
        final void advance(long maxTs) {
            long watermark = windows.watermark(maxTs);
            while (!open.isEmpty()
                && windows.closesAt(windows.end(open.firstKey())) <= watermark) {
                Map.Entry<Long, Leaders> w = open.pollFirstEntry();
                close(w.getKey(), w.getValue());
                if (w.getValue().logged) {
                    log(key('b', w.getKey()), null);
                }
            }
        }

        @Override
        final long next(long maxTs) {
            long off = windows.sizeMs + windows.closesAt(0) + windows.boundMs;
            return (Math.floorDiv(maxTs - off, windows.slideMs) + 1) * windows.slideMs + off;
        }

        @Override
        final void saveEntries() {
            open.forEach((start, leaders) -> {
                if (leaders.changed) {
                    log(key('b', start), Rows.pack(List.of(Bytes.of(leaders.best)),
                        leaders.records));
                    leaders.changed = false;
                    leaders.logged = true;
                }
            });
        }

        @Override
        final void restoreEntry(byte[] key, byte[] value) {
            if (value == null) {
                open.remove(word(key, 0));
                return;
            }
            List<List<byte[]>> kept = Rows.unpack(value, 2);
            Leaders l = new Leaders();
            l.best = Bytes.getLong(kept.get(0).get(0), 0);
            l.records = kept.get(1);
            l.logged = true;
            open.put(word(key, 0), l);
        }
    }

    /** First round of a rank of events: the rows of a window that lead in this task. */
    static final class OfEvents extends Contest {
        private final Ranking ranking;
        private final Answers answers;

        OfEvents(String name, Plan plan, int feeders) {
            super(name, plan, feeders);
            ranking = new Ranking(plan);
            answers = new Answers(plan);
        }

        @Override
        void add(byte[] row, Side side) {
            long ts = Row.ts(row);
            long watermark = windows.watermark(marks.least());
            boolean kept = false;
            for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
                if (windows.droppedAt(windows.end(s)) <= watermark) {
                    break;
                }
                kept = true;
                leaders(s).meet(ranking.of(row), () -> row);
            }
            if (!kept) {
                out.late(row);
            }
        }

        @Override
        void close(long start, Leaders leaders) {
            for (byte[] row : leaders.records) {
                out.pass(start, record(start, leaders.best,
                    answers.event(row, start, windows.end(start))));
            }
        }
    }

    /** Second round: the best of what the tasks have passed on. */
    static final class Final extends Contest {
        Final(String name, Plan plan, int feeders) {
            super(name, plan, feeders);
        }

        @Override
        void add(byte[] row, Side side) {
            throw new IllegalStateException("BUG: a rank takes what was passed on alone");
        }

        @Override
        void take(byte[] record) {
            leaders(Bytes.getLong(record, 0)).meet(Bytes.getLong(record, 8), () -> record);
        }

        @Override
        void close(long start, Leaders leaders) {
            for (byte[] record : leaders.records) {
                long[] words = Bytes.words(record);
                out.answer(java.util.Arrays.copyOfRange(words, 2, words.length));
            }
        }
    }
}
