package io.streambench.spark;

import io.streambench.core.Job;
import io.streambench.core.Plan;
import io.streambench.core.Query.WindowKind;
import io.streambench.core.Settings;
import io.streambench.core.Status;
import io.streambench.core.Status.State;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/** A query that runs in the session of the virtual machine, from its plan to its end. */
final class QueryJob implements Job {
    private static final String STORE = "spark.sql.streaming.stateStore.providerClass";
    private static final String ROCKSDB =
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider";
    private static final String ROCKSDB_SETTINGS = "spark.sql.streaming.stateStore.rocksdb.";
    private static final String CHECKPOINTS = "spark.sql.streaming.checkpointLocation";

    private static final int LARGEST_B = 4 << 20;

    private final SparkSession parent;
    private final Milestones milestones;
    private SparkSession session;
    private Tally tally;
    private Plan plan;
    private Limits limits;
    private Path checkpoint;
    private volatile StreamingQuery query;
    private volatile Watch watch;
    private volatile State state = State.STARTING;
    private volatile String error = "";

    QueryJob(SparkSession parent, Milestones milestones) {
        this.parent = parent;
        this.milestones = milestones;
    }

    @Override
    public void start(Plan plan) throws Exception {
        this.plan = plan;
        milestones.clear();
        limits = Limits.of(plan);
        session = configured(plan);
        tally = new Tally(session.sparkContext(), plan.partitions);
        Dataset<Row> records = new Translation(session, plan, limits, tally).records();
        checkpoint = new Path(parent.conf().get(CHECKPOINTS, "file:/tmp/streambench-checkpoints"),
            plan.runId);
        DataStreamWriter<Row> writer = limits.triggered(records.writeStream().format("kafka")
            .option("kafka.bootstrap.servers", plan.bootstrap)
            .option("checkpointLocation", checkpoint.toString())
            // A producer outlives its query: it is not to ask for topics that are gone for ever.
            .option("kafka.metadata.max.idle.ms", "30000")
            // A dead letter is as large as what it was made of: what the topics take.
            .option("kafka.max.request.size", Integer.toString(LARGEST_B))
            .queryName(plan.runId)
            .outputMode(limits.realTime() ? OutputMode.Update() : OutputMode.Append()));
        for (Map.Entry<String, String> e : limits.producer().entrySet()) {
            writer = writer.option("kafka." + e.getKey(), e.getValue());
        }
        query = writer.start();
        state = State.RUNNING;
        watch = new Watch(query, tally, milestones, plan.partitions,
            Translation.timed(plan.query));
        Thread end = new Thread(this::follow, "query " + plan.runId);
        end.setDaemon(true);
        end.start();
    }

    /** A session whose settings are those of this query alone. */
    private SparkSession configured(Plan plan) {
        SparkSession own = ((org.apache.spark.sql.classic.SparkSession) parent).cloneSession();
        int slots = Math.max(1, plan.workers * plan.slots);
        // Sums of numbers are modulo 2^64, and what is not a number is an error of the plan.
        own.conf().set("spark.sql.ansi.enabled", "false");
        own.conf().set("spark.sql.session.timeZone", "UTC");
        own.conf().set("spark.sql.shuffle.partitions", Integer.toString(slots));
        if (Translation.needsRocksDB(plan.query)) {
            own.conf().set(STORE, ROCKSDB);
        }
        if (limits.realTime()) {
            own.conf().set("spark.sql.streaming.realTimeMode.minBatchDuration", "1000");
        }
        plan.settings.forEach((name, value) -> take(own, name, value));
        return own;
    }

    /** Takes a setting, or says why it is not in force. */
    private void take(SparkSession own, String name, String value) {
        if (name.startsWith("spark.sql.")) {
            // Those of the store RocksDB are known to the store alone.
            if (!name.startsWith(ROCKSDB_SETTINGS) && !own.conf().isModifiable(name)) {
                throw new IllegalArgumentException("setting " + name
                    + ": Spark has none of that name, or none that a query can have to itself");
            }
            own.conf().set(name, value);
        } else if (name.startsWith("spark.")) {
            String has = parent.sparkContext().getConf().get(name, "");
            if (!has.equals(value)) {
                throw new IllegalArgumentException("setting " + name + ": the session has had "
                    + has + " from its start");
            }
        }
    }

