package io.streambench.core;

/** The form "json". */
final class JsonEvents implements Events.Decoder {
    JsonEvents(Plan plan) {}

    @Override
    public byte[] decode(byte[] src) throws BadEvent {
        throw new UnsupportedOperationException("events in the form json");
    }
}
