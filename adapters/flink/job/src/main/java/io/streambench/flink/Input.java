package io.streambench.flink;

import io.streambench.core.Plan;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The input topic: Flink's own source, whose reader is told of what a watermark needs to know beside
 * the events ({@link InputReader}).
 */
final class Input implements Source<byte[], KafkaPartitionSplit, KafkaSourceEnumState>,
    ResultTypeQueryable<byte[]> {
    private static final long serialVersionUID = 1;

    private final Plan plan;
    private final KafkaSource<byte[]> kafka;

    Input(Plan plan, Map<String, String> consumer) {
        this.plan = plan;
        KafkaSourceBuilder<byte[]> b = KafkaSource.<byte[]>builder()
            .setBootstrapServers(plan.bootstrap)
            .setTopics(plan.topics.input())
            .setGroupId(group(plan))
            .setClientIdPrefix(group(plan))
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setDeserializer(new Decode(plan));
        consumer.forEach(b::setProperty);
        kafka = b.build();
    }

    /** The consumer group under which it tells how far the input was read. */
    static String group(Plan plan) {
        return plan.runId + ".flink";
    }

    @Override
    public SourceReader<byte[], KafkaPartitionSplit> createReader(SourceReaderContext context)
        throws Exception {
        Properties client = new Properties();
        client.put("bootstrap.servers", plan.bootstrap);
        client.put("client.id", group(plan) + "-ends-" + context.getIndexOfSubtask());
        return new InputReader(kafka.createReader(context),
            new EmptyPartitions(client, plan.topics.input(), plan.partitions));
    }

    @Override
    public Boundedness getBoundedness() {
        return kafka.getBoundedness();
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
        SplitEnumeratorContext<KafkaPartitionSplit> context) {
        return kafka.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
        SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state)
        throws Exception {
        return kafka.restoreEnumerator(context, state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return kafka.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
        return kafka.getEnumeratorCheckpointSerializer();
    }

    @Override
    public TypeInformation<byte[]> getProducedType() {
        return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    }
}