    /** Waits until the input has ended and all that follows from it is written, or the query fails. */
    private void follow() {
        try {
            while (!watch.ended()) {
                if (query.awaitTermination(50)) {
                    return; // stopped, or failed: then it has thrown
                }
            }
            query.processAllAvailable();
            state = State.ENDED;
        } catch (StreamingQueryException e) {
            fail(e);
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void fail(Throwable e) {
        error = why(e);
        state = State.FAILED;
    }

    /**
     * The causes of a failure, the first of them, which says most, at the front. Of each it is the
     * first line: what follows are plans and stacks, which are in the log.
     */
    private static String why(Throwable e) {
        StringBuilder said = new StringBuilder();
        for (Throwable t = e; t != null; t = t.getCause()) {
            String line = String.valueOf(t.getMessage()).lines().findFirst().orElse("");
            line = t.getClass().getSimpleName() + ": "
                + line.substring(0, Math.min(line.length(), LONGEST_LINE));
            said.insert(0, line + (said.length() == 0 ? "" : "; and so "));
        }
        return said.toString();
    }

    private static final int LONGEST_LINE = 400;

    @Override
    public Status status() {
        StreamingQuery q = query;
        if (q == null) {
            return Status.of(state);
        }
        Map<String, Long> counters = new TreeMap<>(Map.of("selected", tally.selected.value(),
            "allowed", tally.allowed.value(), "letters", tally.letters.value()));
        watch.count(counters);
        counters.put("late", tooLate(counters.get("dropped")));
        return new Status(state, error, watch.positions(), settings(), counters, milestones.all());
    }

    /**
     * The events that came too late. Spark's own aggregation counts folded rows and not events: of
     * windows that hold each event once it is what is in no result, once all have been given.
     */
    private long tooLate(long dropped) {
        boolean each = Aggregation.answers(plan.query) && plan.query.rank() == null
            && plan.query.window().kind() == WindowKind.TUMBLING;
        return each && dropped > 0 && state == State.ENDED
            ? Math.max(0, tally.selected.value() - tally.answered.value()) : tally.tooLate.value();
    }

    /** The settings in force: those of the context, those of the query's session laid over them. */
    private Map<String, String> settings() {
        Settings all = new Settings().virtualMachine();
        all.put("spark.version", parent.version());
        for (scala.Tuple2<String, String> e : parent.sparkContext().getConf().getAll()) {
            all.put(e._1(), e._2());
        }
        for (String name : READ) {
            all.put(name, session.conf().get(name));
        }
        all.put("spark.executors", executors());
        all.put("trigger", limits.trigger());
        all.put("maxOffsetsPerTrigger", limits.maxOffsets());
        all.putAll("consumer.", limits.consumer());
        all.putAll("producer.", limits.producer());
        plan.settings.keySet().stream().filter(name -> name.startsWith("spark.sql."))
            .forEach(name -> all.put(name, session.conf().get(name, null)));
        return all.all();
    }

    private int executors() {
        return parent.sparkContext().statusTracker().getExecutorInfos().length;
    }

    /** Settings of the session that are always told. */
    private static final java.util.List<String> READ = java.util.List.of(STORE,
        "spark.sql.shuffle.partitions", "spark.sql.ansi.enabled",
        "spark.sql.streaming.multipleWatermarkPolicy",
        "spark.sql.streaming.noDataMicroBatches.enabled",
        "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled");

    @Override
    public void stop() throws Exception {
        StreamingQuery q = query;
        if (watch != null) {
            watch.close();
        }
        if (q != null) {
            q.stop();
        }
        if (checkpoint != null) {
            checkpoint.getFileSystem(parent.sparkContext().hadoopConfiguration())
                .delete(checkpoint, true);
        }
    }
}
