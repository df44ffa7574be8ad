package io.streambench.spark;

import io.streambench.core.Bytes;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The catalog of functions that look into flat arrays. Generated code calls a static method {@code
 * invoke} straight, without boxes and converters, which it does not do of user-defined functions.
 */
public final class Functions implements FunctionCatalog {
    /** The name of the catalog in expressions. */
    static final String CATALOG = "sb";

    @Override
    public void initialize(String name, CaseInsensitiveStringMap options) {}

    @Override
    public String name() {
        return CATALOG;
    }

    @Override
    public Identifier[] listFunctions(String[] namespace) {
        return new Identifier[0];
    }

    @Override
    public UnboundFunction loadFunction(Identifier id) throws NoSuchFunctionException {
        return switch (id.name()) {
            case "word" -> new Word();
            case "number" -> new Number();
            case "bits" -> new Bits();
            case "time" -> new Time();
            case "ending" -> new Ending();
            case "kept" -> new Kept();
            case "pack" -> new Pack();
            case "headed" -> new Headed();
            case "tail" -> new Tail();
            case "part" -> new Part();
            case "output" -> new Output();
            case "body" -> new Body();
            case "key" -> new Key();
            case "headers" -> new Headers();
            default -> throw new NoSuchFunctionException(id);
        };
    }

    /** A call of a function of this catalog. */
    static Column call(String name, Column... args) {
        return functions.call_function(CATALOG + ".f." + name, args);
    }

    private static final DataType BYTES = DataTypes.BinaryType;
    private static final DataType INT = DataTypes.IntegerType;
    private static final DataType LONG = DataTypes.LongType;
    private static final DataType FLOAT = DataTypes.DoubleType;
    private static final DataType TIME = DataTypes.TimestampType;

    /** A function of fixed types that is never null. */
    private abstract static class Plain<R> implements UnboundFunction, ScalarFunction<R> {
        private static final long serialVersionUID = 1;

        private final String name;
        private final DataType result;
        private final DataType[] inputs;

        Plain(String name, DataType result, DataType... inputs) {
            this.name = name;
            this.result = result;
            this.inputs = inputs;
        }

        @Override
        public BoundFunction bind(StructType types) {
            return this;
        }

        @Override
        public String description() {
            return name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String canonicalName() {
            return "io.streambench." + name;
        }

        @Override
        public DataType[] inputTypes() {
            return inputs;
        }

        @Override
        public DataType resultType() {
            return result;
        }

        @Override
        public boolean isResultNullable() {
            return false;
        }
    }

    /** The word of an array at an index. */
    public static final class Word extends Plain<Long> {
        private static final long serialVersionUID = 1;

        Word() {
            super("word", LONG, BYTES, INT);
        }

        /** Called by generated code. */
        public static long invoke(byte[] words, int i) {
            return Bytes.getLong(words, 8 * i);
        }
    }

    /** The word of an array at an index, which is the bits of a float. */
    public static final class Number extends Plain<Double> {
        private static final long serialVersionUID = 1;

        Number() {
            super("number", FLOAT, BYTES, INT);
        }

        /** Called by generated code. */
        public static double invoke(byte[] words, int i) {
            return Double.longBitsToDouble(Bytes.getLong(words, 8 * i));
        }
    }

    /** The bits of a float. */
    public static final class Bits extends Plain<Long> {
        private static final long serialVersionUID = 1;

        Bits() {
            super("bits", LONG, FLOAT);
        }

        /** Called by generated code. */
        public static long invoke(double x) {
            return Double.doubleToRawLongBits(x);
        }
    }

    /** The word of an array at an index, milliseconds, as a timestamp. */
    public static final class Time extends Plain<Long> {
        private static final long serialVersionUID = 1;

        Time() {
            super("time", TIME, BYTES, INT);
        }

        /** Called by generated code. */
        public static long invoke(byte[] words, int i) {
            return 1000 * Bytes.getLong(words, 8 * i);
        }
    }

    /** The end of the tumbling window, of so many milliseconds, that a timestamp lies in. */
    public static final class Ending extends Plain<Long> {
        private static final long serialVersionUID = 1;

        Ending() {
            super("ending", TIME, TIME, LONG);
        }

        /** Called by generated code. */
        public static long invoke(long micros, long sizeMs) {
            long size = 1000 * sizeMs;
            return micros - Math.floorMod(micros, size) + size;
        }
    }

