package io.streambench.kafkastreams;

import io.streambench.core.Answers;
import io.streambench.core.BadEvent;
import io.streambench.core.Bytes;
import io.streambench.core.DeadLetter;
import io.streambench.core.Events;
import io.streambench.core.Keys;
import io.streambench.core.Machine;
import io.streambench.core.Partitions;
import io.streambench.core.Plan;
import io.streambench.core.Results;
import io.streambench.core.Row;
import io.streambench.core.Selection;
import io.streambench.core.Selection.Side;
import io.streambench.core.Stream;
import java.time.Duration;
import java.util.function.IntPredicate;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * One sub-topology: reads the input or an internal topic, drives the operator it has, and writes
 * answers or records for the stage behind.
 *
 * <pre>
 *   input --decode, select--> operator --answers, late--> outputs
 *                        \       \--passed, marks--> internal topic --> next stage
 *                         \--rows, marks--> internal topic --> next stage      (without operator)
 * </pre>
 *
 * Marks and end events go to every partition of the internal topic, in order behind what they
 * close.
 */
final class Stage implements Processor<byte[], byte[], To, byte[]>, Outlet {
    /** How often a mark that was not told yet is, and the clock of the machine is looked at. */
    private static final Duration TICK = Duration.ofMillis(100);

    private final Wiring.Step step;
    private final Plan plan;
    private final Counters counters;
    private final IntPredicate vacant;
    private final boolean stored;
    private ProcessorContext<To, byte[]> context;
    private Operator operator; // null where rows are only sent on
    private Marks marks;
    private Operator pacer; // what the marks of this stage are for; null without a stage behind
    private long tellAt = Marks.NONE; // the least mark that is worth telling at once
    private long told = Marks.NONE;
    private long nowMs; // event time of the record in hand
    private Events events;
    private Selection selection;
    private Keys keys;
    private Machine machine; // whose events have many keys; null without
    private Answers answers;
    private Results results;
    private Results lateRows;

    Stage(Wiring.Step step, Wiring of) {
        this.step = step;
        plan = of.plan;
        counters = of.counters;
        vacant = of.vacant;
        stored = of.stored(step);
    }

    @Override
    public void init(ProcessorContext<To, byte[]> of) {
        context = of;
        events = new Events(plan);
        selection = new Selection(plan);
        keys = new Keys(plan);
        answers = new Answers(plan);
        results = new Results(plan, Stream.ANSWERS);
        lateRows = plan.query.late() == null ? null : new Results(plan, Stream.LATE);
        if (step.operator() == null) {
            marks = new Marks(1);
            Machine m = plan.query.process() == null ? null : Machine.of(plan);
            machine = m != null && m.manyKeys() ? m : null;
        } else {
            operator = of.getStateStore(step.name());
            operator.out = this;
            if (stored) {
                operator.bind(of.getStateStore(step.rows()));
            }
            operator.resume();
            marks = operator.marks;
        }
        pacer = step.next() == null ? null : step.next().operator().apply("", plan, 1);
        if (pacer != null || plan.query.window().processing()) {
            of.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        nowMs = record.timestamp();
        if (step.fromInput()) {
            event(record);
        } else {
            internal(record);
        }
        if (pacer != null && marks.least() >= tellAt) {
            tell();
        }
    }

    private void event(Record<byte[], byte[]> record) {
        byte[] row;
        try {
            row = events.decode(record.value());
        } catch (BadEvent e) {
            bury(record, e);
            return;
        }
        if (Row.end(row)) {
            raise(0, Marks.END);
            return;
        }
        raise(0, Row.ts(row));
        Side side = selection.side(row);
        if (side == Side.NONE) {
            return;
        }
        if (operator != null) {
            operator.add(row, side);
        } else if (machine == null) {
            send(To.KINDS[side == Side.THIS ? To.THESE : side == Side.OTHER ? To.OTHER : To.BARREN],
                keys.of(side == Side.THIS ? side : Side.OTHER, row), row);
        } else {
            for (long key : machine.keys(row)) {
                byte[] record2 = new byte[8 + row.length];
                Bytes.putLong(record2, 0, key);
                System.arraycopy(row, 0, record2, 8, row.length);
                send(To.KINDS[To.PASSED], key, record2);
            }
        }
    }

    private void internal(Record<byte[], byte[]> record) {
        byte[] value = record.value();
        switch (record.key()[0]) {
            case To.THESE -> operator.add(value, Side.THIS);
            case To.OTHER -> operator.add(value, Side.OTHER);
            case To.BARREN -> operator.add(value, Side.BARREN);
            case To.PASSED -> operator.take(value);
            default -> raise((int) Bytes.getLong(value, 0), Bytes.getLong(value, 8));
        }
    }

    private void raise(int task, long mark) {
        if (!marks.raise(task, mark) || operator == null) {
            return;
        }
        operator.advance(marks.least());
        if (marks.least() == Marks.END) {
            operator.end();
        }
    }

    /** Tells the stage behind how far this task is, and when to do so again. */
    private void tell() {
        told = marks.least();
        tellAt = told == Marks.END ? Long.MAX_VALUE : Math.min(Marks.END, pacer.next(told));
        send(told);
    }

    private void send(long mark) {
        byte[] value = Bytes.of(context.taskId().partition(), mark);
        To all = new To(To.KINDS[To.MARK], To.ALL);
        context.forward(new Record<>(all, value, nowMs), step.passes());
    }

    private void tick(long wallMs) {
        if (operator != null) {
            operator.tick(System.currentTimeMillis());
        }
        long mark = marks.least();
        if (pacer == null) {
            return;
        }
        if (mark > told && pacer.next(mark) < Marks.END) {
            tell();
        } else if (step.fromInput() && mark == Marks.NONE && told != Marks.VACANT
            && vacant.test(context.taskId().partition())) {
            told = Marks.VACANT;
            send(Marks.VACANT);
        }
    }

    @Override
    public void answer(long[] columns) {
        context.forward(new Record<>(new To(null, results.partition(columns)),
            results.encode(columns), nowMs), step.answers());
    }

    @Override
    public void late(byte[] row) {
        counters.late.increment();
        if (lateRows != null) {
            long[] columns = answers.late(row);
            context.forward(new Record<>(new To(null, lateRows.partition(columns)),
                lateRows.encode(columns), nowMs), step.late());
        }
    }

    @Override
    public void pass(long key, byte[] record) {
        send(To.KINDS[To.PASSED], key, record);
    }

    private void send(byte[] kind, long key, byte[] value) {
        To owner = new To(kind, Partitions.of(key, plan.partitions));
        context.forward(new Record<>(owner, value, nowMs), step.passes());
    }

    /** Hands on an event nobody can read, where the query has an output for them. */
    private void bury(Record<byte[], byte[]> record, BadEvent why) {
        RecordMetadata at = context.recordMetadata().orElseThrow();
        if (!plan.query.deadLetters()) {
            throw new IllegalArgumentException("read event at partition " + at.partition()
                + " offset " + at.offset() + ": " + why.getMessage(), why);
        }
        Header seq = record.headers().lastHeader(DeadLetter.SEQ_HEADER);
        byte[] number = seq == null ? null : seq.value();
        RecordHeaders headers = new RecordHeaders();
        DeadLetter.headers(number, at.partition(), at.offset(), why).forEach(headers::add);
        context.forward(new Record<>(
            new To(record.key(), DeadLetter.partitionOf(number, plan.partitions)), record.value(),
            record.timestamp(), headers), step.deadLetters());
    }
}
