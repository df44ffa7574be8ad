package io.streambench.core;

import io.streambench.core.Query.ResultField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The columns of a result that name it, and what is left of results by their kind. */
final class Identity {
    private final Query query;
    private final List<Integer> columns = new ArrayList<>();

    Identity(Query query) {
        this.query = query;
        int at = 0;
        for (ResultField f : query.output().fields()) {
            if (f.identity()) {
                columns.add(at);
            }
            at += query.width(f);
        }
    }

    long[] of(long[] row) {
        return columns.stream().mapToLong(c -> row[c]).toArray();
    }

    /** What counts of results in the order they were given. */
    List<long[]> left(List<long[]> results) {
        if (query.output().kind() == Query.ResultKind.APPEND) {
            return results;
        }
        Map<String, long[]> left = new LinkedHashMap<>();
        for (long[] row : results) {
            String name = Arrays.toString(of(row));
            if (query.retracts()) {
                retract(left, name, row);
            } else if (query.output().kind() == Query.ResultKind.UPSERT) {
                left.put(name, row);
            } else {
                left.merge(name, row.clone(), this::sum);
            }
        }
        return List.copyOf(left.values());
    }

    private void retract(Map<String, long[]> left, String name, long[] row) {
        int op = row.length - 1;
        long[] before = left.get(name);
        long[] now = row.clone();
        now[op] = Query.INSERT;
        boolean right = switch ((int) row[op]) {
            case 0 -> before == null;
            case 1 -> before != null;
            default -> Arrays.equals(before, now);
        };
        if (!right) {
            throw new AssertionError(Arrays.toString(row) + " after " + Arrays.toString(before));
        }
        if (row[op] == Query.RETRACT) {
            left.remove(name);
        } else {
            left.put(name, now);
        }
    }

    private long[] sum(long[] a, long[] b) {
        for (int i = 0; i < a.length; i++) {
            a[i] = columns.contains(i) ? a[i] : a[i] + b[i];
        }
        return a;
    }
}
