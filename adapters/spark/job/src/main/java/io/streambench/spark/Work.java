package io.streambench.spark;

import io.streambench.core.Answers;
import io.streambench.core.Events;
import io.streambench.core.Fold;
import io.streambench.core.Keys;
import io.streambench.core.Plan;
import io.streambench.core.Ranking;
import io.streambench.core.Results;
import io.streambench.core.Selection;
import io.streambench.core.Stream;
import io.streambench.core.Windows;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a job is made of, bound once in each virtual machine: a task is handed the text of the plan and
 * finds here what tasks before it have made of it.
 */
final class Work {
    private static final int KEPT = 4;
    private static final Map<String, Work> MADE = new LinkedHashMap<>();

    final Plan plan;
    final Events events;
    final Selection selection;
    final Keys keys;
    final Windows windows;
    final Fold fold;
    final Answers answers;
    final Ranking ranking; // null without
    private final Results results;
    private final Results late; // null without

    private Work(Plan plan) {
        this.plan = plan;
        events = new Events(plan);
        selection = new Selection(plan);
        keys = new Keys(plan);
        windows = new Windows(plan);
        fold = new Fold(plan);
        answers = new Answers(plan);
        ranking = plan.query.rank() == null ? null : new Ranking(plan);
        results = new Results(plan, Stream.ANSWERS);
        late = plan.query.late() == null ? null : new Results(plan, Stream.LATE);
    }

    private static synchronized Work of(String json) {
        Work work = MADE.get(json);
        if (work == null) {
            if (MADE.size() >= KEPT) {
                MADE.remove(MADE.keySet().iterator().next());
            }
            work = new Work(Plan.parse(json));
            MADE.put(json, work);
        }
        return work;
    }

    /** A result in its wire form, with where it goes. */
    byte[] answer(long[] row) {
        return Parcel.of(Stream.ANSWERS, results.partition(row), results.encode(row));
    }

    /** A row of the late output. */
    byte[] late(byte[] event) {
        long[] row = answers.late(event);
        return Parcel.of(Stream.LATE, late.partition(row), late.encode(row));
    }

    /** How work travels: as the text of its plan. */
    static final class Ref implements Serializable {
        private static final long serialVersionUID = 1;

        private final String json;
        private transient Work work;

        Ref(Plan plan) {
            json = plan.json;
        }

        /** The work, made by whoever asks first. One thread at a time. */
        Work get() {
            if (work == null) {
                work = of(json);
            }
            return work;
        }
    }
}
