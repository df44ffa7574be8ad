package io.streambench.flink;

import io.streambench.core.Answers;
import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Stream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The generic job: translates the query of a plan into a DataStream program.
 *
 * <pre>
 *   input topic --Decode--> rows --Sift--> operators of the query --columns--> topics of the outputs
 * </pre>
 */
public final class StreamJob {
    private StreamJob() {}

    /** Runs the plan that is the only argument. */
    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            throw new IllegalArgumentException("write the plan, as JSON, as the only argument");
        }
        Plan plan = Plan.parse(args[0]);
        Known.check(plan);
        Clients clients = Clients.of(plan);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(plan.workers * plan.slots);
        SingleOutputStreamOperator<byte[]> rows = env
            .fromSource(new Input(plan, clients.consumer()),
                Watermarks.strategy(plan.query.boundMs()), "input", Types.BYTES)
            .uid("input")
            .setParallelism(Math.min(env.getParallelism(), plan.partitions))
            .process(new Sift(plan), Types.BYTES).name("sift").uid("sift")
            .setParallelism(Math.min(env.getParallelism(), plan.partitions));
        Sinks sinks = new Sinks(plan, clients.producer());
        if (plan.query.deadLetters()) {
            sinks.bury(rows.getSideOutput(Sift.DEAD));
        }
        sinks.write(translate(rows, plan, sinks), Stream.ANSWERS);
        env.execute(plan.runId);
    }

    private static DataStream<long[]> translate(DataStream<byte[]> rows, Plan plan, Sinks sinks) {
        Query q = plan.query;
        if (q.perEvent()) {
            Answers answers = new Answers(plan);
            return rows.map(answers::event, Types.WORDS).name("project").uid("project");
        }
        if (q.process() != null) {
            return Host.of(rows, plan);
        }
        if (q.join() != null) {
            return Joined.of(rows, plan);
        }
        if (q.latest() != null) {
            return Keyed.byAll(rows, plan).process(new Newest(plan), Types.WORDS)
                .name("newest").uid("newest");
        }
        if (q.rank() != null) {
            return Ranked.of(rows, plan);
        }
        if (q.window().kind() == Query.WindowKind.SLIDING) {
            return Keyed.byKey(rows, plan).process(new Slides(plan), Types.WORDS)
                .name("slides").uid("slides");
        }
        if (q.retracts()) {
            return Keyed.byKey(rows, plan).process(new Retracting(plan), Types.WORDS)
                .name("sessions").uid("sessions");
        }
        SingleOutputStreamOperator<long[]> results = Windowed.of(Keyed.byKey(rows, plan), plan)
            .aggregate(new Windowed.Aggregate(plan), new Windowed.Answer(plan), Types.WORDS,
                Types.WORDS, Types.WORDS)
            .name("windows").uid("windows");
        if (q.late() != null) {
            Answers answers = new Answers(plan);
            sinks.write(results.getSideOutput(Windowed.LATE).map(answers::late, Types.WORDS)
                .name("late-rows").uid("late-rows"), Stream.LATE);
        }
        return results;
    }
}
