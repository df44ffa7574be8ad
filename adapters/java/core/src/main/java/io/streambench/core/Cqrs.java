package io.streambench.core;

import java.nio.charset.StandardCharsets;

/** Keeps the balance of an account from its changes; a withdrawal above it is rejected. */
final class Cqrs implements Machine {
    private static final long serialVersionUID = 1;

    private static final int BALANCE = 0;
    private static final int REJECTED = 1;

    private final Plan plan;
    private final transient Column version;
    private final transient Column type;
    private final transient Column amount;
    private final transient long withdrawn;

    Cqrs(Plan plan) {
        this.plan = plan;
        int from = plan.query.from();
        version = plan.layout.column(from, "version");
        type = plan.layout.column(from, "type");
        amount = plan.layout.column(from, "amount");
        Schema.Variant v = plan.schema.variants().get(from);
        byte[] name = "withdrawn".getBytes(StandardCharsets.US_ASCII);
        withdrawn = v.fields().get(v.indexOf("type")).dict().find(name, 0, name.length);
    }

    @Override
    public int words() {
        return 2;
    }

    @Override
    public boolean sorted() {
        return true;
    }

    @Override
    public long step(long[] state, long key, byte[] row, Out out) {
        long x = amount.get(row);
        if (type.get(row) != withdrawn) {
            state[BALANCE] += x;
        } else if (x > state[BALANCE]) {
            state[REJECTED]++;
        } else {
            state[BALANCE] -= x;
        }
        out.result(new long[] {key, version.get(row), state[BALANCE], state[REJECTED]});
        return 0;
    }

    private Object readResolve() {
        return new Cqrs(plan);
    }
}
