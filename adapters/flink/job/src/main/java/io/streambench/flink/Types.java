package io.streambench.flink;

import org.apache.flink.api.common.typeinfo.BasicTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** The types of everything that is in streams and states. Each has a serialiser of Flink's own. */
final class Types {
    /** Rows, and what is like them. */
    static final TypeInformation<byte[]> BYTES =
        PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    /** Accumulators, and the columns of results. */
    static final TypeInformation<long[]> WORDS =
        PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO;
    /** Keys and times. */
    static final TypeInformation<Long> LONG = BasicTypeInfo.LONG_TYPE_INFO;

    private Types() {}
}
