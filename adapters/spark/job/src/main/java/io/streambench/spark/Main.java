package io.streambench.spark;

import io.streambench.core.Control;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * The driver: one session that stays warm, and a control server that hands it one query after the
 * other. What the session is made of comes as system properties, spark.*, as spark-submit would pass
 * them.
 */
public final class Main {
    private static final int PORT = 8090;

    private Main() {}

    /**
     * Runs until the process is ended; the port may be given. With the argument {@code train} it ends
     * once it has loaded what every start loads, for an archive of classes.
     */
    public static void main(String[] args) throws Exception {
        boolean train = args.length > 0 && args[0].equals("train");
        int port = args.length > 0 && !train ? Integer.parseInt(args[0]) : PORT;
        SparkSession session = SparkSession.builder().appName("streambench")
            .config("spark.sql.catalog." + Functions.CATALOG, Functions.class.getName())
            .getOrCreate();
        session.sparkContext().setLogLevel("WARN");
        if (train) {
            session.range(100).groupBy(functions.col("id").mod(7)).count().collectAsList();
            session.stop();
            return;
        }
        Milestones milestones = new Milestones();
        session.sparkContext().addSparkListener(milestones);
        Control control = new Control(port, () -> new QueryJob(session, milestones));
        control.start();
        System.out.println("streambench: spark " + session.version() + " with "
            + session.sparkContext().master() + " takes jobs at port " + control.port());
        Thread.currentThread().join();
    }
}