    /**
     * Whether a flag is set. It takes the event time for the optimizer alone: a filter that does not
     * read it would be moved below the watermark, which then did not see what is filtered out.
     */
    public static final class Kept extends Plain<Boolean> {
        private static final long serialVersionUID = 1;

        Kept() {
            super("kept", DataTypes.BooleanType, LONG, TIME);
        }

        /** Called by generated code. */
        public static boolean invoke(long flag, long micros) {
            return flag != 0;
        }
    }

    /** Integers as an array of words, as many as there are. */
    public static final class Pack extends Plain<byte[]> {
        private static final long serialVersionUID = 1;

        private final int n;

        Pack() {
            this(0);
        }

        private Pack(int n) {
            super("pack", BYTES, longs(n));
            this.n = n;
        }

        private static DataType[] longs(int n) {
            DataType[] all = new DataType[n];
            java.util.Arrays.fill(all, LONG);
            return all;
        }

        @Override
        public BoundFunction bind(StructType types) {
            return new Pack(types.fields().length);
        }

        @Override
        public byte[] produceResult(InternalRow in) {
            byte[] words = new byte[8 * n];
            for (int i = 0; i < n; i++) {
                Bytes.putLong(words, 8 * i, in.getLong(i));
            }
            return words;
        }
    }

    /** A timestamp, as milliseconds, and an array behind it. */
    public static final class Headed extends Plain<byte[]> {
        private static final long serialVersionUID = 1;

        Headed() {
            super("headed", BYTES, TIME, BYTES);
        }

        /** Called by generated code. */
        public static byte[] invoke(long micros, byte[] rest) {
            byte[] all = new byte[8 + rest.length];
            Bytes.putLong(all, 0, Math.floorDiv(micros, 1000L));
            System.arraycopy(rest, 0, all, 8, rest.length);
            return all;
        }
    }

    /** What lies in an array from a place on. */
    public static final class Tail extends Plain<byte[]> {
        private static final long serialVersionUID = 1;

        Tail() {
            super("tail", BYTES, BYTES, INT);
        }

        /** Called by generated code. */
        public static byte[] invoke(byte[] all, int from) {
            return java.util.Arrays.copyOfRange(all, from, all.length);
        }
    }

    /** Where a parcel goes. */
    public static final class Part extends Plain<Integer> {
        private static final long serialVersionUID = 1;

        Part() {
            super("part", INT, BYTES);
        }

        /** Called by generated code. */
        public static int invoke(byte[] parcel) {
            return Parcel.partition(parcel);
        }
    }

    /** Of which output a parcel is. */
    public static final class Output extends Plain<Integer> {
        private static final long serialVersionUID = 1;

        Output() {
            super("output", INT, BYTES);
        }

        /** Called by generated code. */
        public static int invoke(byte[] parcel) {
            return Parcel.stream(parcel);
        }
    }

    /** The value of a parcel. */
    public static final class Body extends Plain<byte[]> {
        private static final long serialVersionUID = 1;

        Body() {
            super("body", BYTES, BYTES);
        }

        /** Called by generated code. */
        public static byte[] invoke(byte[] parcel) {
            return Parcel.value(parcel);
        }
    }

    /** The key of a parcel, which may be null. */
    public static final class Key extends Plain<byte[]> {
        private static final long serialVersionUID = 1;

        Key() {
            super("key", BYTES, BYTES);
        }

        @Override
        public boolean isResultNullable() {
            return true;
        }

        @Override
        public byte[] produceResult(InternalRow in) {
            return Parcel.key(in.getBinary(0));
        }
    }

    /** The headers of a parcel as the sink wants them. */
    public static final class Headers extends Plain<GenericArrayData> {
        private static final long serialVersionUID = 1;

        private static final DataType TYPE = DataTypes.createArrayType(
            new StructType(new StructField[] {
                new StructField("key", DataTypes.StringType, true, Metadata.empty()),
                new StructField("value", BYTES, true, Metadata.empty())}), true);

        Headers() {
            super("headers", TYPE, BYTES);
        }

        @Override
        public GenericArrayData produceResult(InternalRow in) {
            byte[][] parts = Parcel.headers(in.getBinary(0));
            Object[] rows = new Object[parts.length / 2];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = new GenericInternalRow(
                    new Object[] {UTF8String.fromBytes(parts[2 * i]), parts[2 * i + 1]});
            }
            return new GenericArrayData(rows);
        }
    }
}
