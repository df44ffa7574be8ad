package io.streambench.core;

import io.streambench.core.Selection.Side;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs a plan in one thread and in memory, by the parts that the jobs of all frameworks are made
 * of: what they can say is right or wrong here first.
 */
final class Reference {
    final List<long[]> results = new ArrayList<>();
    final List<long[]> late = new ArrayList<>();
    private final Selection selection;
    private final Operator operator;
    private final Windows windows;
    private long maxTs = Long.MIN_VALUE / 2;

    /** The part that depends on the shape of the query. */
    private interface Operator {
        /** A row the query reads, and the watermark before it. */
        void row(Side side, byte[] row, long watermark);

        /** The watermark has risen. */
        default void advance(long watermark) {}

        /** The end event came, after which the watermark is beyond everything. */
        default void end() {}
    }

    Reference(Plan plan) {
        selection = new Selection(plan);
        windows = new Windows(plan);
        operator = operator(plan);
    }

    private Operator operator(Plan plan) {
        Query q = plan.query;
        if (q.perEvent()) {
            Answers answers = new Answers(plan);
            return (side, row, watermark) -> results.add(answers.event(row));
        }
        if (q.process() != null) {
            return new Processing(plan);
        }
        if (q.latest() != null) {
            return new Newest(plan);
        }
        if (q.join() != null) {
            return switch (q.join().kind()) {
                case TABLE -> new TableJoin(plan);
                case WINDOW -> new WindowJoin(plan);
                case BEST -> new BestJoin(plan);
            };
        }
        return switch (q.window().kind()) {
            case SESSION -> new SessionWindows(plan);
            case SLIDING -> new SlidingWindows(plan);
            default -> q.window().processing() ? new Batches(plan) : new FixedWindows(plan);
        };
    }

    /** Takes a row in the order of the stream. */
    void take(byte[] row) {
        Side side = selection.side(row);
        if (side != Side.NONE) {
            operator.row(side, row, windows.watermark(maxTs));
        }
        if (Row.ts(row) > maxTs) {
            maxTs = Row.ts(row);
            operator.advance(windows.watermark(maxTs));
        }
        if (Row.end(row)) {
            operator.end();
        }
    }

    /** Tumbling and hopping windows, and ranks over them. */
    private final class FixedWindows implements Operator {
        private final Query query;
        private final Fold fold;
        private final Keys keys;
        private final Answers answers;
        private final Ranking ranking;
        private final TreeMap<Long, Map<Long, long[]>> open = new TreeMap<>(); // start, key
        private final TreeMap<Long, List<byte[]>> best = new TreeMap<>(); // of a rank of events
        private final Set<Long> closed = new HashSet<>();

        FixedWindows(Plan plan) {
            query = plan.query;
            fold = new Fold(plan);
            keys = new Keys(plan);
            answers = new Answers(plan);
            ranking = query.rank() == null ? null : new Ranking(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            boolean kept = false;
            long ts = Row.ts(row);
            for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
                if (watermark >= windows.droppedAt(windows.end(s))) {
                    continue;
                }
                kept = true;
                if (ranking != null && ranking.events()) {
                    rank(s, row);
                    continue;
                }
                Map<Long, long[]> groups = open.computeIfAbsent(s, x -> new TreeMap<>());
                long key = keys.of(row);
                long[] acc = fold.add(groups.computeIfAbsent(key, x -> fold.zero()), row);
                groups.put(key, acc);
                if (closed.contains(s)) { // an allowed late event refines
                    results.add(answers.group(key, s, windows.end(s), acc));
                }
            }
            if (!kept && query.late() != null) {
                late.add(answers.late(row));
            }
        }

        private void rank(long start, byte[] row) {
            List<byte[]> first = best.computeIfAbsent(start, x -> new ArrayList<>());
            if (!first.isEmpty() && ranking.of(row) > ranking.of(first.get(0))) {
                first.clear();
            }
            if (first.isEmpty() || ranking.of(row) == ranking.of(first.get(0))) {
                first.add(row);
            }
        }

        @Override
        public void advance(long watermark) {
            for (long s : List.copyOf(best.keySet())) {
                if (watermark >= windows.closesAt(windows.end(s))) {
                    best.remove(s).forEach(
                        row -> results.add(answers.event(row, s, windows.end(s))));
                }
            }
            for (long s : List.copyOf(open.keySet())) {
                long end = windows.end(s);
                if (watermark >= windows.closesAt(end) && closed.add(s)) {
                    close(s, open.get(s));
                }
                if (watermark >= windows.droppedAt(end)) {
                    open.remove(s);
                    closed.remove(s);
                }
            }
        }

        private void close(long start, Map<Long, long[]> groups) {
            long most = Long.MIN_VALUE;
            for (long[] acc : groups.values()) {
                most = ranking == null ? most : Math.max(most, ranking.of(acc));
            }
            for (var e : groups.entrySet()) {
                if (ranking == null || ranking.of(e.getValue()) == most) {
                    results.add(answers.group(e.getKey(), start, windows.end(start), e.getValue()));
                }
            }
        }
    }

