package io.streambench.flink;

import io.streambench.core.Plan;
import io.streambench.core.Results;
import io.streambench.core.Stream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The sinks of a query's outputs, each a topic. */
final class Sinks {
    private final Plan plan;
    private final Map<String, String> producer;

    Sinks(Plan plan, Map<String, String> producer) {
        this.plan = plan;
        this.producer = producer;
    }

    /** Writes results of an output. All that is said of one result goes to one partition, in order. */
    void write(DataStream<long[]> rows, Stream stream) {
        to(rows, stream, new Line(plan, stream));
    }

    /** Writes dead letters. */
    void bury(DataStream<byte[]> graves) {
        to(graves, Stream.DEAD_LETTERS, new Letter(plan));
    }

    private <T> void to(DataStream<T> rows, Stream stream, Records<T> records) {
        String name = stream.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        KafkaSinkBuilder<T> b = KafkaSink.<T>builder()
            .setBootstrapServers(plan.bootstrap)
            .setRecordSerializer(records);
        producer.forEach(b::setProperty);
        if (plan.exactlyOnce()) {
            b.setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(plan.runId + ".flink." + name)
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING);
        } else {
            b.setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE);
        }
        rows.sinkTo(b.build()).name(name).uid("sink-" + name);
    }

    /** Makes records for one topic, and says for which. */
    private abstract static class Records<T>
        implements KafkaRecordSerializationSchema<T>, KafkaDatasetFacetProvider {
        private static final long serialVersionUID = 1;

        final String topic;
        final int partitions;

        Records(Plan plan, Stream stream) {
            topic = plan.topics.of(stream);
            partitions = plan.partitions;
        }

        @Override
        public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
            return Optional.of(new DefaultKafkaDatasetFacet(
                DefaultKafkaDatasetIdentifier.ofTopics(List.of(topic)), new Properties()));
        }
    }

    private static final class Line extends Records<long[]> {
        private static final long serialVersionUID = 1;

        private final Results results;

        Line(Plan plan, Stream stream) {
            super(plan, stream);
            results = new Results(plan, stream);
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(
            long[] row, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(topic, results.partition(row), null, results.encode(row));
        }
    }

    private static final class Letter extends Records<byte[]> {
        private static final long serialVersionUID = 1;

        Letter(Plan plan) {
            super(plan, Stream.DEAD_LETTERS);
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(
            byte[] grave, KafkaSinkContext context, Long timestamp) {
            return Grave.record(grave, topic, partitions);
        }
    }
}
