package io.streambench.kafkastreams;

import io.streambench.core.Control;
import java.util.concurrent.CountDownLatch;

/**
 * A worker: a virtual machine that runs one job after the other, each a Kafka Streams application of
 * its own, as the tool asks it to.
 */
public final class Worker {
    /** The port of the control server, unless the first argument is another. */
    private static final int PORT = 8080;

    private Worker() {}

    /** Serves until the process is ended. */
    public static void main(String[] args) throws Exception {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : PORT;
        Control control = new Control(port, StreamsJob::new);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                control.close();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        control.start();
        System.out.println("worker listens at port " + control.port());
        new CountDownLatch(1).await();
    }
}