    /** Windows of processing time, which may begin and end anywhere. */
    private final class Batches implements Operator {
        private final Fold fold;
        private final Keys keys;
        private final Answers answers;
        private final Map<Long, long[]> groups = new TreeMap<>();
        private int rows;

        Batches(Plan plan) {
            fold = new Fold(plan);
            keys = new Keys(plan);
            answers = new Answers(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            long key = keys.of(row);
            groups.put(key, fold.add(groups.computeIfAbsent(key, x -> fold.zero()), row));
            if (++rows % 100 == 0) {
                end();
            }
        }

        @Override
        public void end() {
            groups.forEach((key, acc) -> results.add(answers.group(key, 0, 0, acc)));
            groups.clear();
        }
    }

    private final class SessionWindows implements Operator {
        private final Sessions sessions;
        private final Keys keys;
        private final Map<Long, byte[]> all = new TreeMap<>();

        SessionWindows(Plan plan) {
            sessions = new Sessions(plan);
            keys = new Keys(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            long key = keys.of(row);
            List<Sessions.One> of = sessions.read(all.get(key));
            sessions.add(of, key, row, watermark, results::add);
            all.put(key, sessions.write(of));
        }

        @Override
        public void advance(long watermark) {
            all.replaceAll((key, bytes) -> {
                List<Sessions.One> of = sessions.read(bytes);
                if (sessions.due(of) <= watermark) {
                    sessions.advance(of, key, watermark, results::add);
                }
                return sessions.write(of);
            });
        }
    }

    /** Every event over its key's events at most a window older, once it is final. */
    private final class SlidingWindows implements Operator {
        private final Fold fold;
        private final Keys keys;
        private final Answers answers;
        private final PriorityQueue<byte[]> waiting = new PriorityQueue<>(BY_TIME);
        private final Map<Long, List<byte[]>> past = new HashMap<>();

        SlidingWindows(Plan plan) {
            fold = new Fold(plan);
            keys = new Keys(plan);
            answers = new Answers(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            if (watermark < windows.droppedAt(Row.ts(row))) {
                waiting.add(row);
            }
        }

        @Override
        public void advance(long watermark) {
            while (!waiting.isEmpty()
                && watermark >= windows.closesAt(Row.ts(waiting.peek()))) {
                List<byte[]> now = new ArrayList<>();
                long ts = Row.ts(waiting.peek());
                while (!waiting.isEmpty() && Row.ts(waiting.peek()) == ts) {
                    byte[] row = waiting.remove();
                    now.add(row);
                    past.computeIfAbsent(keys.of(row), x -> new ArrayList<>()).add(row);
                }
                now.forEach(this::answer);
            }
        }

        private void answer(byte[] row) {
            long[] acc = fold.zero();
            for (byte[] old : past.get(keys.of(row))) {
                if (Row.ts(old) >= Row.ts(row) - windows.sizeMs) {
                    acc = fold.add(acc, old);
                }
            }
            results.add(answers.sliding(keys.of(row), Row.seq(row), acc));
        }
    }

    private static final Comparator<byte[]> BY_TIME =
        Comparator.<byte[]>comparingLong(Row::ts).thenComparingLong(Row::seq);

    private final class Processing implements Operator {
        private final Machine machine;
        private final Keys keys;
        private final Map<Long, long[]> states = new TreeMap<>();
        private final TreeMap<Long, Long> timers = new TreeMap<>(); // by key
        private final PriorityQueue<byte[]> waiting = new PriorityQueue<>(BY_TIME);

        Processing(Plan plan) {
            machine = Machine.of(plan);
            keys = new Keys(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            if (!machine.sorted()) {
                step(row);
            } else if (Row.ts(row) >= watermark) {
                waiting.add(row);
            }
        }

        private void step(byte[] row) {
            long[] of = machine.manyKeys() ? machine.keys(row) : new long[] {keys.of(row)};
            for (long key : of) {
                long[] state = states.computeIfAbsent(key, x -> new long[machine.words()]);
                set(key, machine.step(state, key, row, results::add));
            }
        }

        private void set(long key, long timer) {
            if (timer > 0) {
                timers.put(key, timer);
            } else if (timer < 0) {
                timers.remove(key);
            }
        }

        @Override
        public void advance(long watermark) {
            for (;;) {
                long event = waiting.isEmpty() ? Long.MAX_VALUE : Row.ts(waiting.peek());
                var timer = timers.entrySet().stream().min(Map.Entry.comparingByValue());
                long fire = timer.map(Map.Entry::getValue).orElse(Long.MAX_VALUE);
                if (event <= fire && event < watermark) {
                    step(waiting.remove());
                } else if (fire < event && (machine.sorted() ? fire < watermark
                    : fire <= watermark)) {
                    long key = timer.get().getKey();
                    timers.remove(key);
                    set(key, machine.fire(states.get(key), key, fire, results::add));
                } else {
                    return;
                }
            }
        }

        @Override
        public void end() {
            advance(Long.MAX_VALUE);
            if (machine.ends()) {
                states.forEach((key, state) -> machine.end(state, key, results::add));
            }
        }
    }

