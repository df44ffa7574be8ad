package io.streambench.core;

/** Where keys lie: the same partition for the same key in every process of every system. */
public final class Partitions {
    private Partitions() {}

    /** The partition of an integer key among so many. */
    public static int of(long key, int partitions) {
        return (int) below(mix64(key), partitions);
    }

    /** The partition of a key that is a string, by its bytes. */
    public static int of(byte[] key, int partitions) {
        return of(fnv1a64(key, 0, key.length), partitions);
    }

    /** The finaliser of SplitMix64, a bijection of 64-bit integers. */
    public static long mix64(long z) {
        z ^= z >>> 30;
        z *= 0xbf58476d1ce4e5b9L;
        z ^= z >>> 27;
        z *= 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    /** Maps 64 bits, taken as unsigned, to [0, m): the upper half of the product. */
    static long below(long x, long m) {
        long high = Math.multiplyHigh(x, m);
        return x < 0 ? high + m : high; // m is not negative
    }

    /** Hashes bytes by FNV-1a. */
    public static long fnv1a64(byte[] s, int from, int to) {
        long h = 0xcbf29ce484222325L;
        for (int i = from; i < to; i++) {
            h = (h ^ s[i] & 0xff) * 1099511628211L;
        }
        return h;
    }
}
