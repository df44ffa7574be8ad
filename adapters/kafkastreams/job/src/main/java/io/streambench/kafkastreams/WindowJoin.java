package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.Bytes;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Query.ResultField;
import io.streambench.core.Row;
import io.streambench.core.Selection.Side;
import io.streambench.core.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A join of what lies in the same window; its pairs are answered when that closes. */
final class WindowJoin extends Operator {
    private final Windows windows;
    private final Keys keys;
    private final Answers answers;
    private final int[] identity; // columns that name a pair, where each is answered but once
    private final TreeMap<Long, ByteMap<Pairs>> open = new TreeMap<>();

    private static final class Pairs {
        List<byte[]> these = new ArrayList<>(1);
        List<byte[]> others = new ArrayList<>(1);
    }

    WindowJoin(String name, Plan plan, int feeders) {
        super(name, plan, feeders);
        windows = new Windows(plan);
        keys = new Keys(plan);
        answers = new Answers(plan);
        List<ResultField> fields = plan.query.output().fields();
        identity = !plan.query.join().distinct() ? null
            : java.util.stream.IntStream.range(0, fields.size())
                .filter(i -> fields.get(i).identity()).toArray();
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
            Pairs p = open.computeIfAbsent(s, none -> new ByteMap<>())
                .change(keys.all(side, row), Pairs::new);
            (side == Side.THIS ? p.these : p.others).add(row);
        }
        if (!kept) {
            out.late(row);
        }
    }

    @Override
    void advance(long maxTs) {
        long watermark = windows.watermark(maxTs);
        while (!open.isEmpty() && windows.closesAt(windows.end(open.firstKey())) <= watermark) {
            Map.Entry<Long, ByteMap<Pairs>> w = open.pollFirstEntry();
            close(w.getKey(), w.getValue());
            w.getValue().eachLogged((key, p) -> log(entry(w.getKey(), key), null));
        }
    }

    private void close(long start, ByteMap<Pairs> pane) {
        Set<List<Long>> seen = new HashSet<>();
        pane.each((key, p) -> {
            for (byte[] these : p.these) {
                for (byte[] other : p.others) {
                    long[] columns = answers.pair(these, other, start, windows.end(start));
                    if (identity == null || seen.add(Arrays.stream(identity)
                        .mapToObj(i -> columns[i]).toList())) {
                        out.answer(columns);
                    }
                }
            }
        });
    }

    private static byte[] entry(long start, byte[] key) {
        byte[] entry = new byte[9 + key.length];
        entry[0] = 'w';
        Bytes.putLong(entry, 1, start);
        System.arraycopy(key, 0, entry, 9, key.length);
        return entry;
    }

    @Override
    long next(long maxTs) {
        long off = windows.sizeMs + windows.closesAt(0) + windows.boundMs;
        return (Math.floorDiv(maxTs - off, windows.slideMs) + 1) * windows.slideMs + off;
    }

    @Override
    void saveEntries() {
        open.forEach((start, pane) -> pane.save((key, p) ->
            log(entry(start, key), Rows.pack(p.these, p.others))));
    }

    @Override
    void restoreEntry(byte[] entry, byte[] value) {
        ByteMap<Pairs> pane = open.computeIfAbsent(word(entry, 0), none -> new ByteMap<>());
        byte[] key = Arrays.copyOfRange(entry, 9, entry.length);
        if (value == null) {
            pane.restore(key, null);
            if (pane.isEmpty()) {
                open.remove(word(entry, 0));
            }
            return;
        }
        List<List<byte[]>> kept = Rows.unpack(value, 2);
        Pairs p = new Pairs();
        p.these = kept.get(0);
        p.others = kept.get(1);
        pane.restore(key, p);
    }
}