    private final class Newest implements Operator {
        private final Keys keys;
        private final Answers answers;
        private final Map<String, byte[]> newest = new HashMap<>();

        Newest(Plan plan) {
            keys = new Keys(plan);
            answers = new Answers(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            String key = name(keys.all(row));
            byte[] before = newest.get(key);
            if (before == null || Joins.newer(row, before)) {
                newest.put(key, row);
                results.add(answers.event(row));
            }
        }
    }

    private static String name(byte[] bytes) {
        return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private final class TableJoin implements Operator {
        private final Keys keys;
        private final Answers answers;
        private final Map<String, List<byte[]>> waiting = new HashMap<>();
        private final Map<String, byte[]> others = new HashMap<>();
        private final Set<String> barren = new HashSet<>();

        TableJoin(Plan plan) {
            keys = new Keys(plan);
            answers = new Answers(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            String key = name(keys.all(side, row));
            switch (side) {
                case OTHER -> {
                    others.put(key, row);
                    List<byte[]> these = waiting.remove(key);
                    if (these != null) {
                        these.forEach(it -> results.add(answers.pair(it, row, 0, 0)));
                    }
                }
                case BARREN -> {
                    barren.add(key);
                    waiting.remove(key);
                }
                default -> {
                    byte[] other = others.get(key);
                    if (other != null) {
                        results.add(answers.pair(row, other, 0, 0));
                    } else if (!barren.contains(key)) {
                        waiting.computeIfAbsent(key, x -> new ArrayList<>()).add(row);
                    }
                }
            }
        }
    }

    private final class WindowJoin implements Operator {
        private final Query query;
        private final Keys keys;
        private final Answers answers;
        private final TreeMap<Long, List<byte[]>> these = new TreeMap<>();
        private final TreeMap<Long, List<byte[]>> others = new TreeMap<>();

        WindowJoin(Plan plan) {
            query = plan.query;
            keys = new Keys(plan);
            answers = new Answers(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            long ts = Row.ts(row);
            for (long s = windows.newest(ts); windows.holds(s, ts); s -= windows.slideMs) {
                if (watermark < windows.droppedAt(windows.end(s))) {
                    (side == Side.THIS ? these : others)
                        .computeIfAbsent(s, x -> new ArrayList<>()).add(row);
                }
            }
        }

        @Override
        public void advance(long watermark) {
            for (long s : List.copyOf(these.keySet())) {
                if (watermark >= windows.closesAt(windows.end(s))) {
                    pair(s, these.remove(s), others.getOrDefault(s, List.of()));
                }
            }
        }

        private void pair(long start, List<byte[]> these, List<byte[]> others) {
            Set<String> said = new HashSet<>();
            for (byte[] a : these) {
                for (byte[] b : others) {
                    if (java.util.Arrays.equals(keys.all(Side.THIS, a), keys.all(Side.OTHER, b))) {
                        long[] row = answers.pair(a, b, start, windows.end(start));
                        if (!query.join().distinct()
                            || said.add(name(Bytes.of(new Identity(query).of(row))))) {
                            results.add(row);
                        }
                    }
                }
            }
        }
    }

    private final class BestJoin implements Operator {
        private final Query query;
        private final Keys keys;
        private final Joins joins;
        private final Fold fold;
        private final Answers answers;
        private final Map<String, List<byte[]>> waiting = new HashMap<>();
        private final Map<String, byte[]> others = new HashMap<>();
        private final Map<String, byte[]> best = new HashMap<>();
        private final Set<String> barren = new HashSet<>();
        private final Map<Long, long[]> groups = new HashMap<>();

        BestJoin(Plan plan) {
            query = plan.query;
            keys = new Keys(plan);
            joins = new Joins(plan);
            fold = new Fold(plan);
            answers = new Answers(plan);
        }

        @Override
        public void row(Side side, byte[] row, long watermark) {
            String key = name(keys.all(side, row));
            switch (side) {
                case OTHER -> {
                    others.put(key, row);
                    List<byte[]> these = waiting.remove(key);
                    if (these != null) {
                        these.forEach(it -> enter(key, it, row));
                    }
                }
                case BARREN -> {
                    barren.add(key);
                    waiting.remove(key);
                }
                default -> {
                    byte[] other = others.get(key);
                    if (other != null) {
                        enter(key, row, other);
                    } else if (!barren.contains(key)) {
                        waiting.computeIfAbsent(key, x -> new ArrayList<>()).add(row);
                    }
                }
            }
        }

        private void enter(String key, byte[] row, byte[] other) {
            byte[] before = best.get(key);
            if (!joins.valid(row, other) || before != null && !joins.better(row, before)) {
                return;
            }
            best.put(key, row);
            if (!query.regroups()) {
                results.add(answers.pair(row, other, 0, 0));
                return;
            }
            long group = joins.group(other);
            long[] acc = groups.computeIfAbsent(group, x -> fold.zero());
            if (before != null) {
                fold.remove(acc, before);
            }
            groups.put(group, fold.add(acc, row));
            results.add(answers.group(group, 0, 0, groups.get(group)));
        }
    }
}
