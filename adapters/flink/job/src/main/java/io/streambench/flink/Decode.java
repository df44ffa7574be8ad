package io.streambench.flink;

import io.streambench.core.BadEvent;
import io.streambench.core.Events;
import io.streambench.core.Plan;
import java.io.IOException;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads events in their wire form into flat rows. One that nobody can read becomes a {@link Grave}
 * where the query has dead letters, and else is the end of the job. Nothing comes behind the end event
 * of a partition.
 */
final class Decode implements KafkaRecordDeserializationSchema<byte[]> {
    private static final long serialVersionUID = 1;

    private final Events events;
    private final boolean buries;

    Decode(Plan plan) {
        events = new Events(plan);
        buries = plan.query.deadLetters();
    }

    @Override
    public void open(DeserializationSchema.InitializationContext context) {}

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<byte[]> out)
        throws IOException {
        byte[] row;
        try {
            row = events.decode(record.value());
        } catch (BadEvent e) {
            if (!buries) {
                throw new Refusal("read event at partition " + record.partition() + " offset "
                    + record.offset() + ": " + e.getMessage());
            }
            row = Grave.of(record, e);
        }
        out.collect(row);
    }

    @Override
    public TypeInformation<byte[]> getProducedType() {
        return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    }
}
