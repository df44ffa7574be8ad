package io.streambench.kafkastreams;

import io.streambench.core.Control;
import io.streambench.core.Plan;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;

/**
 * A worker: a virtual machine that runs one job after the other, each a Kafka Streams application
 * of its own, as the tool asks it to.
 */
public final class Worker {
    /** The port of the control server, unless the first argument is another. */
    private static final int PORT = 8080;

    private Worker() {}

    /** Serves until the process is ended; with argument {@code train} only loads its classes. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("train")) {
            train();
            return;
        }
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

    /** Goes through a start without brokers, for an archive of the classes a start needs. */
    private static void train() throws Exception {
        Plan plan;
        try (InputStream in = Worker.class.getResourceAsStream("/train.json")) {
            plan = Plan.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
        try (Control control = new Control(0, StreamsJob::new)) {
            control.start();
            Terms terms = new Terms(plan);
            terms.inForce();
            KafkaStreams s = new KafkaStreams(
                new Wiring(plan, new Counters(), p -> false), terms.config());
            s.start();
            Thread.sleep(Duration.ofSeconds(2).toMillis());
            s.close(Duration.ofSeconds(5));
        }
    }
}
