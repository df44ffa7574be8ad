package io.streambench.flink;

import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** Says why the job cannot go on, however often it is started again. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
final class Refusal extends IOException {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
        super(message);
    }
}
