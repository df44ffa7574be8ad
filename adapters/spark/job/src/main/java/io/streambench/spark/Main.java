package io.streambench.spark;

import io.streambench.core.Control;
import org.apache.spark.sql.SparkSession;

/**
 * The driver: one session that stays warm, and a control server that hands it one query after the
 * other. What the session is made of comes as system properties, spark.*, as spark-submit would pass
 * them.
 */
public final class Main {
    private static final int PORT = 8090;

    private Main() {}

    /** Runs until the process is ended; the port may be given. */
    public static void main(String[] args) throws Exception {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : PORT;
        SparkSession session = SparkSession.builder().appName("streambench")
            .config("spark.sql.catalog." + Functions.CATALOG, Functions.class.getName())
            .getOrCreate();
        session.sparkContext().setLogLevel("WARN");
        Milestones milestones = new Milestones();
        session.sparkContext().addSparkListener(milestones);
        Control control = new Control(port, () -> new QueryJob(session, milestones));
        control.start();
        System.out.println("streambench: spark " + session.version() + " with "
            + session.sparkContext().master() + " takes jobs at port " + control.port());
        Thread.currentThread().join();
    }
}
