package io.streambench.kafkastreams;

import io.streambench.core.Plan;
import io.streambench.core.Query;
import io.streambench.core.Stream;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.internals.InternalTopicProperties;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The topology of a plan's query: one to three stages, with an internal topic between two.
 *
 * <pre>
 *   input -> query                          the key of the query is that of the records
 *   input -> select -> [keys] -> query      it is not
 *            query -> [leaders] -> final    what the tasks have found is put together
 * </pre>
 */
final class Wiring extends Topology {
    private static final String KEYS = "keys-repartition";
    private static final String FINAL = "final-repartition";

    final Plan plan;
    final Counters counters;
    final IntPredicate vacant;

    /** Makes an operator: the name of its store, the plan, and how many tasks feed one. */
    interface Maker {
        /** Makes one. */
        Operator apply(String name, Plan plan, int feeders);
    }

    /**
     * A stage: what it reads, the operator it drives and where that writes.
     *
     * @param operator null where rows are only sent on
     * @param next null of the last stage
     */
    record Step(String name, boolean fromInput, String topic, Maker operator, Step next) {
        /** The store of Streams' own beside that of the operator. */
        String rows() {
            return name + "-rows";
        }

        String passes() {
            return name + "-passes";
        }

        String answers() {
            return name + "-answers";
        }

        String late() {
            return name + "-late";
        }

        String deadLetters() {
            return name + "-dlq";
        }
    }

    /**
     * Makes the topology.
     *
     * @param vacant says which partitions of the input hold nothing and are not waited for
     */
    Wiring(Plan plan, Counters counters, IntPredicate vacant) {
        this.plan = plan;
        this.counters = counters;
        this.vacant = vacant;
        for (Step s = first(plan); s != null; s = s.next()) {
            add(s);
        }
    }

    /** The stages of a plan. */
    static Step first(Plan plan) {
        Query q = plan.query;
        Step last = null;
        if (q.rank() != null) {
            last = new Step("final", false, FINAL, RankOperators.Final::new, null);
        } else if (q.regroups()) {
            last = new Step("final", false, FINAL, BestJoin.Groups::new, null);
        }
        if (keyed(plan)) {
            return new Step("query", true, plan.topics.input(), operator(plan), last);
        }
        Step query = new Step("query", false, KEYS, operator(plan), last);
        return new Step("select", true, plan.topics.input(), null, query);
    }

    /** Whether a task has all it needs for its answers in its partition of the input. */
    static boolean keyed(Plan plan) {
        Query q = plan.query;
        if (q.perEvent() || q.rank() != null && q.aggregates().isEmpty()) {
            return true;
        }
        if (q.join() != null) {
            return q.join().keys().get(0).equals(plan.recordKey(q.from()))
                && q.join().withKeys().get(0).equals(plan.recordKey(q.join().with()));
        }
        return q.key().equals(plan.recordKey(q.from()));
    }

    private static Maker operator(Plan plan) {
        Query q = plan.query;
        if (q.perEvent()) {
            return Each::new;
        }
        if (q.process() != null) {
            return MachineOperator::new;
        }
        if (q.latest() != null) {
            return Latest::new;
        }
        if (q.join() != null) {
            return switch (q.join().kind()) {
                case TABLE -> TableJoin::new;
                case WINDOW -> WindowJoin::new;
                case BEST -> BestJoin::new;
            };
        }
        if (q.rank() != null && q.aggregates().isEmpty()) {
            return RankOperators.OfEvents::new;
        }
        if (q.window().processing()) {
            return ProcessingOperator::new;
        }
        return switch (q.window().kind()) {
            case SESSION -> SessionOperator::new;
            case SLIDING -> SlidingOperator::new;
            default -> (name, of, feeders) -> {
                WindowOperator.Lines lines =
                    q.rank() != null ? RankOperators.leaders(of) : WindowOperator.answers(of);
                return Terms.onHeap(of) ? new HeapWindows(name, of, feeders, lines)
                    : new StoredWindows(name, of, feeders, lines);
            };
        };
    }

    /** Whether a stage keeps its entries in a store of Streams' own: that of the windows may. */
    boolean stored(Step s) {
        return !Terms.onHeap(plan) && s.name().equals("query");
    }

    private void add(Step s) {
        if (!s.fromInput()) {
            internalTopologyBuilder.addInternalTopic(s.topic(),
                new InternalTopicProperties(plan.partitions));
        }
        addSource(s.name() + "-in", new ByteArrayDeserializer(), new ByteArrayDeserializer(),
            s.topic());
        addProcessor(s.name(), new Supplier(s), s.name() + "-in");
        if (s.next() != null) {
            sink(s.passes(), s.next().topic(), s);
        }
        if (s.operator() != null) {
            sink(s.answers(), plan.topics.of(Stream.ANSWERS), s);
            if (plan.query.late() != null) {
                sink(s.late(), plan.topics.of(Stream.LATE), s);
            }
        }
        if (s.fromInput() && plan.query.deadLetters()) {
            sink(s.deadLetters(), plan.topics.of(Stream.DEAD_LETTERS), s);
        }
    }

    private void sink(String name, String topic, Step of) {
        addSink(name, topic, To.SERIALIZER, new ByteArraySerializer(),
            To.partitioner(plan.partitions), of.name());
    }

    /** Makes the processors of a stage and says which store they have. */
    private final class Supplier implements ProcessorSupplier<byte[], byte[], To, byte[]> {
        private final Step step;

        Supplier(Step step) {
            this.step = step;
        }

        @Override
        public Processor<byte[], byte[], To, byte[]> get() {
            return new Stage(step, Wiring.this);
        }

        @Override
        public Set<StoreBuilder<?>> stores() {
            if (step.operator() == null) {
                return Set.of();
            }
            if (!stored(step)) {
                return Set.of(new Store(step));
            }
            return Set.of(new Store(step), Stores.keyValueStoreBuilder(
                Terms.store(plan, step.rows()), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingEnabled());
        }
    }

    /** Makes the store of a stage, one a task. */
    private final class Store implements StoreBuilder<Operator> {
        private final Step step;

        Store(Step step) {
            this.step = step;
        }

        @Override
        public Operator build() {
            int feeders = step.fromInput() ? 1 : plan.partitions;
            return step.operator().apply(step.name(), plan, feeders);
        }

        @Override
        public String name() {
            return step.name();
        }

        @Override
        public boolean loggingEnabled() {
            return !step.name().isEmpty() && !plan.query.perEvent();
        }

        @Override
        public Map<String, String> logConfig() {
            return Collections.emptyMap();
        }

        @Override
        public StoreBuilder<Operator> withCachingEnabled() {
            return this;
        }

        @Override
        public StoreBuilder<Operator> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<Operator> withLoggingEnabled(Map<String, String> config) {
            return this;
        }

        @Override
        public StoreBuilder<Operator> withLoggingDisabled() {
            return this;
        }
    }
}
